import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import type { Peer, Rule, RulePort } from '../model/cluster.ts';
import { isMet, type Labels, requirementText, type Selector } from '../model/selector.ts';
import { YES } from './certainty.ts';
import type { Lack, NearestMiss } from './explanation.ts';
import { type Meeting, matchesPort, namedPort, peerCertainty } from './rule-match.ts';

/** An item of a list with what keeps it from matching. */
interface Miss {
  readonly index?: number;
  readonly lacks: readonly Lack[];
}

/** The rule of a policy that comes closest to matching, with what the connection lacks for it. */
export function nearestMissOf(
  compiled: CompiledCluster,
  rules: readonly Rule[],
  namespace: string | undefined,
  meeting: Meeting,
): NearestMiss {
  let nearest: (NearestMiss & { readonly distance: number }) | undefined;
  for (const [index, rule] of rules.entries()) {
    const peer = closest(rule.peers?.map((item) => peerLacks(compiled, item, namespace, meeting)));
    const port = closest(rule.ports?.map((item) => portLacks(item, meeting)));
    const lacks = [...peer.lacks, ...port.lacks];
    const distance = distanceOf(lacks);
    if (nearest === undefined || distance < nearest.distance) {
      nearest = {
        rule: index,
        ...(rule.name === undefined ? {} : { ruleName: rule.name }),
        ...(peer.index === undefined ? {} : { peer: peer.index }),
        ...(port.index === undefined ? {} : { port: port.index }),
        lacks,
        distance,
      };
    }
  }
  if (nearest === undefined) {
    return { lacks: [{ kind: 'rule' }] };
  }
  const { distance: _, ...miss } = nearest;
  return miss;
}

/** The item with the fewest lacks, the first of several; nothing is lacking where there is no list. */
function closest(items: readonly (readonly Lack[])[] | undefined): Miss {
  if (items === undefined) {
    return { lacks: [] };
  }
  let best: Miss | undefined;
  for (const [index, lacks] of items.entries()) {
    if (best === undefined || distanceOf(lacks) < distanceOf(best.lacks)) {
      best = { index, lacks };
    }
  }
  return best ?? { lacks: [{ kind: 'rule' }] };
}

/** A label is easier to have than to be of another namespace, to be a pod at all, or to be at another address. */
function distanceOf(lacks: readonly Lack[]): number {
  return lacks.reduce((sum, lack) => {
    switch (lack.kind) {
      case 'podLabels':
      case 'namespaceLabels':
        return sum + lack.wanted.length;
      case 'port':
      case 'protocol':
      case 'portName':
        return sum + 1;
      case 'namespace':
        return sum + 2;
      case 'address':
      case 'pod':
      case 'rule':
        return sum + 4;
    }
  }, 0);
}

function peerLacks(
  compiled: CompiledCluster,
  peer: Peer,
  namespace: string | undefined,
  meeting: Meeting,
): readonly Lack[] {
  const { remote } = meeting;
  if (peerCertainty(compiled, peer, namespace, remote) === YES) {
    return [];
  }
  switch (peer.kind) {
    case 'block':
      return [{ kind: 'address', wanted: peer.text }];
    case 'nodes':
      return [{ kind: 'address', wanted: peer.selector.text === '' ? 'every node' : `nodes ${peer.selector.text}` }];
    case 'domains':
      return [{ kind: 'address', wanted: peer.names.join(', ') }];
    case 'pods':
      return selectorLacks(compiled, peer, namespace, meeting);
  }
}

function selectorLacks(
  compiled: CompiledCluster,
  peer: Peer & { readonly kind: 'pods' },
  namespace: string | undefined,
  { remote }: Meeting,
): readonly Lack[] {
  const { pod } = remote;
  if (pod === undefined || (namespace === undefined && pod.isHostNetwork)) {
    return [{ kind: 'pod' }];
  }
  const lacks: Lack[] = [];
  if (peer.namespaceSelector === undefined) {
    if (pod.namespace !== namespace && namespace !== undefined) {
      lacks.push({ kind: 'namespace', wanted: namespace });
    }
  } else {
    const wanted = unmet(peer.namespaceSelector, compiled.namespaceLabels(pod.namespace));
    if (wanted.length > 0) {
      lacks.push({ kind: 'namespaceLabels', namespace: pod.namespace, wanted });
    }
  }
  const wanted = unmet(peer.podSelector, pod.labels);
  return wanted.length === 0 ? lacks : [...lacks, { kind: 'podLabels', wanted }];
}

function unmet(selector: Selector, labels: Labels): readonly string[] {
  return selector.requirements.filter((requirement) => !isMet(requirement, labels)).map(requirementText);
}

function portLacks(port: RulePort, meeting: Meeting): readonly Lack[] {
  if (matchesPort(port, meeting)) {
    return [];
  }
  const { traffic } = meeting;
  if (port.kind === 'numbers') {
    const hasNumber = traffic.protocol !== 'other' && port.first <= traffic.port && traffic.port <= port.last;
    const isSameProtocol = port.protocol === traffic.protocol;
    return [{ kind: hasNumber && !isSameProtocol ? 'protocol' : 'port', wanted: numbersText(port) }];
  }
  const protocol = port.protocol ?? (traffic.protocol === 'other' ? undefined : traffic.protocol);
  const destination = meeting.direction === 'ingress' ? meeting.local.pod : meeting.remote.pod;
  const declared = protocol === undefined ? undefined : namedPort(destination, { name: port.name, protocol });
  return [
    {
      kind: 'portName',
      wanted: port.protocol === undefined ? port.name : `${port.protocol} ${port.name}`,
      ...(declared === undefined ? {} : { is: declared.port }),
    },
  ];
}

function numbersText({ protocol, first, last }: RulePort & { readonly kind: 'numbers' }): string {
  if (first === last) {
    return `${protocol} ${first}`;
  }
  return first === 1 && last === 65_535 ? `${protocol} every port` : `${protocol} ${first}-${last}`;
}
