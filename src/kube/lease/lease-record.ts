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

/** Where a Lease is. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** What a Lease says, in what of it decides who leads. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string;
  /** How long the holder's word is good for without being renewed; undefined where the Lease does not say. */
  readonly durationMs: number | undefined;
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often it changed hands. */
  readonly transitions: number;
  /** The newest version of the program that ever held it; empty when none is named (R15). */
  readonly newestVersion: string;
  readonly resourceVersion: string;
}

/** Longer than anybody configures: what is beyond it is a mistake, and would lock everybody out. */
const LONGEST_DURATION_MS = 600_000;

/** A Lease, read (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/). Whatever is not as it should be reads as not there. */
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

/** Whether two looks at a Lease show the same word of the same holder: then nobody has renewed it in between. */
export function isSameRenewal(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.transitions === b.transitions
  );
}

/** What is to be written of a Lease. */
export interface LeaseDraft extends Omit<LeaseRecord, 'resourceVersion' | 'durationMs'> {
  readonly durationMs: number;
}

/** The Lease as it is written. Over `standing`, it keeps all that others put there, and the write fails when somebody was faster. */
export function leaseObject(
  lease: LeaseName,
  draft: LeaseDraft,
  write: { readonly standing: KubeObject | undefined; readonly versionAnnotation: string },
): KubeObject {
  const { standing, versionAnnotation } = write;
  return {
    ...standing,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...standing?.metadata,
      ...lease,
      annotations: { ...standing?.metadata.annotations, [versionAnnotation]: draft.newestVersion },
    },
    spec: {
      ...(typeof standing?.spec === 'object' ? standing.spec : {}),
      holderIdentity: draft.holder,
      leaseDurationSeconds: Math.max(1, Math.round(draft.durationMs / 1000)),
      acquireTime: draft.acquireTime,
      renewTime: draft.renewTime,
      leaseTransitions: draft.transitions,
    },
  };
}

/** What a holder says after what was said before: who begins anew says since when, and that it changed hands. */
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
