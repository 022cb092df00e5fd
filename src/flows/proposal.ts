import type { CoveringBlock } from './address.ts';
import type { Protocol, WorkloadName } from './flow.ts';
import type { Direction } from './set-aside.ts';
import type { SubjectSelector } from './subject.ts';

/** How often and when something was seen; times are milliseconds since the Unix epoch. */
export interface Evidence {
  readonly count: number;
  readonly firstSeenMs: number | undefined;
  readonly lastSeenMs: number | undefined;
  /** The formats that it was read from. */
  readonly sources: readonly string[];
}

/** A port of a pod. */
export interface ProposedPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** The other end of a rule: pods of a workload, or one address (with its `/32` or `/128`) or block. */
export type ProposedPeer =
  | {
      readonly kind: 'workload';
      readonly workload: WorkloadName;
      readonly selector: SubjectSelector;
    }
  | { readonly kind: 'block'; readonly cidr: string; readonly isApiServer: boolean };

/** Peers that use the very same ports, with what was seen of all of them. */
export interface ProposedRule {
  readonly direction: Direction;
  readonly peers: readonly ProposedPeer[];
  readonly ports: readonly ProposedPort[];
  readonly evidence: Evidence;
}

/** All that is proposed for one workload. */
export interface WorkloadProposal {
  readonly workload: WorkloadName;
  readonly selector: SubjectSelector;
  readonly rules: readonly ProposedRule[];
  /** Directions without any traffic in the flows: a policy closes them, and whoever applies it has to know. */
  readonly notObserved: readonly Direction[];
}

/**
 * Many addresses outside the cluster on one port: rather a decision of a person than a list. `blocks` cover all of the
 * `addresses`; the internet without private ranges is the other answer.
 */
export interface AddressQuestion {
  readonly workload: WorkloadName;
  readonly selector: SubjectSelector;
  readonly direction: Direction;
  readonly port: ProposedPort;
  readonly addresses: number;
  readonly examples: readonly string[];
  readonly blocks: readonly CoveringBlock[];
  readonly evidence: Evidence;
}
