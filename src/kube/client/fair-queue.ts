/**
 * `urgent` requests go first. Every eighth turn belongs to `background` requests, so they are late but never starve.
 */
export type RequestPriority = 'urgent' | 'background';

/** Whose turn it is that a request waits for. */
export interface Turn {
  readonly priority: RequestPriority;
  /** The namespace that the request is about; empty for one that is about no namespace. All of these share one place. */
  readonly namespace: string;
}

/** This many requests of one namespace may be in flight while requests of others wait. */
export const NAMESPACE_SHARE = 4;

const PRIORITIES = ['urgent', 'background'] as const satisfies readonly RequestPriority[];
const BACKGROUND_TURN = 8;

interface Waiting {
  readonly start: () => void;
  readonly sinceMs: number;
}

/** The requests of one namespace. */
interface Lane {
  readonly namespace: string;
  inFlight: number;
  readonly waiting: Readonly<Record<RequestPriority, Waiting[]>>;
}

/** The namespaces with waiting requests of one priority, in the order of their turns. */
interface Rotation {
  /** With fewer than {@link NAMESPACE_SHARE} in flight. */
  readonly withinShare: Set<Lane>;
  readonly beyondShare: Set<Lane>;
}

/**
 * Requests that wait, taken in turns by namespace, so that a thousand requests of one namespace delay those of another by
 * one turn (fair queuing, as in the API server's own
 * https://kubernetes.io/docs/concepts/cluster-administration/flow-control/). A namespace with {@link NAMESPACE_SHARE} in
 * flight comes behind all that have fewer, whatever their priority; where nobody else waits it may use every place. The
 * work for each request does not grow with the number of waiting requests.
 */
export class FairQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #rotations: Readonly<Record<RequestPriority, Rotation>> = {
    urgent: { withinShare: new Set(), beyondShare: new Set() },
    background: { withinShare: new Set(), beyondShare: new Set() },
  };
  readonly #counts: Record<RequestPriority, number> = { urgent: 0, background: 0 };
  #turn = 0;

  /** The number of waiting requests of one priority. */
  count(priority: RequestPriority): number {
    return this.#counts[priority];
  }

  /** Since when the request has waited that has waited longest, on the clock that `add` was told; undefined when none waits. */
  oldestSinceMs(): number | undefined {
    const sinceMs = [...this.#lanes.values()].flatMap(({ waiting }) =>
      PRIORITIES.flatMap((priority) => waiting[priority][0]?.sinceMs ?? []),
    );
    return sinceMs.length === 0 ? undefined : Math.min(...sinceMs);
  }

  /** Adds a waiting request. {@link take} returns its `start` when its turn comes. */
  add({ priority, namespace }: Turn, waiting: Waiting): void {
    const lane = this.#laneOf(namespace);
    lane.waiting[priority].push(waiting);
    this.#counts[priority] += 1;
    if (lane.waiting[priority].length === 1) {
      this.#enter(lane, priority);
    }
  }

  /** The request whose turn it is, which is in flight from now on until {@link ended}; undefined when none waits. */
  take(): (() => void) | undefined {
    this.#turn = (this.#turn + 1) % BACKGROUND_TURN;
    const order = this.#turn === 0 ? PRIORITIES.toReversed() : PRIORITIES;
    for (const share of ['withinShare', 'beyondShare'] as const) {
      for (const priority of order) {
        const [lane] = this.#rotations[priority][share];
        if (lane !== undefined) {
          return this.#takeFrom(lane, priority);
        }
      }
    }
    return undefined;
  }

  /** A request of the namespace is no longer in flight. */
  ended(namespace: string): void {
    const lane = this.#laneOf(namespace);
    this.#changeInFlight(lane, -1);
    if (lane.inFlight === 0 && PRIORITIES.every((priority) => lane.waiting[priority].length === 0)) {
      this.#lanes.delete(namespace);
    }
  }

  #laneOf(namespace: string): Lane {
    const known = this.#lanes.get(namespace);
    if (known !== undefined) {
      return known;
    }
    const lane: Lane = { namespace, inFlight: 0, waiting: { urgent: [], background: [] } };
    this.#lanes.set(namespace, lane);
    return lane;
  }

  #takeFrom(lane: Lane, priority: RequestPriority): (() => void) | undefined {
    const next = lane.waiting[priority].shift();
    this.#counts[priority] -= 1;
    this.#leave(lane, priority);
    if (lane.waiting[priority].length > 0) {
      this.#enter(lane, priority);
    }
    this.#changeInFlight(lane, 1);
    return next?.start;
  }

  /** Moves the namespace between those within their share and those beyond it, where that changes. */
  #changeInFlight(lane: Lane, change: 1 | -1): void {
    const wasWithin = isWithinShare(lane);
    lane.inFlight += change;
    if (isWithinShare(lane) === wasWithin) {
      return;
    }
    for (const priority of PRIORITIES) {
      if (this.#leave(lane, priority)) {
        this.#enter(lane, priority);
      }
    }
  }

  /** At the end of the rotation. */
  #enter(lane: Lane, priority: RequestPriority): void {
    this.#rotations[priority][isWithinShare(lane) ? 'withinShare' : 'beyondShare'].add(lane);
  }

  /** Returns whether it was there. */
  #leave(lane: Lane, priority: RequestPriority): boolean {
    const { withinShare, beyondShare } = this.#rotations[priority];
    return withinShare.delete(lane) || beyondShare.delete(lane);
  }
}

function isWithinShare({ inFlight }: Lane): boolean {
  return inFlight < NAMESPACE_SHARE;
}
