import { FIELD_MANAGER } from '../../src/api/names.ts';
import { LEASES } from '../../src/kube/lease/lease-record.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import { type ApiFailure, forbidden } from '../support/fake-api/api-status.ts';
import type { FakeCluster } from '../support/fake-api/fake-cluster.ts';
import type { StoreSnapshot } from '../support/fake-api/object-store.ts';
import type { AdmissionReview } from '../support/fake-api/write-path.ts';
import type { Network } from './network.ts';
import type { Disturbance, ServerStep } from './steps.ts';
import { LEASE, type Terms } from './terms.ts';
import type { WriteOracle } from './write-oracle.ts';

interface FateParts {
  readonly cluster: FakeCluster;
  readonly hands: FakeClusterActor;
  readonly network: Network;
  readonly observer: WriteOracle;
  readonly terms: Terms;
  /** Whether the request that is being served is an operator's. */
  readonly isOperatorActing: () => boolean;
}

type Refusal = Extract<ServerStep, { readonly do: 'refuse' }>;

/** What goes wrong in the API server and on the way to it. */
export class ServerFaults {
  readonly #parts: FateParts;
  #snapshot: StoreSnapshot | undefined;
  #refusals: readonly Refusal[] = [];

  constructor(parts: FateParts) {
    this.#parts = parts;
    parts.cluster.admission = (review) => this.#refusalOf(review);
  }

  /** Carries out the step. */
  take(step: ServerStep): void {
    const { cluster, network } = this.#parts;
    switch (step.do) {
      case 'lag':
        network.setLag(step.plural, step.lagMs);
        break;
      case 'trouble':
        network.trouble(step.mishap, step);
        break;
      case 'expire pages':
        network.expirePages(step.count);
        break;
      case 'refuse':
        this.#refusals = [...this.#refusals, step];
        break;
      case 'withdraw rights':
        cluster.access.isAllowed = ({ verb, resource }) =>
          !(
            this.#parts.isOperatorActing() &&
            resource === NETWORK_POLICIES.plural &&
            ['create', 'patch', 'delete'].includes(verb)
          );
        break;
      case 'grant rights':
        cluster.access.isAllowed = () => true;
        break;
      default:
        this.#disturb(step.do);
    }
  }

  /** Ends all trouble that would last. */
  calm(): void {
    const { cluster, network } = this.#parts;
    network.calm();
    cluster.thawReads();
    cluster.access.isAllowed = () => true;
    this.#refusals = [];
  }

  #disturb(disturbance: Disturbance): void {
    const { cluster, hands } = this.#parts;
    const acts: Record<Disturbance, () => void> = {
      'drop watches': () => {
        cluster.dropWatches('reset');
      },
      'end watches': () => {
        cluster.dropWatches('end');
      },
      // What was held back is sent first: a compaction takes nothing from a watch that runs.
      compact: () => {
        cluster.thawReads();
        cluster.compactHistory();
      },
      'freeze reads': () => {
        cluster.freezeReads();
      },
      'thaw reads': () => {
        cluster.thawReads();
      },
      calm: () => {
        this.calm();
      },
      'hold namespace deletion': () => {
        cluster.namespaces.isPaused = true;
      },
      'let namespaces go': () => {
        cluster.namespaces.resume();
      },
      snapshot: () => {
        this.#takeSnapshot();
      },
      restore: () => {
        this.#restore();
      },
      'delete lease': () => {
        hands.remove(LEASES, LEASE);
        this.#parts.terms.leaseDeleted();
      },
      'stranger takes lease': () => {
        hands.takeLease(LEASE, 'a stranger');
      },
    };
    acts[disturbance]();
  }

  /** As a quota (https://kubernetes.io/docs/concepts/policy/resource-quotas/) or somebody's webhook says no; people are let through. */
  #refusalOf({ operation, resource, namespace, name }: AdmissionReview): ApiFailure | undefined {
    if (!this.#parts.isOperatorActing() || resource.type.plural !== NETWORK_POLICIES.plural) {
      return undefined;
    }
    const refusal = this.#refusals.find((candidate) => candidate.operation === operation && candidate.in === namespace);
    if (refusal === undefined) {
      return undefined;
    }
    return forbidden(
      resource.type,
      name,
      refusal.by === 'quota'
        ? `exceeded quota: objects, requested: count/networkpolicies.networking.k8s.io=1, used: 3, limited: 3`
        : `admission webhook "no.example.com" denied the request of ${FIELD_MANAGER}`,
    );
  }

  /** Versions go on far from here, so that a restore is surely seen: one whose versions have caught up before a watch is back is not (docs/attempts.md). */
  #takeSnapshot(): void {
    // What was held back is sent first: the jump of versions would lose it without a 410.
    this.#parts.cluster.thawReads();
    this.#snapshot = this.#parts.cluster.snapshot();
    this.#parts.cluster.restoreSnapshot({ ...this.#snapshot, version: this.#snapshot.version + 100_000 });
    // The history before the jump is gone: a watch that asks for it gets a 410.
    this.#parts.cluster.compactHistory();
  }

  #restore(): void {
    const { cluster, hands, observer, terms } = this.#parts;
    if (this.#snapshot === undefined) {
      return;
    }
    observer.troubled();
    terms.wentBack();
    cluster.thawReads();
    cluster.restoreSnapshot(this.#snapshot);
    observer.resolverChanged();
    // The namespace controller begins anew as well: a write shows it what it has to end.
    for (const { metadata } of hands.all(NAMESPACES)) {
      if (metadata.deletionTimestamp !== undefined) {
        hands.label(metadata.name ?? '', 'restored', 'true');
      }
    }
  }
}
