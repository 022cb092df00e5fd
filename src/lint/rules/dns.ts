import {
  type NetworkPolicyModel,
  type PodModel,
  type Protocol,
  portNumbers,
  rulePorts,
  selects,
} from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import type { LintContext, LintedNetworkPolicy } from '../lint-context.ts';

const DNS_PORT = 53;

/** Pods whose egress is isolated and which may ask no resolver, by UDP. */
export function* egressWithoutDns(context: LintContext): Iterable<Found> {
  for (const { isolating, byUdp } of dnsReaches(context)) {
    if (byUdp === undefined) {
      yield {
        object: isolating.name,
        path: 'spec.egress',
        message: 'isolates egress of pods that no rule lets reach DNS, so they resolve no name',
        fix: 'allow egress to the resolver on port 53 by UDP and TCP, for example with allow-dns of a BaselinePolicy',
      };
    }
  }
}

/** Pods that may ask the resolver by UDP only: long answers come by TCP (https://www.rfc-editor.org/rfc/rfc7766). */
export function* dnsByUdpOnly(context: LintContext): Iterable<Found> {
  const told = new Set<LintedNetworkPolicy>();
  for (const { byUdp, byTcp } of dnsReaches(context)) {
    if (byUdp !== undefined && byTcp === undefined && !told.has(byUdp)) {
      told.add(byUdp);
      yield {
        object: byUdp.name,
        path: 'spec.egress',
        message: 'lets pods reach DNS by UDP only: answers that are too long for a datagram fail',
        fix: 'allow port 53 by TCP too',
      };
    }
  }
}

/** Which NetworkPolicies lead to DNS, for each set that isolates the egress of some pod together. */
interface DnsReach {
  readonly isolating: LintedNetworkPolicy;
  readonly byUdp: LintedNetworkPolicy | undefined;
  readonly byTcp: LintedNetworkPolicy | undefined;
}

function* dnsReaches(context: LintContext): Iterable<DnsReach> {
  const resolverPorts = portsOfResolvers(context);
  for (const set of egressSets(context)) {
    const [isolating] = set;
    if (isolating !== undefined) {
      yield {
        isolating,
        byUdp: set.find(({ model }) => reachesDns(model, 'UDP', resolverPorts)),
        byTcp: set.find(({ model }) => reachesDns(model, 'TCP', resolverPorts)),
      };
    }
  }
}

/** The sets of NetworkPolicies that isolate the egress of some pod; of a namespace without pods, all that isolate all pods. */
function egressSets(context: LintContext): readonly (readonly LintedNetworkPolicy[])[] {
  const sets = new Map<string, readonly LintedNetworkPolicy[]>();
  const namespaces = new Set(context.networkPolicies.map(({ model }) => model.namespace));
  for (const namespace of namespaces) {
    const isolating = context.networkPoliciesIn(namespace).filter(({ model }) => model.egress !== undefined);
    const pods: readonly Pick<PodModel, 'labels'>[] = context
      .podsIn(namespace)
      .filter(({ isHostNetwork }) => !isHostNetwork);
    const withSomePod = pods.length > 0 ? pods : [{ labels: new Map<string, string>() }];
    for (const { labels } of withSomePod) {
      const set = isolating.filter(({ model }) => selects(model.podSelector, labels));
      if (set.length > 0) {
        sets.set(`${namespace}\n${set.map(({ model }) => model.name).join('\n')}`, set);
      }
    }
  }
  return [...sets.values()];
}

function reachesDns(
  { egress = [] }: NetworkPolicyModel,
  protocol: Protocol,
  resolverPorts: readonly number[],
): boolean {
  return egress.some(
    (rule) =>
      resolverPorts.some((port) => portNumbers.contains(rulePorts(rule)[protocol], port)) ||
      // A named port is looked up on the resolver's pods, which may not be among the objects.
      rule.ports?.some((port) => port.kind === 'named' && port.name.includes('dns')) === true,
  );
}

/** 53, and the ports that the pods behind Services on port 53 listen on: a rule is about the port of the pod. */
function portsOfResolvers({ cluster }: LintContext): readonly number[] {
  const targets = cluster.services
    .flatMap(({ ports }) => ports)
    .flatMap(({ port, targetPort }) => (port === DNS_PORT && typeof targetPort === 'number' ? [targetPort] : []));
  return [...new Set([DNS_PORT, ...targets])];
}
