import { FINALIZER, NAMESPACE_BASELINE_NAME } from '../../../api/names.ts';
import { fieldOf } from '../../../base/json.ts';
import { failure, type Result, success } from '../../../base/result.ts';
import type { KubeClient } from '../../../kube/client/kube-client.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import type { ObjectReference } from '../../../kube/client/resource-type.ts';
import {
  BASELINE_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACE_BASELINES,
} from '../../../operator/watch/resources.ts';
import { crdNameOf } from '../../../operator/watch/served-crds.ts';
import type { BaselinePolicyView, ReportView } from '../../cluster/cluster-facts.ts';
import { type FailedAttempt, failedAttempt } from '../../cluster/kube-failure.ts';

/** How often the write is attempted while the operator writes the same object. */
const MAX_ATTEMPTS = 5;

/**
 * Deletes a BaselinePolicy but nothing that it wrote, whatever its `onDelete` says and whether the operator runs or not:
 * one write before the deletion sets onDelete to Keep and removes our finalizer. Only the object of this uid is deleted.
 */
export async function removePolicyKeeping(
  kube: KubeClient,
  { name, uid }: BaselinePolicyView,
): Promise<Result<'removed' | 'gone', FailedAttempt>> {
  const reference = { type: BASELINE_POLICIES, name };
  const outcome = await release(kube, reference, uid);
  if (!outcome.ok) {
    return outcome;
  }
  return outcome.value === 'gone' ? success('gone') : removed(kube, reference, { uid });
}

async function release(
  kube: KubeClient,
  reference: ObjectReference,
  uid: string,
): Promise<Result<'released' | 'gone', FailedAttempt>> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await kube.get(reference);
    if (!found.ok) {
      return found.error.kind === 'notFound' ? success('gone') : failure(failedAttempt('get', reference, found.error));
    }
    if (found.value.metadata.uid !== uid) {
      return success('gone');
    }
    const released = keepingForm(found.value);
    if (released === undefined) {
      return success('released');
    }
    const written = await kube.replace(BASELINE_POLICIES, released);
    if (written.ok) {
      return success('released');
    }
    if (written.error.kind === 'notFound') {
      return success('gone');
    }
    if (written.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) {
      return failure(failedAttempt('update', reference, written.error));
    }
  }
}

/** The object with onDelete Keep and without our finalizer; undefined where it is so already. Pure. */
export function keepingForm(object: KubeObject): KubeObject | undefined {
  const { metadata, spec } = object;
  const removal = fieldOf(spec, 'removal');
  const isRemoving = fieldOf(removal, 'onDelete') === 'Remove';
  const hasFinalizer = metadata.finalizers?.includes(FINALIZER) === true;
  if (!isRemoving && !hasFinalizer) {
    return undefined;
  }
  const kept = isRemoving ? { ...(spec as object), removal: { ...(removal as object), onDelete: 'Keep' } } : spec;
  return {
    ...object,
    metadata: { ...metadata, finalizers: (metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER) },
    spec: kept,
  };
}

/** Deletes the report on one namespace; the operator, where it runs, may have done so already. */
export function removeReport(
  kube: KubeClient,
  { namespace }: ReportView,
): Promise<Result<'removed' | 'gone', FailedAttempt>> {
  return removed(kube, { type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }, {});
}

/** The names of both CRDs, in the order in which they go. */
export const CRD_NAMES: readonly string[] = [NAMESPACE_BASELINES, BASELINE_POLICIES].map(crdNameOf);

/** Deletes a CRD, and with it every object of its kind. */
export function removeCrd(kube: KubeClient, name: string): Promise<Result<'removed' | 'gone', FailedAttempt>> {
  return removed(kube, { type: CUSTOM_RESOURCE_DEFINITIONS, name }, {});
}

async function removed(
  kube: KubeClient,
  reference: ObjectReference,
  options: { readonly uid?: string },
): Promise<Result<'removed' | 'gone', FailedAttempt>> {
  const removal = await kube.remove(reference, options);
  if (removal.ok) {
    return success('removed');
  }
  return removal.error.kind === 'notFound'
    ? success('gone')
    : failure(failedAttempt('delete', reference, removal.error));
}
