import { API_VERSION } from '../../../api/names.ts';
import { fieldOf, fieldsOf, itemsOf } from '../../../base/json.ts';
import { type Direction, INTERNET, type PairVerdict, type PodModel } from '../../../policy/index.ts';
import { filesOverCluster } from '../../objects/files-over-cluster.ts';
import { type JudgedCluster, judgedClusterOf, objectWith } from '../../objects/judged-cluster.ts';
import type { SourcedObject } from '../../objects/objects-read.ts';
import { baselineOf, policyObject } from './explanation.ts';
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
  const denying = denied.filter(
    ({ shown }) => shown?.[direction].outcome === 'denied' && shown[direction].decidedBy === 'NetworkPolicy',
  );
  const [first] = denying;
  const pair = first?.shown;
  const localName = direction === 'egress' ? pair?.from : pair?.to;
  const local = podNamed(judged, localName?.kind === 'pod' ? localName.text : undefined);
  if (pair === undefined || local === undefined) {
    return [];
  }
  const remoteName = direction === 'egress' ? pair.to : pair.from;
  const remote = podNamed(judged, remoteName.kind === 'pod' ? remoteName.text : undefined);
  const peers = peersFor(judged, {
    remote,
    local,
    remoteText: remoteName.text,
    end: direction === 'egress' ? ends.to : ends.from,
  });
  const ports = [
    ...new Map(denying.flatMap(({ shown }) => portOf(shown)).map((port) => [JSON.stringify(port), port])).values(),
  ];
  const owners = pair[direction].policies.map(({ policy }) => baselineOf(policyObject(judged, policy)?.object));
  return [
    {
      name: fixName(direction, local, remote, direction === 'egress' ? ends.to.asked : ends.from.asked),
      namespace: local.namespace,
      direction,
      podSelector: selectorOf(workloadLabels(judged.compiled, local)),
      rule: { [direction === 'egress' ? 'to' : 'from']: peers, ports },
      baseline: owners.find((owner) => owner !== '') ?? '',
    },
  ];
}

function portOf(pair: PairVerdict | undefined): readonly unknown[] {
  return pair !== undefined && 'port' in pair.traffic
    ? [{ protocol: pair.traffic.protocol, port: pair.traffic.port }]
    : [];
}

function podNamed({ compiled }: JudgedCluster, path: string | undefined): PodModel | undefined {
  const named = compiled.podsByName.get(path ?? '') ?? [];
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

function notesOn(
  { judged, form }: FixQuestion,
  denied: readonly JudgedPort[],
  rules: readonly FixRule[],
): readonly string[] {
  const notes: string[] = [];
  for (const direction of ['egress', 'ingress'] as const) {
    const tiers = denied.flatMap(({ shown }) =>
      shown?.[direction].outcome === 'denied' ? [shown[direction].decidedBy] : [],
    );
    if (tiers.includes('Admin')) {
      notes.push(
        `${direction} is denied by a ClusterNetworkPolicy of the Admin tier: no NetworkPolicy can allow it, its owner has to`,
      );
    }
    if (tiers.includes('Baseline')) {
      notes.push(
        `${direction} is denied by a ClusterNetworkPolicy of the Baseline tier: change that, as a NetworkPolicy for this would isolate the pod`,
      );
    }
  }
  for (const { namespace, podSelector, baseline } of rules) {
    if (Object.keys(fieldsOf(podSelector)).length === 0) {
      notes.push(`the pod has no labels to be selected by, so the rule is for every pod in namespace ${namespace}`);
    }
    if (baseline !== '' && form === 'networkpolicy') {
      notes.push(
        `BaselinePolicy ${baseline} isolates the pod; --fix=baselinepolicy gives this as a rule of it, for all its namespaces`,
      );
    }
    if (
      baseline !== '' &&
      form === 'baselinepolicy' &&
      objectWith(judged.read, `BaselinePolicy//${baseline}`) === undefined
    ) {
      notes.push(
        `BaselinePolicy ${baseline} could not be read: add the rule to its spec.rules, do not apply this as it is`,
      );
    }
  }
  return [...new Set(notes)];
}
