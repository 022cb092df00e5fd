import { ANNOTATIONS } from '../../src/api/names.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { PeopleStep } from './steps.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { WriteOracle } from './write-oracle.ts';

interface PeopleParts {
  readonly hands: FakeClusterActor;
  readonly clock: VirtualClock;
  readonly observer: WriteOracle;
}

/** Everybody but the operators: administrators, owners of namespaces, tenants. */
export class ClusterSteps {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** Does what the step says; where it makes no sense, nothing happens. */
  take(step: PeopleStep): void {
    if ('policy' in step) {
      this.#administrator(step);
    } else if ('name' in step) {
      this.#tenant(step);
    } else {
      this.#namespaceOwner(step);
    }
  }

  /** Confirms what the policy's conditions say is held; gives back how much that was. */
  confirm(policy: string): number {
    const confirmed = this.#parts.hands.confirm(policy);
    for (const { uid, generation, annotation } of confirmed) {
      if (annotation === ANNOTATIONS.confirmRemoval) {
        this.#parts.observer.confirmed({ uid, generation });
      }
    }
    return confirmed.length;
  }

  #administrator(step: Extract<PeopleStep, { policy: string }>): void {
    const { hands } = this.#parts;
    switch (step.do) {
      case 'declare':
        hands.declare(step.policy, step.spec);
        break;
      case 'set mode': {
        const standing = hands.read(BASELINE_POLICIES, { name: step.policy });
        if (standing !== undefined) {
          hands.declare(step.policy, { ...(standing.spec as object), mode: step.mode });
        }
        break;
      }
      case 'delete policy':
        hands.remove(BASELINE_POLICIES, { name: step.policy });
        break;
      case 'replace policy':
        this.#replace(step.policy);
        break;
      case 'confirm':
        this.confirm(step.policy);
    }
  }

  /** Gone and back within one millisecond, with the spec that it had and another uid; where it waits for a finalizer, it is only deleted. */
  #replace(name: string): void {
    const { hands, clock } = this.#parts;
    const standing = hands.read(BASELINE_POLICIES, { name });
    hands.remove(BASELINE_POLICIES, { name });
    clock.after(1, () => {
      if (standing !== undefined && hands.read(BASELINE_POLICIES, { name }) === undefined) {
        hands.declare(name, standing.spec as object);
      }
    });
  }

  #namespaceOwner(step: Exclude<Extract<PeopleStep, { namespace: string }>, { name: string }>): void {
    const { hands } = this.#parts;
    const { namespace } = step;
    const acts: Record<typeof step.do, () => void> = {
      'create namespace': () => {
        hands.createNamespace(namespace);
      },
      'opt in': () => {
        hands.createNamespace(namespace);
        hands.label(namespace, 'nsbaseline.io/enabled', 'true');
      },
      'opt out': () => {
        hands.label(namespace, 'nsbaseline.io/enabled', undefined);
      },
      'team on': () => {
        hands.createNamespace(namespace);
        hands.label(namespace, 'team', 'x');
      },
      'team off': () => {
        hands.label(namespace, 'team', undefined);
      },
      'delete namespace': () => {
        hands.remove(NAMESPACES, { name: namespace });
      },
      'recreate namespace': () => {
        this.#recreate(namespace);
      },
      'forge record': () => {
        hands.forgeRecord(namespace);
      },
      'flap label': () => {
        if (step.do === 'flap label') {
          this.#flap(step);
        }
      },
      'delete record': () => {
        hands.remove(NAMESPACE_BASELINES, { namespace, name: 'baseline' });
      },
    };
    acts[step.do]();
  }

  /** Away, and back with the value that it had; a label that is not there stays away. */
  #flap({ namespace, label, awayMs }: Extract<PeopleStep, { do: 'flap label' }>): void {
    const { hands, clock } = this.#parts;
    const value = hands.read(NAMESPACES, { name: namespace })?.metadata.labels?.[label];
    if (value === undefined) {
      return;
    }
    hands.label(namespace, label, undefined);
    clock.after(awayMs, () => {
      hands.label(namespace, label, value);
    });
  }

  /** Gone and back within one millisecond, with the labels that it had. */
  #recreate(name: string): void {
    const { hands, clock } = this.#parts;
    const labels = hands.read(NAMESPACES, { name })?.metadata.labels;
    hands.remove(NAMESPACES, { name });
    clock.after(1, () => {
      hands.createNamespace(name, labels);
    });
  }

  #tenant(step: Extract<PeopleStep, { name: string }>): void {
    const { hands } = this.#parts;
    const { namespace, name } = step;
    const key = { namespace, name };
    switch (step.do) {
      case 'put foreign':
        hands.putForeign(namespace, name, step.marks);
        break;
      case 'put copy':
        hands.putCopy(key);
        break;
      case 'tamper':
        hands.tamper(key);
        break;
      case 'delete part':
        hands.remove(NETWORK_POLICIES, key);
        break;
      case 'strip label':
        hands.stripLabel(key);
        break;
      case 'strip all marks':
        hands.stripAll(key);
        break;
      case 'mark adopt':
        hands.annotate(NETWORK_POLICIES, key, { annotation: ANNOTATIONS.adopt, value: 'true' });
        break;
      case 'unmark adopt':
        hands.annotate(NETWORK_POLICIES, key, { annotation: ANNOTATIONS.adopt, value: undefined });
    }
  }
}
