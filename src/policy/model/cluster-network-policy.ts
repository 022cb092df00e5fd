import { addressRangeOf } from '../intervals/addresses.ts';
import { isPortNumber, LAST_PORT, PROTOCOLS } from '../intervals/ports.ts';
import type { Action, ClusterNetworkPolicyModel, Direction, Peer, Rule, RulePort } from './cluster.ts';
import { listAt, ruleOf } from './policy-rule.ts';
import { EVERYTHING, readSelector, type Selector } from './selector.ts';
import { type Complain, fieldOf, isJson, quotable, textOf } from './untrusted.ts';

const MAX_ITEMS = 25;
const MAX_PRIORITY = 1000;
const ACTIONS = ['Accept', 'Deny', 'Pass'] as const;
const PEER_FIELDS = ['namespaces', 'pods', 'nodes', 'networks', 'domainNames'] as const;

/**
 * Reads an untrusted ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2. What the API server would refuse is
 * complained of; the caller then leaves the policy out
 * (https://network-policy-api.sigs.k8s.io/reference/spec/).
 */
export function readClusterNetworkPolicy(object: unknown, name: string, complain: Complain): ClusterNetworkPolicyModel {
  const spec = fieldOf(object, 'spec');
  const tier = fieldOf(spec, 'tier');
  if (tier !== 'Admin' && tier !== 'Baseline') {
    complain('spec.tier', `must be Admin or Baseline, not ${quotable(tier)}`);
  }
  const priority = fieldOf(spec, 'priority');
  const isPriority = typeof priority === 'number' && Number.isInteger(priority) && priority >= 0;
  if (!isPriority || priority > MAX_PRIORITY) {
    complain('spec.priority', `must be a number from 0 to ${MAX_PRIORITY}, not ${quotable(priority)}`);
  }
  return {
    kind: 'ClusterNetworkPolicy',
    name,
    tier: tier === 'Baseline' ? 'Baseline' : 'Admin',
    priority: isPriority ? priority : 0,
    ...readSubject(fieldOf(spec, 'subject'), complain),
    ingress: readTierRules(fieldOf(spec, 'ingress'), 'ingress', complain),
    egress: readTierRules(fieldOf(spec, 'egress'), 'egress', complain),
  };
}

interface PodSelection {
  readonly namespaceSelector: Selector;
  readonly podSelector: Selector;
}

function readSubject(subject: unknown, complain: Complain): PodSelection {
  const namespaces = fieldOf(subject, 'namespaces');
  const pods = fieldOf(subject, 'pods');
  if ((namespaces === undefined) === (pods === undefined)) {
    complain('spec.subject', 'must have exactly one of namespaces and pods');
  }
  return pods === undefined
    ? { namespaceSelector: readSelector(namespaces, 'spec.subject.namespaces', complain), podSelector: EVERYTHING }
    : readPodSelection(pods, 'spec.subject.pods', complain);
}

function readPodSelection(pods: unknown, path: string, complain: Complain): PodSelection {
  if (!isJson(fieldOf(pods, 'podSelector'))) {
    complain(`${path}.podSelector`, 'must be a label selector; {} selects every pod');
  }
  return {
    namespaceSelector: readSelector(fieldOf(pods, 'namespaceSelector'), `${path}.namespaceSelector`, complain),
    podSelector: readSelector(fieldOf(pods, 'podSelector'), `${path}.podSelector`, complain),
  };
}

function readTierRules(value: unknown, direction: Direction, complain: Complain): readonly Rule[] {
  const path = `spec.${direction}`;
  return boundedList(value, path, complain).map((rule, index) =>
    readTierRule(rule, { direction, path: `${path}[${index}]` }, complain),
  );
}

function readTierRule(
  rule: unknown,
  at: { readonly direction: Direction; readonly path: string },
  complain: Complain,
): Rule {
  const written = fieldOf(rule, 'action');
  const action: Action | undefined = ACTIONS.find((known) => known === written);
  if (action === undefined) {
    complain(`${at.path}.action`, `must be Accept, Deny or Pass, not ${quotable(written)}`);
  }
  const peersField = at.direction === 'egress' ? 'to' : 'from';
  const items = boundedList(fieldOf(rule, peersField), `${at.path}.${peersField}`, complain);
  if (items.length === 0) {
    complain(`${at.path}.${peersField}`, 'must have at least one item');
  }
  const read = items.map((peer, index) =>
    readTierPeer(peer, { direction: at.direction, path: `${at.path}.${peersField}[${index}]` }, complain),
  );
  const peers = read.filter((peer) => peer !== undefined);
  const protocols = fieldOf(rule, 'protocols');
  const ports = boundedList(protocols, `${at.path}.protocols`, complain).map((item, index) =>
    readTierPort(item, `${at.path}.protocols[${index}]`, complain),
  );
  checkCombination(
    { action, peers, ports, isEmptyList: protocols !== undefined && ports.length === 0 },
    at.path,
    complain,
  );
  const text = textOf(rule, 'name');
  const name = text === undefined ? {} : { name: quotable(text) };
  if (peers.length < read.length) {
    return failingClosed(action ?? 'Deny', name);
  }
  return ruleOf({
    ...name,
    action: action ?? 'Deny',
    peers,
    ...(ports.length === 0 ? {} : { ports }),
  });
}

