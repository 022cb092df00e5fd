import { ANNOTATIONS, API_VERSION, FIELD_MANAGER, LABELS, NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { NamespaceBaselineStatus } from '../../api/namespace-baseline.ts';
import { fieldOf, fieldsOf } from '../../base/json.ts';
import type { RenderedPart } from '../../domain/rendering/rendering.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';

/** The NetworkPolicy to write for a rendered part; with `uid`, the apply can only change that object. */
export function networkPolicyObject(
  part: RenderedPart,
  owner: {
    readonly namespace: string;
    readonly policy: { readonly name: string; readonly uid: string };
    readonly uid?: string;
    readonly takesBackKept?: boolean;
  },
): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: part.name,
      namespace: owner.namespace,
      ...(owner.uid === undefined ? {} : { uid: owner.uid }),
      labels: { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.policy]: owner.policy.name },
      // Another field manager may own the annotation, and an apply that leaves it out would not remove it.
      annotations: {
        [ANNOTATIONS.policyUid]: owner.policy.uid,
        [ANNOTATIONS.purpose]: part.purpose,
        ...(owner.takesBackKept === true ? { [ANNOTATIONS.kept]: 'false' } : {}),
      },
    },
    spec: part.spec,
  };
}

/**
 * An apply that keeps the stored spec and changes only the owner labels and, when `isKept`, the `kept` annotation (R4,
 * opting out). All fields we own are repeated, because an apply drops the fields it omits. `stored` is the object as the API
 * server has it.
 */
export function relabelledObject(
  stored: KubeObject,
  owner: { readonly policy: { readonly name: string; readonly uid: string }; readonly isKept: boolean },
): KubeObject {
  const { name, namespace, uid, annotations } = stored.metadata;
  const purpose = fieldOf(annotations, ANNOTATIONS.purpose);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      labels: { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.policy]: owner.policy.name },
      annotations: {
        [ANNOTATIONS.policyUid]: owner.policy.uid,
        ...(typeof purpose === 'string' ? { [ANNOTATIONS.purpose]: purpose } : {}),
        ...(owner.isKept ? { [ANNOTATIONS.kept]: 'true' } : {}),
      },
    },
    spec: { ingress: [], egress: [], ...fieldsOf(stored.spec) },
  };
}

/** The NamespaceBaseline to write. */
export function namespaceBaselineObject(
  status: NamespaceBaselineStatus,
  owner: { readonly namespace: string; readonly uid?: string },
): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'NamespaceBaseline',
    metadata: {
      name: NAMESPACE_BASELINE_NAME,
      namespace: owner.namespace,
      ...(owner.uid === undefined ? {} : { uid: owner.uid }),
    },
    status,
  };
}
