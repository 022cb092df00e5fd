import type { Clock, Timer } from '../../src/base/clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a process finds first when it wakes after a stop: its timers, or what has come over the network meanwhile. Both happen. */
export type Waking = 'timers first' | 'arrivals first';

/** What may be different about the clock of a machine. */
export interface HostClockOptions {
  /** How many of its milliseconds pass in one true millisecond; 1 when absent. */
  readonly rate?: number;
}

interface Due {
  readonly kind: 'timer' | 'arrival';
  readonly act: () => void;
}

/**
 * Time as one process has it: its monotonic scale begins with it, its wall clock may be wrong, and it can be stopped
 * (SIGSTOP: time goes on, nothing is done until it wakes) and ended (SIGKILL: nothing is ever done again, at whatever
 * await it was).
 */
export class HostClock implements Clock {
  readonly #world: VirtualClock;
  readonly #bornMs: number;
  readonly #rate: number;
  #wallSkewMs = 0;
  #state: 'running' | 'stopped' | 'ended' = 'running';
  #held: Due[] = [];

  constructor(world: VirtualClock, { rate = 1 }: HostClockOptions = {}) {
    this.#world = world;
    this.#bornMs = world.nowMs();
    this.#rate = rate;
  }

  /** Whether the process is there, running or stopped: its connections stay open until it ends. */
  get isAlive(): boolean {
    return this.#state !== 'ended';
  }

  nowMs(): number {
    return (this.#world.nowMs() - this.#bornMs) * this.#rate;
  }

  wallTime(): Date {
    return new Date(this.#world.wallTime().getTime() + this.#wallSkewMs);
  }

  /** Moves the wall clock of this machine and nothing else. */
  jumpWallClock(byMs: number): void {
    this.#wallSkewMs += byMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const state = { isCancelled: false };
    const act = (): void => {
      if (!state.isCancelled) {
        callback();
      }
    };
    const timer = this.#world.after(delayMs / this.#rate, () => {
      this.#do({ kind: 'timer', act });
    });
    return {
      cancel: () => {
        state.isCancelled = true;
        timer.cancel();
      },
    };
  }

  /** Something from outside reaches the process after so many true milliseconds. */
  arrive(delayMs: number, callback: () => void): void {
    this.#world.after(delayMs, () => {
      this.#do({ kind: 'arrival', act: callback });
    });
  }

  /** Stops the process where it is. */
  stop(): void {
    if (this.#state === 'running') {
      this.#state = 'stopped';
    }
  }

  /** Lets a stopped process go on: everything that fell due meanwhile happens now, in the order that it finds it in. */
  wake(waking: Waking): void {
    if (this.#state !== 'stopped') {
      return;
    }
    this.#state = 'running';
    const first = waking === 'timers first' ? 'timer' : 'arrival';
    const held = this.#held;
    this.#held = [];
    for (const due of [...held.filter(({ kind }) => kind === first), ...held.filter(({ kind }) => kind !== first)]) {
      this.#world.after(0, () => {
        this.#do(due);
      });
    }
  }

  /** Ends the process. */
  end(): void {
    this.#state = 'ended';
    this.#held = [];
  }

  #do(due: Due): void {
    if (this.#state === 'running') {
      due.act();
    } else if (this.#state === 'stopped') {
      this.#held.push(due);
    }
  }
}
