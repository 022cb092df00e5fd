import type { Summary } from './figure.ts';
import type { Machine } from './machine.ts';

/** What `make bench` leaves: what the page and the picture are made from. */
export interface BenchResult {
  /** The day, in UTC. */
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly runs: number;
  /** How much smaller than what the bars are for; 1 is the real thing. */
  readonly scale: number;
  readonly figures: readonly Summary[];
}
