/**
 * A second evaluator, slow and plain, written from the API's text alone: it reads the objects as they are, asks one
 * connection at a time, and shares no code with src/policy. Addresses must be known, and objects valid.
 */

/** A JSON object as a manifest has it. */
export interface Raw {
  readonly [field: string]: unknown;
}

/** One connection: ends are `namespace/name` of a pod, or an address. */
export interface Connection {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}

type Outcome = 'allow' | 'deny';

interface Party {
  readonly pod?: Raw;
  readonly ip: string;
}

/** Every possible outcome, over both families, and over both ways to see host network pods. */
export function bruteForceVerdict(objects: readonly Raw[], connection: Connection): 'allowed' | 'denied' | 'undefined' {
  const from = podAt(objects, connection.from);
  const to = podAt(objects, connection.to);
  if (from !== undefined && from === to) {
    return 'allowed';
  }
  const outcomes = new Set<Outcome>();
  const sources = ipsOf(from, connection.from);
  const destinations = ipsOf(to, connection.to);
  const isHost = [from, to].some((pod) => get(pod, 'spec', 'hostNetwork') === true);
  for (const source of sources) {
    for (const destination of destinations) {
      if (source.includes(':') !== destination.includes(':')) {
        continue;
      }
      for (const hostIsPod of isHost ? [true, false] : [true]) {
        const seen = (pod: Raw | undefined): Raw | undefined =>
          !hostIsPod && get(pod, 'spec', 'hostNetwork') === true ? undefined : pod;
        const egress = oneEnd(objects, 'egress', party(seen(from), source), party(seen(to), destination), connection);
        const ingress = oneEnd(objects, 'ingress', party(seen(to), destination), party(seen(from), source), connection);
        for (const out of egress) {
          for (const into of ingress) {
            outcomes.add(out === 'allow' && into === 'allow' ? 'allow' : 'deny');
          }
        }
      }
    }
  }
  if (outcomes.size !== 1) {
    return 'undefined';
  }
  if (outcomes.has('allow')) {
    return 'allowed';
  }
  const node = get(from, 'spec', 'nodeName');
  return isHost && node !== undefined && node === get(to, 'spec', 'nodeName') ? 'undefined' : 'denied';
}

function party(pod: Raw | undefined, ip: string): Party {
  return pod === undefined ? { ip } : { pod, ip };
}

function oneEnd(
  objects: readonly Raw[],
  direction: 'egress' | 'ingress',
  local: Party,
  remote: Party,
  connection: Connection,
): Set<Outcome> {
  if (local.pod === undefined) {
    return new Set<Outcome>(['allow']);
  }
  const pod = local.pod;
  const admin = tier(objects, 'Admin', direction, pod, remote, connection);
  const outcomes = new Set<Outcome>();
  if (admin.has('Accept')) {
    outcomes.add('allow');
  }
  if (admin.has('Deny')) {
    outcomes.add('deny');
  }
  if (!admin.has('Pass')) {
    return outcomes;
  }
  const policies = objects.filter((policy) => policy.kind === 'NetworkPolicy' && isolates(policy, direction, pod));
  if (policies.length > 0) {
    if (!['TCP', 'UDP', 'SCTP'].includes(connection.protocol)) {
      return outcomes.add('allow').add('deny');
    }
    const isAllowed = policies.some((policy) =>
      list(get(policy, 'spec', direction)).some((rule) =>
        networkPolicyRule(objects, { policy, rule, direction, pod, remote, connection }),
      ),
    );
    return outcomes.add(isAllowed ? 'allow' : 'deny');
  }
  const baseline = tier(objects, 'Baseline', direction, pod, remote, connection);
  if (baseline.has('Accept') || baseline.has('Pass')) {
    outcomes.add('allow');
  }
  if (baseline.has('Deny')) {
    outcomes.add('deny');
  }
  return outcomes;
}

