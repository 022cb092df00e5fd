import { expect } from 'vitest';
import { clusterOf } from '../../../src/policy/index.ts';
import { labelled, namespace, pod, policy } from './scene.ts';

/** The three pods that the cases of semantics are about, in namespaces a and b. */
export const WEB = pod('a/web', 'app=web', { ips: ['10.0.0.1'], ports: ['http:TCP:80'], node: 'n1' });
export const DB = pod('a/db', 'app=db', { ips: ['10.0.0.2'], ports: ['http:TCP:8080', 'dns:UDP:53'], node: 'n2' });
export const FAR = pod('b/far', 'app=web', { ips: ['10.0.0.3'], ports: ['http:TCP:9090'], node: 'n2' });
export const PODS = [namespace('a', 'team=a'), namespace('b', 'team=b'), WEB, DB, FAR];
export const DENY_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** The three pods with one policy in namespace `a`. */
export function withPolicy(spec: unknown): readonly unknown[] {
  return [...PODS, policy('a/np', spec)];
}

export function ingressTo(app: string, ...rules: readonly unknown[]): readonly unknown[] {
  return withPolicy({ podSelector: labelled(`app=${app}`), policyTypes: ['Ingress'], ingress: rules });
}

export function egressFrom(app: string, ...rules: readonly unknown[]): readonly unknown[] {
  return withPolicy({ podSelector: labelled(`app=${app}`), policyTypes: ['Egress'], egress: rules });
}

/** The messages about a policy that the API server would refuse. */
export function refusals(spec: unknown): readonly string[] {
  const { problems, networkPolicies } = clusterOf([policy('a/np', spec)]);
  expect(networkPolicies).toHaveLength(problems.length === 0 ? 1 : 0);
  return problems.map(({ path }) => path);
}
