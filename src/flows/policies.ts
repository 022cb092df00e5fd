import { evidenceText } from './evidence.ts';
import type { Labels } from './flow.ts';
import type { ProposedPeer, ProposedRule, WorkloadProposal } from './proposal.ts';
import type { Direction } from './set-aside.ts';

/** A LabelSelector as the API has it; never an empty one. */
export interface RuleSelector {
  readonly matchLabels: Labels;
}

/** A NetworkPolicyPeer: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ */
export interface RulePeer {
  readonly podSelector?: RuleSelector;
  readonly namespaceSelector?: RuleSelector;
  readonly ipBlock?: { readonly cidr: string };
}

/** A NetworkPolicyPort with a number. */
export interface RulePort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

/** An item of `ingress`. */
export interface RuleIngress {
  readonly from: readonly RulePeer[];
  readonly ports: readonly RulePort[];
}

/** An item of `egress`. */
export interface RuleEgress {
  readonly to: readonly RulePeer[];
  readonly ports: readonly RulePort[];
}

/** An item of a BaselinePolicy's `spec.rules`. */
export interface BaselineRule {
  readonly name: string;
  readonly podSelector: RuleSelector;
  readonly ingress?: readonly RuleIngress[];
  readonly egress?: readonly RuleEgress[];
}

/** A rule with the words for its purpose annotation: what was seen, how often, and when. */
export interface BaselineRuleProposal {
  readonly rule: BaselineRule;
  readonly purpose: string;
}

/** A NetworkPolicy that isolates a workload in the given directions and allows what was seen. */
export interface NetworkPolicyProposal {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly podSelector: RuleSelector;
    readonly policyTypes: readonly Direction[];
    readonly ingress?: readonly RuleIngress[];
    readonly egress?: readonly RuleEgress[];
  };
}

/** The longest lists that a rule of a BaselinePolicy takes, and the longest purpose that is written. */
const MAX_RULES_PER_DIRECTION = 8;
const MAX_PEERS = 32;
const MAX_PORTS = 32;
const MAX_PURPOSE_LENGTH = 1024;
const MAX_NAME_LENGTH = 63;

/**
 * The label with its own name that every namespace has:
 * https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
 */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/**
 * Items for `spec.rules` of a BaselinePolicy that protects this namespace, and the directions that it isolates. A
 * workload with more than fits into one rule gets several. A baseline that protects further namespaces gives the rules
 * to the pods with these labels there, too.
 */
export function baselineRulesFor(
  proposals: readonly WorkloadProposal[],
  options: { readonly namespace: string; readonly directions: readonly Direction[] },
): readonly BaselineRuleProposal[] {
  const names = new Names();
  return proposals
    .filter(({ workload }) => workload.namespace === options.namespace)
    .flatMap((proposal) => {
      const rules = proposal.rules.filter(({ direction }) => options.directions.includes(direction)).flatMap(fitting);
      return chunksByDirection(rules).map((chunk) => ({
        rule: {
          name: names.next(`allow-${proposal.workload.name}`),
          podSelector: { matchLabels: proposal.selector.matchLabels },
          ...directionsOf(chunk, options.namespace),
        },
        purpose: purposeOf(proposal, chunk),
      }));
    });
}

/**
 * One NetworkPolicy per workload, with `policyTypes` as given: a direction without traffic is closed, and the purpose
 * says that nothing was seen there. A workload of which nothing is proposed at all gets no policy.
 */
export function networkPoliciesFor(
  proposals: readonly WorkloadProposal[],
  options: { readonly directions: readonly Direction[]; readonly purposeAnnotation: string },
): readonly NetworkPolicyProposal[] {
  const names = new Map<string, Names>();
  return proposals.flatMap((proposal) => {
    const { namespace, name } = proposal.workload;
    const rules = proposal.rules.filter(({ direction }) => options.directions.includes(direction));
    if (rules.length === 0) {
      return [];
    }
    const taken = names.get(namespace) ?? new Names();
    names.set(namespace, taken);
    const policy: NetworkPolicyProposal = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: taken.next(`allow-${name}`),
        namespace,
        annotations: { [options.purposeAnnotation]: purposeOf(proposal, rules, options.directions) },
      },
      spec: {
        podSelector: { matchLabels: proposal.selector.matchLabels },
        policyTypes: options.directions,
        ...directionsOf(rules, namespace),
      },
    };
    return [policy];
  });
}

