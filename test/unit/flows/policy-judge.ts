import ipaddr from 'ipaddr.js';
import type { Flow, FlowEnd, Labels } from '../../../src/flows/flow.ts';
import type { NetworkPolicyProposal, RulePeer, RulePort } from '../../../src/flows/policies.ts';
import type { FlowJudge } from '../../../src/flows/replay.ts';

/** The plainest reading of NetworkPolicies, for the shapes that are proposed: a flow needs both ends' consent. */
export function judgeOf(policies: readonly NetworkPolicyProposal[]): FlowJudge {
  return {
    isAllowed: (flow) => {
      const isAllowed = isEgressAllowed(policies, flow) && isIngressAllowed(policies, flow);
      return { verdict: isAllowed ? 'allowed' : 'denied' };
    },
  };
}

function isEgressAllowed(policies: readonly NetworkPolicyProposal[], flow: Flow): boolean {
  const isolating = policies.filter(
    (policy) => isSelected(policy, flow.from) && policy.spec.policyTypes.includes('Egress'),
  );
  const isAllowed = isolating.some(({ spec, metadata }) =>
    (spec.egress ?? []).some(
      ({ to, ports }) => hasPort(ports, flow) && to.some((peer) => isPeer(peer, flow.to, metadata.namespace)),
    ),
  );
  return isolating.length === 0 || isAllowed;
}

function isIngressAllowed(policies: readonly NetworkPolicyProposal[], flow: Flow): boolean {
  const isolating = policies.filter(
    (policy) => isSelected(policy, flow.to) && policy.spec.policyTypes.includes('Ingress'),
  );
  const isAllowed = isolating.some(({ spec, metadata }) =>
    (spec.ingress ?? []).some(
      ({ from, ports }) => hasPort(ports, flow) && from.some((peer) => isPeer(peer, flow.from, metadata.namespace)),
    ),
  );
  return isolating.length === 0 || isAllowed;
}

function isSelected({ metadata, spec }: NetworkPolicyProposal, end: FlowEnd): boolean {
  return (
    end.kind === 'pod' && end.namespace === metadata.namespace && hasLabels(end.labels, spec.podSelector.matchLabels)
  );
}

function isPeer(peer: RulePeer, end: FlowEnd, namespace: string): boolean {
  if (peer.ipBlock !== undefined) {
    return 'address' in end && isInside(end.address, peer.ipBlock.cidr);
  }
  const wanted = peer.namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] ?? namespace;
  return end.kind === 'pod' && end.namespace === wanted && hasLabels(end.labels, peer.podSelector?.matchLabels ?? {});
}

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function hasPort(ports: readonly RulePort[], flow: Flow): boolean {
  return ports.some(({ protocol, port }) => protocol === flow.protocol && port === flow.port);
}

function isInside(address: string, cidr: string): boolean {
  const parsed = ipaddr.parse(address);
  const [block, length] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === block.kind() && parsed.match(block, length);
}
