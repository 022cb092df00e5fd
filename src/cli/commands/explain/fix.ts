import { API_VERSION } from '../../../api/names.ts';
import { fieldOf, fieldsOf, itemsOf } from '../../../base/json.ts';
import { type Direction, type EndName, INTERNET, type PairVerdict, type PodModel } from '../../../policy/index.ts';
import { filesOverCluster } from '../../objects/files-over-cluster.ts';
import { type JudgedCluster, judgedClusterOf, objectWith } from '../../objects/judged-cluster.ts';
import { baselineOf } from '../../objects/object-name.ts';
import type { SourcedObject } from '../../objects/objects-read.ts';
import { policyObject } from './explanation.ts';
import { type JudgedPort, judgedPort, type Way } from './judged-port.ts';
import type { KnownEnd } from './known-end.ts';
import { workloadLabels } from './workload-labels.ts';

/** What a fix is written as. */
export type FixForm = 'networkpolicy' | 'baselinepolicy';

/** The smallest change that would allow a connection. */
export interface Fix {
  readonly objects: readonly unknown[];
  /** Of all ports that were denied, once the objects are applied. */
  readonly verdict: 'allowed' | 'denied' | 'undefined';
  readonly notes: readonly string[];
}

/** What is asked of {@link fixFor}. */
export interface FixQuestion {
  readonly judged: JudgedCluster;
  /** Objects that were assumed to be there. */
  readonly assumed: readonly unknown[];
  readonly ends: { readonly from: KnownEnd; readonly to: KnownEnd };
  readonly ports: readonly JudgedPort[];
  readonly way: Way;
  readonly form: FixForm;
}

/** A rule for one end: it selects its pods, and names the other end and the ports. */
interface FixRule {
  readonly name: string;
  readonly namespace: string;
  readonly direction: Direction;
  readonly podSelector: unknown;
  readonly rule: unknown;
  /** The BaselinePolicy that owns a policy which selects the pod; empty without one. */
  readonly baseline: string;
}

/**
 * The rules that would allow what is denied, one for each end that denies it: the workload there, the workload or
 * addresses at the other end, and the ports, nothing more. The verdict is that of the engine with them applied. Undefined
 * where nothing is denied. Pure.
 */
export function fixFor(question: FixQuestion): Fix | undefined {
  const { judged, ports, form, ends, way } = question;
  const denied = ports.filter(({ kind, shown }) => kind !== 'allowed' && shown?.kind === 'denied');
  if (denied.length === 0) {
    return undefined;
  }
  const rules = (['egress', 'ingress'] as const).flatMap((direction) => ruleAt(question, denied, direction));
  const asBaseline = rules.filter(({ baseline }) => form === 'baselinepolicy' && baseline !== '');
  const asPolicies = rules.filter((rule) => !asBaseline.includes(rule));
  const objects = [...baselineObjects(judged, asBaseline), ...asPolicies.map(networkPolicyOf)];
  const files: readonly SourcedObject[] = objects.map((object) => ({ object, origin: FIX_ORIGIN }));
  const { read } = judged;
  const together = filesOverCluster(read.together, files, read.defaultNamespace);
  const after = judgedClusterOf({ ...read, together }, question.assumed);
  const kinds = denied.map(({ asked }) => judgedPort(after, ends, asked, way).kind);
  return {
    objects,
    verdict: kinds.find((kind) => kind !== 'allowed') ?? 'allowed',
    notes: notesOn(question, denied, rules),
  };
}

const FIX_ORIGIN = { kind: 'file', source: 'fix', line: 1, lineOf: () => 1 } as const;

function ruleAt(question: FixQuestion, denied: readonly JudgedPort[], direction: Direction): readonly FixRule[] {
  const { judged, ends } = question;
  const pairs = denied.flatMap(({ shown }) =>
    shown?.[direction].outcome === 'denied' && shown[direction].decidedBy === 'NetworkPolicy' ? [shown] : [],
  );
  const [pair] = pairs;
  if (pair === undefined) {
    return [];
  }
  const [localName, remoteName] = direction === 'egress' ? [pair.from, pair.to] : [pair.to, pair.from];
  const end = direction === 'egress' ? ends.to : ends.from;
  const local = podNamed(judged, localName);
  const remote = podNamed(judged, remoteName);
  if (local === undefined) {
    return [];
  }
  const peers = peersFor(judged, { remote, local, remoteText: remoteName.text, end });
  const ports = [...new Map(pairs.flatMap(portOf).map((port) => [JSON.stringify(port), port])).values()];
  const owners = pair[direction].policies.map(({ policy }) => baselineOf(policyObject(judged, policy)?.object));
  return [
    {
      name: fixName(direction, local, remote, end.asked),
      namespace: local.namespace,
      direction,
      podSelector: selectorOf(workloadLabels(judged.compiled, local)),
      rule: { [direction === 'egress' ? 'to' : 'from']: peers, ports },
      baseline: owners.find((owner) => owner !== '') ?? '',
    },
  ];
}

function portOf({ traffic }: PairVerdict): readonly unknown[] {
  return 'port' in traffic ? [{ protocol: traffic.protocol, port: traffic.port }] : [];
}