function directionsOf(
  rules: readonly ProposedRule[],
  namespace: string,
): { readonly ingress?: readonly RuleIngress[]; readonly egress?: readonly RuleEgress[] } {
  const ingress = rules.filter(({ direction }) => direction === 'Ingress');
  const egress = rules.filter(({ direction }) => direction === 'Egress');
  return {
    ...(ingress.length === 0
      ? {}
      : { ingress: ingress.map((rule) => ({ from: peersOf(rule, namespace), ports: portsOf(rule) })) }),
    ...(egress.length === 0
      ? {}
      : { egress: egress.map((rule) => ({ to: peersOf(rule, namespace), ports: portsOf(rule) })) }),
  };
}

function portsOf({ ports }: ProposedRule): readonly RulePort[] {
  return ports.flatMap(({ protocol, port }) =>
    protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP' ? [{ protocol, port }] : [],
  );
}

/** Workloads of one namespace that only labels of the same selector tell apart become one peer. */
function peersOf({ peers }: ProposedRule, namespace: string): readonly RulePeer[] {
  const distinct = new Map(peers.map((peer) => [JSON.stringify(peerOf(peer, namespace)), peerOf(peer, namespace)]));
  return [...distinct.values()];
}

function peerOf(peer: ProposedPeer, namespace: string): RulePeer {
  if (peer.kind === 'block') {
    return { ipBlock: { cidr: peer.cidr } };
  }
  const podSelector = { matchLabels: peer.selector.matchLabels };
  return peer.workload.namespace === namespace
    ? { podSelector }
    : { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: peer.workload.namespace } }, podSelector };
}

/** The rule, cut where it has more peers or ports than a BaselinePolicy's rule takes. */
function fitting(rule: ProposedRule): readonly ProposedRule[] {
  return chunks(rule.peers, MAX_PEERS).flatMap((peers) =>
    chunks(rule.ports, MAX_PORTS).map((ports) => ({ ...rule, peers, ports })),
  );
}

function chunksByDirection(rules: readonly ProposedRule[]): readonly (readonly ProposedRule[])[] {
  const ingress = chunks(
    rules.filter(({ direction }) => direction === 'Ingress'),
    MAX_RULES_PER_DIRECTION,
  );
  const egress = chunks(
    rules.filter(({ direction }) => direction === 'Egress'),
    MAX_RULES_PER_DIRECTION,
  );
  const most = Math.max(ingress.length, egress.length);
  return Array.from({ length: most }, (_, index) => [...(ingress[index] ?? []), ...(egress[index] ?? [])]);
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** The evidence, one line per rule, cut to a length that suits an annotation. */
function purposeOf(
  { workload, notObserved }: WorkloadProposal,
  rules: readonly ProposedRule[],
  directions: readonly Direction[] = [],
): string {
  const closed = directions
    .filter((direction) => notObserved.includes(direction))
    .map((direction) => `No ${direction.toLowerCase()} was seen: it is closed.`);
  const lines = [`Seen of ${workload.kind} ${workload.name}.`, ...closed, ...rules.map(purposeLine)];
  let text = '';
  for (const [index, line] of lines.entries()) {
    const rest = `\nand ${lines.length - index} more`;
    if (text.length + line.length + rest.length > MAX_PURPOSE_LENGTH) {
      return text + rest;
    }
    text += index === 0 ? line : `\n${line}`;
  }
  return text;
}

function purposeLine({ direction, peers, ports, evidence }: ProposedRule): string {
  const [first] = peers;
  const others = peers.length > 1 ? ` and ${peers.length - 1} more` : '';
  const portText = ports.slice(0, 4).map(({ protocol, port }) => `${protocol} ${port}`);
  const morePorts = ports.length > portText.length ? ` and ${ports.length - portText.length} more` : '';
  const way = direction === 'Ingress' ? 'from' : 'to';
  const end = first === undefined ? '' : `${peerText(first)}${others}`;
  return `${direction} ${way} ${end} on ${portText.join(', ')}${morePorts}: ${evidenceText(evidence)}`;
}

function peerText(peer: ProposedPeer): string {
  return peer.kind === 'block' ? peer.cidr : `${peer.workload.namespace}/${peer.workload.name}`;
}

/** Names of objects, DNS labels each, and each only once. */
class Names {
  readonly #taken = new Set<string>();

  next(wanted: string): string {
    const base = wanted
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .slice(0, MAX_NAME_LENGTH)
      .replace(/-+$/, '');
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) {
      const suffix = `-${number}`;
      name = base.slice(0, MAX_NAME_LENGTH - suffix.length).replace(/-+$/, '') + suffix;
    }
    this.#taken.add(name);
    return name;
  }
}
