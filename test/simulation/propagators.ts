import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { StoredEvent } from '../support/fake-api/event-log.ts';
import { kubeObjectIn } from '../support/fake-api/stored-object.ts';
import type { VirtualClock } from './virtual-clock.ts';

/**
 * A client begins to keep an object of ours its own way, as tools do that spread objects over namespaces: it puts a copy
 * back whenever it is removed, or writes its own spec whenever an operator has written.
 */
export interface PropagatorStep {
  readonly do: 'propagate';
  readonly namespace: string;
  readonly name: string;
  readonly how: 'puts back' | 'rewrites';
  /** How long it takes to answer a change. */
  readonly afterMs: number;
  /** How long it goes on. */
  readonly forMs: number;
}

interface PropagatorParts {
  readonly hands: FakeClusterActor;
  readonly clock: VirtualClock;
}

/** All clients of a history that keep objects their own way. */
export class Propagators {
  readonly #parts: PropagatorParts;
  readonly #active = new Set<PropagatorStep>();
  #isActing = false;

  constructor(parts: PropagatorParts) {
    this.#parts = parts;
  }

  /** Whether what is committed now is a propagator's answer to an operator. */
  get isActing(): boolean {
    return this.#isActing;
  }

  /** One more begins, with a copy where nothing stands. */
  begin(step: PropagatorStep): void {
    const { hands, clock } = this.#parts;
    const key = { namespace: step.namespace, name: step.name };
    hands.putCopy(key);
    this.#active.add(step);
    clock.after(step.forMs, () => {
      this.#active.delete(step);
    });
  }

  /** All of them end. */
  end(): void {
    this.#active.clear();
  }

  /** To be called on every commit, after it. */
  committed(type: ResourceType, event: StoredEvent, isOperator: boolean): void {
    if (type.plural !== NETWORK_POLICIES.plural) {
      return;
    }
    for (const step of this.#active) {
      if (step.namespace === event.object.namespace && step.name === event.object.name) {
        this.#answer(step, event, isOperator);
      }
    }
  }

  #answer(step: PropagatorStep, event: StoredEvent, isOperator: boolean): void {
    const { hands, clock } = this.#parts;
    const isAnswered = step.how === 'puts back' ? event.type === 'DELETED' : isOperator && event.type !== 'DELETED';
    if (!isAnswered) {
      return;
    }
    const last = kubeObjectIn(NETWORK_POLICIES, event.object);
    clock.after(step.afterMs, () => {
      if (this.#active.has(step)) {
        this.#act(() => {
          answerTo(last, step, hands);
        });
      }
    });
  }

  #act(act: () => void): void {
    this.#isActing = true;
    act();
    this.#isActing = false;
  }
}

function answerTo(last: KubeObject, { namespace, name, how }: PropagatorStep, hands: FakeClusterActor): void {
  if (how === 'puts back') {
    hands.putAgain(last);
  } else {
    hands.tamper({ namespace, name });
  }
}
