import type { Clock } from '../../base/clock.ts';
import { wholeSecondTime } from '../../base/whole-second-time.ts';
import type { BaselinePolicyFacts, OptOutWait } from '../../domain/world.ts';

/** The beginning of one policy's opt-out of one namespace. */
interface OptOut {
  readonly uid: string;
  /** On the monotonic clock. */
  readonly sinceMs: number;
  /** On the wall clock, for people. */
  readonly since: Date;
}

/**
 * Remembers since when policies have been opting out of namespaces, so that an opt-out waits for the policy's grace before
 * anything is removed (R4, opting out). It is lost with the process: after a restart the wait begins again, which only
 * keeps protection for longer.
 */
export class OptOutTracker {
  readonly #clock: Clock;
  readonly #optOuts = new Map<string, ReadonlyMap<string, OptOut>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Notes the policies that are opting out of a namespace now, and forgets all others there. Returns the waits that have
   * not ended yet, by policy.
   */
  note(
    namespace: string,
    policies: readonly Pick<BaselinePolicyFacts, 'name' | 'uid' | 'graceMs'>[],
  ): ReadonlyMap<string, OptOutWait> {
    if (policies.length === 0) {
      this.forget(namespace);
      return NO_WAITS;
    }
    const before = this.#optOuts.get(namespace);
    const now = new Map<string, OptOut>();
    const waits = new Map<string, OptOutWait>();
    for (const { name, uid, graceMs } of policies) {
      const known = before?.get(name);
      const optOut = known?.uid === uid ? known : this.#begun(uid);
      now.set(name, optOut);
      const waitMs = optOut.sinceMs + graceMs - this.#clock.nowMs();
      if (waitMs > 0) {
        waits.set(name, { waitMs, untilTime: nextWholeSecond(new Date(optOut.since.getTime() + graceMs)) });
      }
    }
    this.#optOuts.set(namespace, now);
    return waits;
  }

  /** Forgets a namespace that is gone, or that nothing opts out of. */
  forget(namespace: string): void {
    this.#optOuts.delete(namespace);
  }

  #begun(uid: string): OptOut {
    return { uid, sinceMs: this.#clock.nowMs(), since: this.#clock.wallTime() };
  }
}

const NO_WAITS: ReadonlyMap<string, OptOutWait> = new Map();

/** RFC 3339 without fractions, rounded up: a wait never ends before the time that is shown. */
function nextWholeSecond(time: Date): string {
  return wholeSecondTime(new Date(Math.ceil(time.getTime() / 1000) * 1000));
}