function podNamed({ compiled }: JudgedCluster, { kind, text }: EndName): PodModel | undefined {
  const named = kind === 'pod' ? (compiled.podsByName.get(text) ?? []) : [];
  return named.find(({ isRepresentative }) => !isRepresentative) ?? named[0];
}

function peersFor(
  { compiled }: JudgedCluster,
  at: {
    readonly remote: PodModel | undefined;
    readonly local: PodModel;
    readonly remoteText: string;
    readonly end: KnownEnd;
  },
): readonly unknown[] {
  const { remote, local, remoteText, end } = at;
  if (remote !== undefined && !remote.isHostNetwork) {
    const podSelector = selectorOf(workloadLabels(compiled, remote));
    return remote.namespace === local.namespace
      ? [{ podSelector }]
      : [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': remote.namespace } },
            podSelector,
          },
        ];
  }
  return end.endpoints.includes(INTERNET) ? internetPeers() : addressPeers(remoteText);
}

/** The blocks of both families without those that are not of the internet. */
function internetPeers(): readonly unknown[] {
  if (INTERNET.kind !== 'addresses') {
    return [];
  }
  const { cidrs, except = [] } = INTERNET;
  return cidrs.map((cidr) => ({
    ipBlock: { cidr, except: except.filter((block) => block.includes(':') === cidr.includes(':')) },
  }));
}

function addressPeers(text: string): readonly unknown[] {
  return text.split(', ').map((address) => ({
    ipBlock: { cidr: address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}` },
  }));
}

function selectorOf(labels: Readonly<Record<string, string>>): unknown {
  return Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
}

const MOST_NAME_CHARACTERS = 50;

function fixName(direction: Direction, local: PodModel, remote: PodModel | undefined, asked: string): string {
  const nameOf = (pod: PodModel): string => pod.workload?.name ?? pod.name;
  const other = remote === undefined ? asked : nameOf(remote);
  const word = direction === 'egress' ? 'to' : 'from';
  return `allow-${nameOf(local)}-${word}-${other}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, MOST_NAME_CHARACTERS)
    .replace(/-+$/, '');
}

function networkPolicyOf({ name, namespace, direction, podSelector, rule }: FixRule): unknown {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector, policyTypes: [direction === 'egress' ? 'Egress' : 'Ingress'], [direction]: [rule] },
  };
}

/** The BaselinePolicies with the rules added. Where one could not be read, only what to add to it is there. */
function baselineObjects(judged: JudgedCluster, rules: readonly FixRule[]): readonly unknown[] {
  return [...new Set(rules.map(({ baseline }) => baseline))].map((name) => {
    const stored = objectWith(judged.read, `BaselinePolicy//${name}`)?.object;
    const spec = fieldsOf(fieldOf(stored, 'spec'));
    const added = rules
      .filter(({ baseline }) => baseline === name)
      .map(({ name: rule, podSelector, direction, rule: opened }) => ({
        name: rule,
        podSelector,
        [direction]: [opened],
      }));
    return {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name },
      spec: { ...spec, rules: [...itemsOf(spec.rules), ...added] },
    };
  });
}

function notesOn(question: FixQuestion, denied: readonly JudgedPort[], rules: readonly FixRule[]): readonly string[] {
  const tiers = (['egress', 'ingress'] as const).flatMap((direction) =>
    denied.flatMap(({ shown }) => (shown?.[direction].outcome === 'denied' ? tierNote(shown, direction) : [])),
  );
  return [...new Set([...tiers, ...rules.flatMap((rule) => ruleNotes(question, rule))])];
}

/** What no NetworkPolicy can change, or should. */
function tierNote(pair: PairVerdict, direction: Direction): readonly string[] {
  switch (pair[direction].decidedBy) {
    case 'Admin':
      return [
        `${direction} is denied by a ClusterNetworkPolicy of the Admin tier: no NetworkPolicy can allow it, its owner has to`,
      ];
    case 'Baseline':
      return [
        `${direction} is denied by a ClusterNetworkPolicy of the Baseline tier: change that, as a NetworkPolicy for this would isolate the pod`,
      ];
    default:
      return [];
  }
}

function ruleNotes({ judged, form }: FixQuestion, { namespace, podSelector, baseline }: FixRule): readonly string[] {
  const isForAll = Object.keys(fieldsOf(podSelector)).length === 0;
  const labels = isForAll
    ? [`the pod has no labels to be selected by, so the rule is for every pod in namespace ${namespace}`]
    : [];
  if (baseline === '') {
    return labels;
  }
  if (form === 'networkpolicy') {
    const advice = '--fix-as baselinepolicy gives this as a rule of it, for all its namespaces';
    return [...labels, `BaselinePolicy ${baseline} isolates the pod; ${advice}`];
  }
  const isRead = objectWith(judged.read, `BaselinePolicy//${baseline}`) !== undefined;
  const advice = 'add the rule to its spec.rules, do not apply this as it is';
  return isRead ? labels : [...labels, `BaselinePolicy ${baseline} could not be read: ${advice}`];
}
