import { fieldOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import { SELF_SUBJECT_ACCESS_REVIEWS } from '../watch/resources.ts';

/** One thing that RBAC can allow. */
export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

/** A permission in words: `create networkpolicies.networking.k8s.io in every namespace`. */
export function permissionText(permission: Permission): string {
  const resource = `${permission.resource}${permission.group === '' ? '' : `.${permission.group}`}${permission.subresource === undefined ? '' : `/${permission.subresource}`}`;
  const name = permission.name === undefined ? '' : ` named ${permission.name}`;
  return `${permission.verb} ${resource}${name} in ${permission.namespace === undefined ? 'every namespace' : `namespace ${permission.namespace}`}`;
}

/**
 * Asks the API server whether the operator has this permission, by a SelfSubjectAccessReview. A 403 of RBAC and one of a
 * quota or of admission look alike; this tells them apart.
 */
export async function isAllowed(kube: KubeClient, permission: Permission): Promise<Result<boolean, KubeError>> {
  const review = await kube.create(SELF_SUBJECT_ACCESS_REVIEWS, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: { resourceAttributes: permission },
  });
  return review.ok ? success(fieldOf(review.value.status, 'allowed') === true) : failure(review.error);
}