/** "If two policies of the same priority could match a connection, the implementation can apply any of them." */
function tier(
  objects: readonly Raw[],
  name: string,
  direction: 'egress' | 'ingress',
  pod: Raw,
  remote: Party,
  connection: Connection,
): Set<unknown> {
  const policies = objects.filter(
    (policy) =>
      policy.kind === 'ClusterNetworkPolicy' && get(policy, 'spec', 'tier') === name && isSubject(objects, policy, pod),
  );
  const priorities = [...new Set(policies.map((policy) => Number(get(policy, 'spec', 'priority'))))].sort(
    (a, b) => a - b,
  );
  for (const priority of priorities) {
    const actions = policies
      .filter((policy) => get(policy, 'spec', 'priority') === priority)
      .flatMap((policy) => {
        const rule = list(get(policy, 'spec', direction)).find((item) =>
          clusterRule(objects, { rule: item, direction, pod, remote, connection }),
        );
        return rule === undefined ? [] : [get(rule, 'action')];
      });
    if (actions.length > 0) {
      return new Set(actions);
    }
  }
  return new Set(['Pass']);
}

function isSubject(objects: readonly Raw[], policy: Raw, pod: Raw): boolean {
  const subject = get(policy, 'spec', 'subject');
  return get(pod, 'spec', 'hostNetwork') !== true && isPodOf(objects, subject, pod);
}

/** A subject or peer with `namespaces` or `pods`. */
function isPodOf(objects: readonly Raw[], selection: unknown, pod: Raw): boolean {
  const namespace = namespaceLabels(objects, get(pod, 'metadata', 'namespace'));
  const namespaces = get(selection, 'namespaces');
  if (namespaces !== undefined) {
    return select(namespaces, namespace);
  }
  const pods = get(selection, 'pods');
  return (
    pods !== undefined &&
    select(get(pods, 'namespaceSelector'), namespace) &&
    select(get(pods, 'podSelector'), get(pod, 'metadata', 'labels'))
  );
}

interface RuleAt {
  readonly rule: unknown;
  readonly direction: 'egress' | 'ingress';
  readonly pod: Raw;
  readonly remote: Party;
  readonly connection: Connection;
}

function clusterRule(objects: readonly Raw[], { rule, direction, pod, remote, connection }: RuleAt): boolean {
  const peers = list(get(rule, direction === 'egress' ? 'to' : 'from'));
  const isPeer = peers.some((peer) => {
    const networks = get(peer, 'networks');
    if (networks !== undefined) {
      return list(networks).some((cidr) => inCidr(remote.ip, String(cidr)));
    }
    const nodes = get(peer, 'nodes');
    if (nodes !== undefined) {
      return objects.some(
        (node) =>
          node.kind === 'Node' &&
          select(nodes, get(node, 'metadata', 'labels')) &&
          list(get(node, 'status', 'addresses')).some((item) => get(item, 'address') === remote.ip),
      );
    }
    return (
      remote.pod !== undefined && get(remote.pod, 'spec', 'hostNetwork') !== true && isPodOf(objects, peer, remote.pod)
    );
  });
  const protocols = get(rule, 'protocols');
  const target = direction === 'ingress' ? pod : remote.pod;
  return isPeer && (protocols === undefined || list(protocols).some((item) => clusterPort(item, target, connection)));
}

function clusterPort(item: unknown, target: Raw | undefined, { protocol, port }: Connection): boolean {
  const name = get(item, 'destinationNamedPort');
  if (name !== undefined) {
    return numberOfName(target, name, protocol) === port;
  }
  const own = get(item, protocol.toLowerCase());
  if (own === undefined) {
    return false;
  }
  const destination = get(own, 'destinationPort');
  const range = get(destination, 'range');
  if (destination === undefined) {
    return true;
  }
  return range === undefined
    ? get(destination, 'number') === port
    : Number(get(range, 'start')) <= port && port <= Number(get(range, 'end'));
}

function isolates(policy: Raw, direction: 'egress' | 'ingress', pod: Raw): boolean {
  if (get(policy, 'metadata', 'namespace') !== get(pod, 'metadata', 'namespace')) {
    return false;
  }
  if (!select(get(policy, 'spec', 'podSelector'), get(pod, 'metadata', 'labels'))) {
    return false;
  }
  const types = list(get(policy, 'spec', 'policyTypes'));
  if (types.length > 0) {
    return types.includes(direction === 'egress' ? 'Egress' : 'Ingress');
  }
  return direction === 'ingress' || list(get(policy, 'spec', 'egress')).length > 0;
}

