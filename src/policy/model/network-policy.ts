import type { NetworkPolicyModel } from './cluster.ts';
import { listAt, readRules } from './policy-rule.ts';
import { readSelector } from './selector.ts';
import { type Complain, fieldOf, isJson, quotable } from './untrusted.ts';

/**
 * Reads an untrusted NetworkPolicy of networking.k8s.io/v1. What the API server would refuse is complained of; the caller
 * then leaves the policy out. Without `policyTypes` a policy is always about ingress, and about egress only when it has
 * egress rules (https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource).
 */
export function readNetworkPolicy(
  object: unknown,
  name: { readonly namespace: string; readonly name: string },
  complain: Complain,
): NetworkPolicyModel {
  const spec = fieldOf(object, 'spec');
  if (spec !== undefined && !isJson(spec)) {
    complain('spec', `must be an object, not ${quotable(spec)}`);
  }
  const ingress = readRules(fieldOf(spec, 'ingress'), 'ingress', complain);
  const egress = readRules(fieldOf(spec, 'egress'), 'egress', complain);
  const types = listAt(fieldOf(spec, 'policyTypes'), 'spec.policyTypes', complain);
  for (const [index, type] of types.entries()) {
    if (type !== 'Ingress' && type !== 'Egress') {
      complain(`spec.policyTypes[${index}]`, `must be Ingress or Egress, not ${quotable(type)}`);
    }
  }
  if (types.length > 2) {
    complain('spec.policyTypes', 'may not have more than two items');
  }
  const isDefault = types.length === 0;
  return {
    kind: 'NetworkPolicy',
    ...name,
    podSelector: readSelector(fieldOf(spec, 'podSelector'), 'spec.podSelector', complain),
    ...(isDefault || types.includes('Ingress') ? { ingress } : {}),
    ...((isDefault && egress.length > 0) || types.includes('Egress') ? { egress } : {}),
  };
}
