/**
 * A second evaluator, slow and plain, written from the API's text alone: it reads the objects as they are, asks one
 * connection at a time, and shares no code with src/policy. Addresses must be known, and objects valid.
 */

/** A JSON object as a manifest has it. */
export type Raw = Readonly<Record<string, unknown>>;

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
  const isHost = [from, to].some(isHostNetwork);
  const outcomes = new Set<Outcome>();
  for (const [source, destination] of pathsBetween(ipsOf(from, connection.from), ipsOf(to, connection.to))) {
    for (const hostIsPod of isHost ? [true, false] : [true]) {
      const seen = (pod: Raw | undefined): Raw | undefined => (!hostIsPod && isHostNetwork(pod) ? undefined : pod);
      const one = party(seen(from), source);
      const other = party(seen(to), destination);
      for (const outcome of bothEnds(objects, one, other, connection)) {
        outcomes.add(outcome);
      }
    }
  }
  const kind = kindOf(outcomes);
  return kind === 'denied' && isHost && isSameNode(from, to) ? 'undefined' : kind;
}

function kindOf(outcomes: ReadonlySet<Outcome>): 'allowed' | 'denied' | 'undefined' {
  if (outcomes.size !== 1) {
    return 'undefined';
  }
  return outcomes.has('allow') ? 'allowed' : 'denied';
}

/** "Traffic to and from the node where a pod is running is always allowed": not everywhere. */
function isSameNode(from: Raw | undefined, to: Raw | undefined): boolean {
  const node = get(from, 'spec', 'nodeName');
  return node !== undefined && node === get(to, 'spec', 'nodeName');
}

function isHostNetwork(pod: Raw | undefined): boolean {
  return get(pod, 'spec', 'hostNetwork') === true;
}

function pathsBetween(
  sources: readonly string[],
  destinations: readonly string[],
): readonly (readonly [string, string])[] {
  return sources.flatMap((source) =>
    destinations
      .filter((destination) => source.includes(':') === destination.includes(':'))
      .map((destination) => [source, destination] as const),
  );
}

function bothEnds(objects: readonly Raw[], from: Party, to: Party, connection: Connection): readonly Outcome[] {
  const egress = oneEnd(objects, { direction: 'egress', local: from, remote: to, connection });
  const ingress = oneEnd(objects, { direction: 'ingress', local: to, remote: from, connection });
  return [...egress].flatMap((out) =>
    [...ingress].map((into) => (out === 'allow' && into === 'allow' ? ('allow' as const) : ('deny' as const))),
  );
}

function party(pod: Raw | undefined, ip: string): Party {
  return pod === undefined ? { ip } : { pod, ip };
}

interface EndAt {
  readonly direction: 'egress' | 'ingress';
  readonly local: Party;
  readonly remote: Party;
  readonly connection: Connection;
}

function oneEnd(objects: readonly Raw[], end: EndAt): ReadonlySet<Outcome> {
  const { pod } = end.local;
  if (pod === undefined) {
    return new Set<Outcome>(['allow']);
  }
  const admin = tier(objects, 'Admin', { ...end, pod });
  const policies = objects.filter((policy) => policy.kind === 'NetworkPolicy' && isolates(policy, end.direction, pod));
  const next =
    policies.length > 0
      ? byPolicies(objects, policies, { ...end, pod })
      : outcomesOf(tier(objects, 'Baseline', { ...end, pod }), ['allow']);
  return outcomesOf(admin, next);
}

/** What passes goes on to the next tier. */
function outcomesOf(actions: ReadonlySet<unknown>, passed: Iterable<Outcome>): ReadonlySet<Outcome> {
  return new Set<Outcome>([
    ...(actions.has('Accept') ? (['allow'] as const) : []),
    ...(actions.has('Deny') ? (['deny'] as const) : []),
    ...(actions.has('Pass') ? passed : []),
  ]);
}

function byPolicies(
  objects: readonly Raw[],
  policies: readonly Raw[],
  end: EndAt & { readonly pod: Raw },
): readonly Outcome[] {
  if (!['TCP', 'UDP', 'SCTP'].includes(end.connection.protocol)) {
    return ['allow', 'deny'];
  }
  const isAllowed = policies.some((policy) =>
    list(get(policy, 'spec', end.direction)).some((rule) => networkPolicyRule(objects, { ...end, policy, rule })),
  );
  return [isAllowed ? 'allow' : 'deny'];
}

/** "If two policies of the same priority could match a connection, the implementation can apply any of them." */
function tier(objects: readonly Raw[], name: string, end: EndAt & { readonly pod: Raw }): ReadonlySet<unknown> {
  const policies = objects.filter(
    (policy) =>
      policy.kind === 'ClusterNetworkPolicy' &&
      get(policy, 'spec', 'tier') === name &&
      isSubject(objects, policy, end.pod),
  );
  const priorities = [...new Set(policies.map((policy) => Number(get(policy, 'spec', 'priority'))))];
  for (const priority of priorities.sort((a, b) => a - b)) {
    const actions = policies
      .filter((policy) => get(policy, 'spec', 'priority') === priority)
      .flatMap((policy) => {
        const rules = list(get(policy, 'spec', end.direction));
        const rule = rules.find((item) => clusterRule(objects, { ...end, rule: item }));
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
