import type { Discovered } from '../../../api/baseline-policy.ts';
import { ANNOTATIONS } from '../../../api/names.ts';
import { renderedParts } from '../../../domain/rendering/rendering.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { networkPolicyObject } from '../../../operator/write/manifests.ts';
import type { PolicyManifest } from './policy-manifests.ts';

/**
 * The NetworkPolicies that a BaselinePolicy stands for, as the operator writes them, but for the policy's uid: a copy of
 * them is somebody's own, which the operator never changes and never deletes (R5). Without a namespace they name none.
 */
export function renderedObjects(
  { name, spec }: PolicyManifest,
  options: { readonly discovered: Discovered; readonly namespace: string | undefined },
): readonly KubeObject[] {
  return renderedParts(name, spec, options.discovered).map((part) => {
    const { metadata, ...object } = networkPolicyObject(part, {
      namespace: options.namespace ?? '',
      policy: { name, uid: '' },
    });
    const { namespace, annotations = {}, labels = {} } = metadata;
    const own = Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== ANNOTATIONS.policyUid));
    // In the order in which people read them: what, where, whose, and the spec last.
    const { apiVersion, kind, spec: written } = object;
    return {
      apiVersion,
      kind,
      metadata: { name: part.name, ...(namespace === '' ? {} : { namespace }), labels, annotations: own },
      spec: written,
    } as KubeObject;
  });
}
