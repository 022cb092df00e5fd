import { coveringBlocks, hostBlock } from './address.ts';
import type { ResolvedEnd, ResolvedFlow } from './cleaned-flows.ts';
import type { ClusterLookup } from './cluster-lookup.ts';
import { evidenceOf } from './evidence.ts';
import { directionsWithout, type Observation } from './observation.ts';
import type { AddressQuestion, ProposedPeer, ProposedPort, ProposedRule, WorkloadProposal } from './proposal.ts';
import type { Direction, SetAside, SetAsideReason } from './set-aside.ts';
import { type Subject, type SubjectSelector, selectorFor, subjectOf, subjectOfWorkload } from './subject.ts';

/** From this many addresses outside on one port a question is asked instead of a list made. */
const ADDRESSES_TO_ASK_ABOUT = 8;
/** Blocks that a question offers, of each family. */
const MAX_BLOCKS = 8;
const MAX_EXAMPLES = 8;

/** {@link proposalsFor} */
export interface Proposals {
  readonly proposals: readonly WorkloadProposal[];
  readonly questions: readonly AddressQuestion[];
  readonly setAside: readonly SetAside[];
}

/** One use of a workload by the other end of a flow. */
interface Use {
  readonly flow: ResolvedFlow;
  readonly direction: Direction;
  readonly peer: ProposedPeer;
}

interface Usage {
  readonly subject: Subject;
  readonly selector: SubjectSelector;
  readonly uses: Use[];
}

/**
 * The rules that each workload needs for the traffic that was seen, and the questions that a person has to decide. A
 * flow between pods makes two rules: the egress of one end and the ingress of the other. `setAside` are flows that are
 * part of the cleaned ones and not proposed in one direction. Only for workloads of `namespaces`.
 */
export function proposalsFor(wanted: {
  readonly flows: readonly ResolvedFlow[];
  readonly lookup: ClusterLookup;
  readonly namespaces: ReadonlySet<string>;
  readonly observed: Observation;
}): Proposals {
  const { flows, lookup, namespaces, observed } = wanted;
  const collection = new Collection(flows, lookup);
  for (const flow of flows) {
    if (flow.from.kind === 'pod' && namespaces.has(flow.from.namespace)) {
      collection.add({ flow, direction: 'Egress', pod: flow.from, other: flow.to });
    }
    if (flow.to.kind === 'pod' && namespaces.has(flow.to.namespace)) {
      collection.add({ flow, direction: 'Ingress', pod: flow.to, other: flow.from });
    }
  }
  const usages = [...collection.usages.values()];
  const asked = usages.map((usage) => ({ usage, questions: questionsOf(usage) }));
  return {
    proposals: asked
      .map(({ usage, questions }) => proposalOf({ usage, questions, observed }))
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    questions: asked.flatMap(({ questions }) => questions.map(({ question }) => question)),
    setAside: collection.setAside,
  };
}

/** Gathers uses by workload, and what cannot be said with labels. */
class Collection {
  readonly usages = new Map<string, Usage>();
  readonly setAside: SetAside[] = [];
  readonly #lookup: ClusterLookup;
  readonly #subjects = new Map<string, Subject>();
  readonly #selectors = new Map<string, SubjectSelector | undefined>();

  constructor(flows: readonly ResolvedFlow[], lookup: ClusterLookup) {
    this.#lookup = lookup;
    const namespaces = new Set<string>();
    for (const { from, to } of flows) {
      for (const end of [from, to]) {
        if (end.kind === 'pod') {
          const subject = subjectOf(end, lookup);
          this.#subjects.set(subject.key, subject);
          namespaces.add(end.namespace);
        }
      }
    }
    for (const workload of [...namespaces].flatMap((namespace) => lookup.workloadsIn(namespace))) {
      const subject = subjectOfWorkload(workload);
      this.#subjects.set(subject.key, subject);
    }
  }

