import { LABELS } from '../../../src/api/names.ts';
import { fieldOf } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';

/** The versions of the operator that histories know. */
export const VERSIONS = ['0.1.0', '0.2.0'] as const;

/** One of them. */
export type Version = (typeof VERSIONS)[number];

/** Where the newer version takes monitoring to be, when nobody says. */
const ELSEWHERE = {
  namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'observability' } },
  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
};

/**
 * A BaselinePolicy as this version reads it. Where an older one takes monitoring to be in the namespace `monitoring`, the
 * newer one takes it to be in `observability`: so the two render one part differently, and all else alike.
 */
export function asReadBy(version: Version, policy: KubeObject): KubeObject {
  const allow = fieldOf(policy.spec, 'allow');
  if (version === '0.1.0' || fieldOf(fieldOf(allow, 'monitoring'), 'enabled') === false) {
    return policy;
  }
  return {
    ...policy,
    spec: {
      ...(policy.spec as object),
      allow: { ...(allow as object | undefined), monitoring: { enabled: true, from: [ELSEWHERE] } },
    },
  };
}

/** A spec that the older version renders, as this one would. */
export function asRenderedBy(version: Version, spec: string): string {
  return version === '0.1.0' ? spec : spec.replaceAll('"monitoring"', '"observability"');
}
