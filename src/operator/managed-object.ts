import { ANNOTATIONS, API_VERSION, FIELD_MANAGER, LABELS, NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import type { NamespaceBaselineStatus } from '../api/namespace-baseline.ts';
import type { RenderedPart } from '../baseline/rendering.ts';
import type { KubeObject } from '../kube/kube-object.ts';

/** The NetworkPolicy to write for a rendered part; with `uid`, it can only ever replace that very object. */
export function networkPolicyObject(part: RenderedPart, owner: { readonly namespace: string; readonly policy: { readonly name: string; readonly uid: string }; readonly uid?: string }): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: part.name,
      namespace: owner.namespace,
      ...(owner.uid === undefined ? {} : { uid: owner.uid }),
      labels: { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.policy]: owner.policy.name },
      annotations: { [ANNOTATIONS.policyUid]: owner.policy.uid, [ANNOTATIONS.purpose]: part.purpose },
    },
    spec: part.spec,
  };
}

/** The NamespaceBaseline to write. */
export function namespaceBaselineObject(status: NamespaceBaselineStatus, owner: { readonly namespace: string; readonly uid?: string }): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'NamespaceBaseline',
    metadata: { name: NAMESPACE_BASELINE_NAME, namespace: owner.namespace, ...(owner.uid === undefined ? {} : { uid: owner.uid }) },
    status,
  };
}