  add(use: {
    readonly flow: ResolvedFlow;
    readonly direction: Direction;
    readonly pod: Extract<ResolvedEnd, { kind: 'pod' }>;
    readonly other: ResolvedEnd;
  }): void {
    const { flow, direction, pod, other } = use;
    const subject = subjectOf(pod, this.#lookup);
    const selector = this.#selectorOf(subject);
    const peer = this.#peerOf(other);
    if (selector === undefined || typeof peer === 'string') {
      const reason = selector === undefined ? 'NoLabels' : peer;
      this.setAside.push({ flow, direction, reason: typeof reason === 'string' ? reason : 'NoLabels' });
      return;
    }
    const usage = this.usages.get(subject.key) ?? { subject, selector, uses: [] };
    this.usages.set(subject.key, usage);
    usage.uses.push({ flow, direction, peer });
  }

  #peerOf(end: ResolvedEnd): ProposedPeer | SetAsideReason {
    if (end.kind === 'pod') {
      const subject = subjectOf(end, this.#lookup);
      const selector = this.#selectorOf(subject);
      const { namespace, kind, name } = subject;
      return selector === undefined
        ? 'PeerWithoutLabels'
        : { kind: 'workload', workload: { namespace, kind, name }, selector };
    }
    if (end.address === undefined) {
      return 'NoAddress';
    }
    return { kind: 'block', cidr: hostBlock(end.address), isApiServer: end.kind === 'apiserver' };
  }

  #selectorOf(subject: Subject): SubjectSelector | undefined {
    if (!this.#selectors.has(subject.key)) {
      this.#selectors.set(subject.key, selectorFor(subject, [...this.#subjects.values()]));
    }
    return this.#selectors.get(subject.key);
  }
}

function nameOf({ workload: { namespace, kind, name } }: WorkloadProposal): string {
  return `${namespace}/${name}/${kind}`;
}

interface Asked {
  readonly question: AddressQuestion;
  readonly uses: readonly Use[];
}

/** A question for each direction and port with too many addresses outside the cluster to list. */
function questionsOf({ subject, selector, uses }: Usage): readonly Asked[] {
  const outside = uses.filter(({ peer }) => peer.kind === 'block' && !peer.isApiServer);
  const byPort = Map.groupBy(outside, ({ direction, flow }) => `${direction} ${portKey(flow)}`);
  const { namespace, kind, name } = subject;
  return [...byPort.values()].flatMap((group) => {
    const [first] = group;
    const cidrs = [...new Set(group.map(({ peer }) => (peer.kind === 'block' ? peer.cidr : '')))];
    if (first === undefined || cidrs.length < ADDRESSES_TO_ASK_ABOUT) {
      return [];
    }
    const question: AddressQuestion = {
      workload: { namespace, kind, name },
      selector,
      direction: first.direction,
      port: { protocol: first.flow.protocol, port: first.flow.port },
      addresses: cidrs.length,
      examples: cidrs.slice(0, MAX_EXAMPLES),
      blocks: coveringBlocks(cidrs, MAX_BLOCKS),
      evidence: evidenceOf(group.map(({ flow }) => flow)),
    };
    return [{ question, uses: group }];
  });
}

function proposalOf(wanted: {
  readonly usage: Usage;
  readonly questions: readonly Asked[];
  readonly observed: Observation;
}): WorkloadProposal {
  const { subject, selector, uses } = wanted.usage;
  const asked = new Set(wanted.questions.flatMap((question) => question.uses));
  const proposed = uses.filter((use) => !asked.has(use));
  const { namespace, kind, name } = subject;
  return {
    workload: { namespace, kind, name },
    selector,
    rules: (['Ingress', 'Egress'] as const).flatMap((direction) =>
      rulesOf(
        direction,
        proposed.filter((use) => use.direction === direction),
      ),
    ),
    notObserved: directionsWithout(wanted.observed, subject.key),
  };
}

/**
 * One rule for all peers that use the same ports: short, and it never allows a pair of peer and port that was not
 * seen.
 */
function rulesOf(direction: Direction, uses: readonly Use[]): readonly ProposedRule[] {
  const byPeer = [...Map.groupBy(uses, ({ peer }) => peerKey(peer)).values()].map((group) => ({
    group,
    ports: portsOf(group),
  }));
  const byPorts = Map.groupBy(byPeer, ({ ports }) => ports.map(portKey).join(','));
  return [...byPorts.values()].map((sets) => ({
    direction,
    peers: sets.flatMap(({ group: [first] }) => (first === undefined ? [] : [first.peer])).sort(byPeerKey),
    ports: sets[0]?.ports ?? [],
    evidence: evidenceOf(sets.flatMap(({ group }) => group.map(({ flow }) => flow))),
  }));
}

function portsOf(uses: readonly Use[]): readonly ProposedPort[] {
  const ports = new Map(uses.map(({ flow: { protocol, port } }) => [portKey({ protocol, port }), { protocol, port }]));
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

function portKey({ protocol, port }: ProposedPort): string {
  return `${protocol} ${port}`;
}

function byPeerKey(a: ProposedPeer, b: ProposedPeer): number {
  return peerKey(a) < peerKey(b) ? -1 : 1;
}

function peerKey(peer: ProposedPeer): string {
  if (peer.kind === 'block') {
    return `block ${peer.cidr}`;
  }
  const { namespace, kind, name } = peer.workload;
  return `workload ${namespace}/${kind}/${name} ${JSON.stringify(peer.selector.matchLabels)}`;
}
