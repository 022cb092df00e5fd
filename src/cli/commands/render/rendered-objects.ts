import type { Discovered } from '../../../api/baseline-policy.ts';
import { ANNOTATIONS, LABELS } from '../../../api/names.ts';
import { type PartRole, roleOf } from '../../../api/parts.ts';
import { renderedParts } from '../../../domain/rendering/rendering.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { networkPolicyObject } from '../../../operator/write/manifests.ts';
import type { PolicyManifest } from './policy-manifests.ts';

/** The operator's marks: with them, tools and people would take a copy for the operator's own object (R5, foreign objects). */
const OWNER_MARKS: ReadonlySet<string> = new Set([LABELS.managedBy, ANNOTATIONS.policyUid]);

/**
 * The NetworkPolicies of a BaselinePolicy with the specs that the operator writes, in the order in which it creates them
 * (R3, order of writes): allow-dns first, default-deny last. They carry no mark of the operator, so a copy belongs
 * to whoever applies it, and the operator never changes or deletes it (R5, foreign objects). Without a namespace, none is
 * named.
 */
export function renderedObjects(
  { name, spec }: PolicyManifest,
  options: { readonly discovered: Discovered; readonly namespace: string | undefined },
): readonly KubeObject[] {
  const parts = renderedParts(name, spec, options.discovered);
  return CREATION_ORDER.flatMap((role) => parts.filter(({ part }) => roleOf(part) === role)).map((part) => {
    const { metadata, ...object } = networkPolicyObject(part, {
      namespace: options.namespace ?? '',
      policy: { name, uid: '' },
    });
    const { namespace, annotations = {}, labels = {} } = metadata;
    // In the order in which people read them: what, where, whose, and the spec last.
    const { apiVersion, kind, spec: written } = object;
    return {
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(kind === undefined ? {} : { kind }),
      metadata: {
        name: part.name,
        ...(namespace === undefined || namespace === '' ? {} : { namespace }),
        labels: withoutOwnerMarks(labels),
        annotations: withoutOwnerMarks(annotations),
      },
      spec: written,
    };
  });
}

const CREATION_ORDER: readonly PartRole[] = ['dns', 'other', 'deny'];

function withoutOwnerMarks(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !OWNER_MARKS.has(key)));
}
