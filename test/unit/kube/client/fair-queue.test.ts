import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairQueue, NAMESPACE_SHARE, type RequestPriority } from '../../../../src/kube/client/fair-queue.ts';

/** A request as the test follows it. */
interface Request {
  readonly namespace: string;
  readonly priority: RequestPriority;
}

/** A queue whose requests the test can tell apart, and an account of what is in it. */
class Followed {
  readonly queue = new FairQueue();
  readonly waiting: Request[] = [];
  readonly inFlight: Request[] = [];
  #taken: Request | undefined;

  add(request: Request): void {
    this.waiting.push(request);
    this.queue.add(request, {
      start: () => {
        this.#taken = request;
      },
      sinceMs: 0,
    });
  }

  take(): Request | undefined {
    this.#taken = undefined;
    this.queue.take()?.();
    const taken = this.#taken as Request | undefined;
    if (taken !== undefined) {
      this.waiting.splice(this.waiting.indexOf(taken), 1);
      this.inFlight.push(taken);
    }
    return taken;
  }

  end(index: number): void {
    const [ended] = this.inFlight.splice(index % Math.max(1, this.inFlight.length), 1);
    if (ended !== undefined) {
      this.queue.ended(ended.namespace);
    }
  }

  inFlightOf(namespace: string): number {
    return this.inFlight.filter((request) => request.namespace === namespace).length;
  }
}

const request = fc.record<Request>({
  namespace: fc.constantFrom('hostile', 'team-a', 'team-b', ''),
  priority: fc.constantFrom<RequestPriority>('urgent', 'background'),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), request, times: fc.constantFrom(1, 1, 20) }),
  { arbitrary: fc.record({ kind: fc.constant('take' as const) }), weight: 4 },
  fc.record({ kind: fc.constant('end' as const), index: fc.nat(100) }),
);

/** Long ones too: only then several namespaces have many in flight. */
const history = fc.array(step, { maxLength: 100, size: 'max' });

/** Plays the steps, and tells of each request that is taken, with what waited and was in flight just before. */
function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
  took: (
    taken: Request,
    before: { readonly waiting: readonly Request[]; readonly inFlightOf: (namespace: string) => number },
  ) => void,
): void {
  const followed = new Followed();
  for (const each of steps) {
    if (each.kind === 'add') {
      for (let time = 0; time < each.times; time += 1) {
        followed.add({ ...each.request });
      }
    } else if (each.kind === 'end') {
      followed.end(each.index);
    } else {
      const waiting = [...followed.waiting];
      const counts = new Map(waiting.map(({ namespace }) => [namespace, followed.inFlightOf(namespace)]));
      const taken = followed.take();
      expect(taken === undefined).toBe(waiting.length === 0);
      if (taken !== undefined) {
        took(taken, { waiting, inFlightOf: (namespace) => counts.get(namespace) ?? 0 });
      }
    }
    expect(followed.queue.count('urgent') + followed.queue.count('background')).toBe(followed.waiting.length);
  }
}

describe('F58 requests that wait in turns by namespace', () => {
  test('F58 no namespace gets more than its share in flight while one with less waits, and a place is never left empty while anybody waits', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, (taken, { waiting, inFlightOf }) => {
          const isAnyoneWithin = waiting.some(({ namespace }) => inFlightOf(namespace) < NAMESPACE_SHARE);
          expect(inFlightOf(taken.namespace) < NAMESPACE_SHARE).toBe(isAnyoneWithin);
        });
      }),
    );
  });

  test('F58 a namespace within its share waits for no more than one request of the same priority of each other', () => {
    fc.assert(
      fc.property(history, (steps) => {
        /** How many requests of each other namespace were taken since a namespace had its last turn, by priority. */
        const overtaking = new Map<string, string[]>();
        play(steps, (taken, { waiting, inFlightOf }) => {
          const own = `${taken.priority} ${taken.namespace}`;
          const waits = new Set(
            waiting
              .filter(
                ({ namespace, priority }) => priority === taken.priority && inFlightOf(namespace) < NAMESPACE_SHARE,
              )
              .map(({ namespace, priority }) => `${priority} ${namespace}`),
          );
          for (const key of [...overtaking.keys()].filter((key) => key.startsWith(taken.priority) && !waits.has(key))) {
            overtaking.delete(key);
          }
          overtaking.delete(own);
          if (inFlightOf(taken.namespace) + 1 === NAMESPACE_SHARE) {
            // It has its share, and comes last when it has less again.
            overtaking.delete(`urgent ${taken.namespace}`);
            overtaking.delete(`background ${taken.namespace}`);
          }
          for (const key of [...waits].filter((key) => key !== own)) {
            const before = overtaking.get(key) ?? [];
            expect(before).not.toContain(own);
            overtaking.set(key, [...before, own]);
          }
        });
      }),
    );
  });

  test('requests of one namespace and priority leave in the order in which they came', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, (taken, { waiting }) => {
          const first = waiting.find(
            ({ namespace, priority }) => namespace === taken.namespace && priority === taken.priority,
          );
          expect(taken).toBe(first);
        });
      }),
    );
  });
});
