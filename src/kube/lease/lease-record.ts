import { fieldOf, textOf } from '../../base/json.ts';
import type { KubeObject } from '../client/kube-object.ts';
import type { ResourceType } from '../client/resource-type.ts';

/** https://kubernetes.io/docs/concepts/architecture/leases/ */
export const LEASES: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  isNamespaced: true,
};

/** The namespace and name of a Lease. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** The content of a Lease that decides who leads: client-go's LeaderElectionRecord. */
export interface LeaseRecord {
  /** Empty if the lease is free. */
  readonly holder: string;
  /** How long the lease belongs to its holder without a renewal; undefined if the Lease does not say. */
  readonly durationMs: number | undefined;
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often the holder changed. */
  readonly transitions: number;
  /** The newest version of the program that ever held the lease; empty if the Lease names none (R15). */
  readonly newestVersion: string;
  readonly resourceVersion: string;
}

/** No one configures a longer duration; a longer one is a mistake that would lock out all candidates. */
const LONGEST_DURATION_MS = 600_000;

/**
 * The record of a Lease (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/). A field with
 * an unexpected type counts as absent.
 */
export function leaseRecordOf({ metadata, spec }: KubeObject, versionAnnotation: string): LeaseRecord {
  const seconds = fieldOf(spec, 'leaseDurationSeconds');
  const transitions = fieldOf(spec, 'leaseTransitions');
  return {
    holder: textOf(fieldOf(spec, 'holderIdentity')),
    durationMs: typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1000, LONGEST_DURATION_MS) : undefined,
    acquireTime: textOf(fieldOf(spec, 'acquireTime')),
    renewTime: textOf(fieldOf(spec, 'renewTime')),
    transitions: typeof transitions === 'number' ? transitions : 0,
    newestVersion: textOf(fieldOf(metadata.annotations, versionAnnotation)).slice(0, 64),
    resourceVersion: textOf(metadata.resourceVersion),
  };
}

/** Whether the lease was neither renewed nor acquired between the two observations. */
export function isSameRenewal(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.transitions === b.transitions
  );
}

/** The record to write into a Lease. */
export interface LeaseDraft extends Omit<LeaseRecord, 'resourceVersion' | 'durationMs'> {
  readonly durationMs: number;
}

/**
 * The Lease to write. With `existing` it keeps the fields that other clients added, and its resourceVersion makes the
 * write fail if another candidate was faster.
 */
export function leaseObject(
  lease: LeaseName,
  draft: LeaseDraft,
  write: { readonly existing: KubeObject | undefined; readonly versionAnnotation: string },
): KubeObject {
  const { existing, versionAnnotation } = write;
  return {
    ...existing,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...existing?.metadata,
      ...lease,
      annotations: { ...existing?.metadata.annotations, [versionAnnotation]: draft.newestVersion },
    },
    spec: {
      ...(typeof existing?.spec === 'object' ? existing.spec : {}),
      holderIdentity: draft.holder,
      leaseDurationSeconds: Math.max(1, Math.round(draft.durationMs / 1000)),
      acquireTime: draft.acquireTime,
      renewTime: draft.renewTime,
      leaseTransitions: draft.transitions,
    },
  };
}

/** The next record of a Lease: a new holder sets acquireTime and increments leaseTransitions, a renewal only moves renewTime. */
export function nextRecord(
  before: LeaseRecord | undefined,
  { holder, nowTime }: { readonly holder: string; readonly nowTime: string },
): Pick<LeaseDraft, 'holder' | 'acquireTime' | 'renewTime' | 'transitions'> {
  if (before === undefined) {
    return { holder, acquireTime: nowTime, renewTime: nowTime, transitions: 0 };
  }
  const isSameHolder = before.holder === holder && before.acquireTime !== '';
  const isChange = holder !== '' && before.holder !== holder;
  return {
    holder,
    acquireTime: isSameHolder ? before.acquireTime : nowTime,
    renewTime: nowTime,
    transitions: before.transitions + (isChange ? 1 : 0),
  };
}