/** An implementation that does not know a peer must not accept by it, and must deny where the rule denies or passes. */
function failingClosed(action: Action, name: { readonly name?: string }): Rule {
  return action === 'Accept'
    ? { ...name, action, peers: [], blocks: [], failsClosed: true }
    : { ...name, action: 'Deny', blocks: [], failsClosed: true };
}

function checkCombination(
  rule: {
    readonly action: Action | undefined;
    readonly peers: readonly Peer[];
    readonly ports: readonly RulePort[];
    readonly isEmptyList: boolean;
  },
  path: string,
  complain: Complain,
): void {
  if (rule.isEmptyList) {
    complain(`${path}.protocols`, 'must have at least one item, or be left out');
  }
  const hasNamedPort = rule.ports.some(({ kind }) => kind === 'named');
  if (hasNamedPort && rule.peers.some(({ kind }) => kind === 'block' || kind === 'nodes' || kind === 'domains')) {
    complain(path, 'networks, nodes and domainNames have no named ports');
  }
  if (rule.action !== 'Accept' && rule.peers.some(({ kind }) => kind === 'domains')) {
    complain(path, 'domainNames may only be accepted');
  }
}

/** Undefined for a peer with no field that is known for its direction. */
function readTierPeer(
  peer: unknown,
  at: { readonly direction: Direction; readonly path: string },
  complain: Complain,
): Peer | undefined {
  if (!isJson(peer)) {
    complain(at.path, `must be a peer, not ${quotable(peer)}`);
    return undefined;
  }
  const fields = PEER_FIELDS.filter((field) => fieldOf(peer, field) !== undefined);
  if (fields.length > 1 || Object.keys(peer).length === 0) {
    complain(at.path, 'must have exactly one field');
  }
  const field = fields[0];
  if (field === undefined) {
    return undefined;
  }
  if (at.direction === 'ingress' && field !== 'namespaces' && field !== 'pods') {
    return undefined;
  }
  const value = fieldOf(peer, field);
  const path = `${at.path}.${field}`;
  switch (field) {
    case 'namespaces':
      return { kind: 'pods', namespaceSelector: readSelector(value, path, complain), podSelector: EVERYTHING };
    case 'pods':
      return { kind: 'pods', ...readPodSelection(value, path, complain) };
    case 'nodes':
      return { kind: 'nodes', selector: readSelector(value, path, complain) };
    case 'networks':
      return readNetworks(value, path, complain);
    case 'domainNames':
      return { kind: 'domains', names: boundedList(value, path, complain).map(quotable) };
  }
}

function readNetworks(value: unknown, path: string, complain: Complain): Peer {
  const networks = boundedList(value, path, complain);
  if (networks.length === 0) {
    complain(path, 'must have at least one block');
  }
  const ranges = networks.flatMap((network, index) => {
    const range = typeof network === 'string' ? addressRangeOf(network) : undefined;
    if (range === undefined) {
      complain(`${path}[${index}]`, `must be a block such as 10.0.0.0/8 or fd00::/8, not ${quotable(network)}`);
    }
    return range ?? [];
  });
  const rule = ruleOf({
    action: 'Accept',
    peers: ranges.map((range) => ({ kind: 'block', text: '', addresses: [range] })),
  });
  return { kind: 'block', text: networks.map(quotable).join(', '), addresses: rule.blocks };
}

function readTierPort(item: unknown, path: string, complain: Complain): RulePort {
  const name = fieldOf(item, 'destinationNamedPort');
  const fields = PROTOCOLS.filter((protocol) => fieldOf(item, protocol.toLowerCase()) !== undefined);
  if (fields.length + (name === undefined ? 0 : 1) !== 1) {
    complain(path, 'must have exactly one of tcp, udp, sctp and destinationNamedPort');
  }
  if (typeof name === 'string') {
    return { kind: 'named', name };
  }
  const protocol = fields[0] ?? 'TCP';
  const port = fieldOf(item, protocol.toLowerCase(), 'destinationPort');
  const at = `${path}.${protocol.toLowerCase()}.destinationPort`;
  return { kind: 'numbers', protocol, ...readDestinationPort(port, at, complain) };
}

function readDestinationPort(
  port: unknown,
  path: string,
  complain: Complain,
): { readonly first: number; readonly last: number } {
  if (port === undefined) {
    return { first: 1, last: LAST_PORT };
  }
  const number = fieldOf(port, 'number');
  const range = fieldOf(port, 'range');
  if ((number === undefined) === (range === undefined)) {
    complain(path, 'must have exactly one of number and range');
  }
  const first = number ?? fieldOf(range, 'start');
  const last = number ?? fieldOf(range, 'end');
  if (!isPortNumber(first) || !isPortNumber(last) || (number === undefined && first >= last)) {
    complain(path, `must be a port from 1 to ${LAST_PORT}, or a range that starts before it ends`);
    return { first: 1, last: 1 };
  }
  return { first, last };
}

function boundedList(value: unknown, path: string, complain: Complain): readonly unknown[] {
  const items = listAt(value, path, complain);
  if (items.length > MAX_ITEMS) {
    complain(path, `may not have more than ${MAX_ITEMS} items`);
  }
  return items;
}