function networkPolicyRule(objects: readonly Raw[], at: RuleAt & { readonly policy: Raw }): boolean {
  const { rule, direction, pod, remote, connection, policy } = at;
  const ports = list(get(rule, 'ports'));
  const target = direction === 'ingress' ? pod : remote.pod;
  if (ports.length > 0 && !ports.some((item) => policyPort(item, target, connection))) {
    return false;
  }
  const peers = list(get(rule, direction === 'egress' ? 'to' : 'from'));
  return peers.length === 0 || peers.some((peer) => policyPeer(objects, policy, peer, remote));
}

function policyPort(item: unknown, target: Raw | undefined, { protocol, port }: Connection): boolean {
  if ((get(item, 'protocol') ?? 'TCP') !== protocol) {
    return false;
  }
  const wanted = get(item, 'port');
  if (wanted === undefined) {
    return true;
  }
  if (typeof wanted === 'string') {
    return numberOfName(target, wanted, protocol) === port;
  }
  return Number(wanted) <= port && port <= Number(get(item, 'endPort') ?? wanted);
}

function numberOfName(pod: Raw | undefined, name: unknown, protocol: string): unknown {
  for (const container of list(get(pod, 'spec', 'containers'))) {
    for (const item of list(get(container, 'ports'))) {
      if (get(item, 'name') === name && (get(item, 'protocol') ?? 'TCP') === protocol) {
        return get(item, 'containerPort');
      }
    }
  }
  return undefined;
}

function policyPeer(objects: readonly Raw[], policy: Raw, peer: unknown, remote: Party): boolean {
  const block = get(peer, 'ipBlock');
  if (block !== undefined) {
    const isExcepted = list(get(block, 'except')).some((cidr) => inCidr(remote.ip, String(cidr)));
    return inCidr(remote.ip, String(get(block, 'cidr'))) && !isExcepted;
  }
  if (remote.pod === undefined) {
    return false;
  }
  const namespace = get(remote.pod, 'metadata', 'namespace');
  const namespaceSelector = get(peer, 'namespaceSelector');
  const isNamespace =
    namespaceSelector === undefined
      ? namespace === get(policy, 'metadata', 'namespace')
      : select(namespaceSelector, namespaceLabels(objects, namespace));
  return isNamespace && select(get(peer, 'podSelector'), get(remote.pod, 'metadata', 'labels'));
}

function namespaceLabels(objects: readonly Raw[], name: unknown): unknown {
  const namespace = objects.find((object) => object.kind === 'Namespace' && get(object, 'metadata', 'name') === name);
  const labels = get(namespace, 'metadata', 'labels');
  return { ...(typeof labels === 'object' ? labels : {}), 'kubernetes.io/metadata.name': name };
}

function select(selector: unknown, labels: unknown): boolean {
  const matchLabels = get(selector, 'matchLabels');
  if (typeof matchLabels === 'object' && matchLabels !== null) {
    for (const [key, value] of Object.entries(matchLabels)) {
      if (get(labels, key) !== value) {
        return false;
      }
    }
  }
  return list(get(selector, 'matchExpressions')).every((expression) => {
    const value = get(labels, String(get(expression, 'key')));
    const isIn = list(get(expression, 'values')).includes(value);
    switch (get(expression, 'operator')) {
      case 'In':
        return value !== undefined && isIn;
      case 'NotIn':
        return value === undefined || !isIn;
      case 'Exists':
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}

function podAt(objects: readonly Raw[], name: string): Raw | undefined {
  return objects.find(
    (object) =>
      object.kind === 'Pod' &&
      `${String(get(object, 'metadata', 'namespace'))}/${String(get(object, 'metadata', 'name'))}` === name,
  );
}

function ipsOf(pod: Raw | undefined, ip: string): readonly string[] {
  return pod === undefined ? [ip] : list(get(pod, 'status', 'podIPs')).map((item) => String(get(item, 'ip')));
}

/** Bit by bit. */
function inCidr(ip: string, cidr: string): boolean {
  const [network = '', length = '0'] = cidr.split('/');
  if (ip.includes(':') !== network.includes(':')) {
    return false;
  }
  return bitsOf(ip).slice(0, Number(length)) === bitsOf(network).slice(0, Number(length));
}

function bitsOf(ip: string): string {
  if (!ip.includes(':')) {
    return ip
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  }
  const [head = '', tail] = ip.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('');
}

function get(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isRaw(current)) {
      return undefined;
    }
    current = current[field];
  }
  return current;
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
