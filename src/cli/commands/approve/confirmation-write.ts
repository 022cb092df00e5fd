import { fieldOf } from '../../../base/json.ts';
import { failure, type Result, success } from '../../../base/result.ts';
import type { KubeClient } from '../../../kube/client/kube-client.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { BASELINE_POLICIES } from '../../../operator/watch/resources.ts';
import { baselinePolicyViewOf } from '../../cluster/cluster-facts.ts';
import { type FailedAttempt, failedAttempt } from '../../cluster/kube-failure.ts';
import { type HeldChange, heldChanges } from './held-change.ts';

/** A held change that can be confirmed, of the policy as it was shown. */
export interface ConfirmableChange extends HeldChange {
  readonly confirmation: string;
  readonly shown: KubeObject;
}

/** How often the write is attempted while other clients write the same object. */
const MAX_ATTEMPTS = 5;

/**
 * Writes the confirmation with a PUT of the policy that adds nothing but the annotation. The operator updates the status
 * while a person reads, so after a conflict the policy is read again, and is confirmed if the same change is still held;
 * `changed` if it is not.
 */
export async function writeConfirmation(
  kube: KubeClient,
  change: ConfirmableChange,
): Promise<Result<'confirmed' | 'changed', FailedAttempt>> {
  const reference = { type: BASELINE_POLICIES, name: change.shown.metadata.name ?? '' };
  let object = change.shown;
  for (let attempt = 1; ; attempt += 1) {
    const replaced = await kube.replace(BASELINE_POLICIES, annotated(object, change));
    if (replaced.ok) {
      return success('confirmed');
    }
    if (replaced.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) {
      return failure(failedAttempt('update', reference, replaced.error));
    }
    const found = await kube.get(reference);
    if (!found.ok) {
      return failure(failedAttempt('get', reference, found.error));
    }
    if (isConfirmed(found.value, change)) {
      return success('confirmed');
    }
    if (!isStillHeld(found.value, change)) {
      return success('changed');
    }
    object = found.value;
  }
}

/** Whether the policy carries the confirmation already. */
export function isConfirmed(
  object: KubeObject,
  { annotation, confirmation }: Pick<HeldChange, 'annotation' | 'confirmation'>,
): boolean {
  return confirmation !== undefined && fieldOf(object.metadata.annotations, annotation) === confirmation;
}

function annotated(object: KubeObject, { annotation, confirmation }: ConfirmableChange): KubeObject {
  const annotations = { ...object.metadata.annotations, [annotation]: confirmation };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function isStillHeld(now: KubeObject, { shown, kind, confirmation }: ConfirmableChange): boolean {
  if (now.metadata.uid !== shown.metadata.uid || now.metadata.generation !== shown.metadata.generation) {
    return false;
  }
  return heldChanges(baselinePolicyViewOf(now)).some(
    (change) => change.kind === kind && change.confirmation === confirmation,
  );
}
