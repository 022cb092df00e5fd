import { expect, inject, vi } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { API_VERSION } from '../../src/api/names.ts';
import { type CommandResult, commandOutput, commandResult } from './machine/command.ts';

/** Labels, or their removal. */
export type Labels = Readonly<Record<string, string | null>>;

/** What became of a few questions at once: all were answered, none was, or some. */
export type Verdict = 'answered' | 'silent' | 'mixed';

/** A pod of probes. */
export interface ProbePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What it does, `serve` and its ports or `watch` and its targets; it waits to be told what to ask when absent. */
  readonly args?: readonly string[];
}

/** A time in which every question of a watch had the same outcome. */
export interface Run {
  readonly answered: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  readonly questions: number;
}

const kind = inject('kind');
const environment = { ...process.env, KUBECONFIG: kind.kubeconfigPath };

/** Runs kubectl as cluster admin and gives its stdout; throws with its words. */
export function kubectl(...args: readonly string[]): Promise<string> {
  return commandOutput({ program: kind.kubectlPath, args, environment });
}

/** The same, and never throws for what kubectl says. */
export function tryKubectl(...args: readonly string[]): Promise<CommandResult> {
  return commandResult({ program: kind.kubectlPath, args, environment });
}

/** Applies objects, server-side. */
export async function applyObjects(...items: readonly object[]): Promise<void> {
  await commandOutput({
    program: kind.kubectlPath,
    args: ['apply', '--server-side', '--force-conflicts', '--filename=-'],
    environment,
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

/** Creates namespaces with labels. */
export async function namespaces(
  ...wanted: readonly (readonly [name: string, labels?: Readonly<Record<string, string>>])[]
): Promise<void> {
  await applyObjects(
    ...wanted.map(([name, labels = {}]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })),
  );
}

/** Labels a namespace as people do. */
export async function label(namespace: string, labels: Labels): Promise<void> {
  await kubectl(
    'label',
    '--overwrite',
    'namespace',
    namespace,
    ...Object.entries(labels).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`)),
  );
}

/** Creates a BaselinePolicy for the namespaces labelled `set=<name>`, or changes it. */
export async function declare(name: string, spec: BaselinePolicySpec = {}): Promise<void> {
  await applyObjects({
    apiVersion: API_VERSION,
    kind: 'BaselinePolicy',
    metadata: { name },
    spec: { namespaceSelector: { matchLabels: { set: name } }, ...spec },
  });
}

/** Starts pods and gives their addresses in the same order once all are ready. */
export async function startPods(...pods: readonly ProbePod[]): Promise<readonly string[]> {
  await applyObjects(...pods.map(manifestOf));
  return Promise.all(
    pods.map(({ namespace, name }) =>
      kubectl(
        'wait',
        '--for=condition=Ready',
        '--timeout=120s',
        `pod/${name}`,
        `--namespace=${namespace}`,
        '--output=jsonpath={.status.podIP}',
      ),
    ),
  );
}

/** A probe is not root, and listens on ports such as 443 all the same. */
const ANY_PORT = { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] };

function manifestOf({ namespace, name, labels = {}, args = ['serve'] }: ProbePod): object {
  const container = { name: 'probe', image: kind.probeImage, imagePullPolicy: 'Never', args };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      enableServiceLinks: false,
      securityContext: ANY_PORT,
      containers: [container],
    },
  };
}

/** Has a pod ask targets such as `tcp@10.244.0.5:8080`, each a few times from ports of its own. */
export async function ask(
  from: Pick<ProbePod, 'namespace' | 'name'>,
  ...targets: readonly string[]
): Promise<Readonly<Record<string, Verdict>>> {
  return JSON.parse(
    await kubectl('exec', from.name, `--namespace=${from.namespace}`, '--', '/probe', 'ask', ...targets),
  ) as Record<string, Verdict>;
}

/** Resolves once a pod has exactly these answers, which may take a while after something was changed. */
export async function expectAnswers(
  from: Pick<ProbePod, 'namespace' | 'name'>,
  expected: Readonly<Record<string, Verdict>>,
): Promise<void> {
  await expect.poll(() => ask(from, ...Object.keys(expected)), { timeout: 60_000, interval: 250 }).toEqual(expected);
}

/** What the watch of a pod has seen since then, target by target; the last few seconds are left out, as they may still be answered. */
export async function watched(
  pod: Pick<ProbePod, 'namespace' | 'name'>,
  sinceMs: number,
): Promise<Readonly<Record<string, readonly Run[]>>> {
  return JSON.parse(
    await kubectl('exec', pod.name, `--namespace=${pod.namespace}`, '--', '/probe', 'report', String(sinceMs)),
  ) as Record<string, Run[]>;
}

/** The phase of a namespace's report; empty where there is none. */
export async function phaseOf(namespace: string): Promise<string> {
  return (
    await tryKubectl(
      'get',
      'namespacebaseline',
      'baseline',
      `--namespace=${namespace}`,
      '--output=jsonpath={.status.phase}',
    )
  ).stdout;
}

/** Resolves once a namespace is protected. */
export async function expectProtected(namespace: string): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await phaseOf(namespace)).toBe('Protected');
    },
    { timeout: 60_000, interval: 250 },
  );
}

/** The address of the cluster's resolver, as pods know it. */
export function resolverAddress(): Promise<string> {
  return kubectl('get', 'service', 'kube-dns', '--namespace=kube-system', '--output=jsonpath={.spec.clusterIP}');
}

/** The names of the managed NetworkPolicies of a namespace. */
export async function managedPolicies(namespace: string): Promise<readonly string[]> {
  const text = await kubectl(
    'get',
    'networkpolicies',
    `--namespace=${namespace}`,
    '--selector=app.kubernetes.io/managed-by=nsbaseline',
    '--output=name',
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('networkpolicy.networking.k8s.io/', ''))
    .sort();
}

/** Takes namespaces and policies away without waiting. */
export async function clear({
  policies = [],
  namespaces: names,
}: {
  readonly policies?: readonly string[];
  readonly namespaces: readonly string[];
}): Promise<void> {
  if (policies.length > 0) {
    await kubectl('delete', 'baselinepolicies', '--ignore-not-found', ...policies);
  }
  await kubectl('delete', 'namespaces', '--ignore-not-found', '--wait=false', ...names);
}

/** Targets that ask a resolver by UDP three times over, for {@link unansweredTimes}. */
export function threefoldDns(resolver: string): readonly string[] {
  return [1, 2, 3].map((number) => `dns-udp-${number}=dns-udp@${resolver}:53`);
}

/**
 * When a resolver answered none of three watches. A datagram may be lost on any network and is asked for again; what a
 * policy refuses is refused to all. A watch asks every 25 ms, so nothing that lasts longer escapes.
 */
export function unansweredTimes(seen: Readonly<Record<string, readonly Run[]>>): readonly number[] {
  const [first = [], second = [], third = []] = [1, 2, 3].map((number) =>
    (seen[`dns-udp-${number}`] ?? []).filter(({ answered }) => !answered),
  );
  const isNear =
    (run: Run) =>
    (other: Run): boolean =>
      other.fromMs <= run.toMs + 50 && other.toMs >= run.fromMs - 50;
  return first.filter((run) => second.some(isNear(run)) && third.some(isNear(run))).map(({ fromMs }) => fromMs);
}

/** How many questions by UDP were asked, and how many were not answered, of all three watches together. */
export function datagrams(seen: Readonly<Record<string, readonly Run[]>>): {
  readonly asked: number;
  readonly lost: number;
} {
  const runs = [1, 2, 3].flatMap((number) => seen[`dns-udp-${number}`] ?? []);
  const sum = (some: readonly Run[]): number => some.reduce((total, { questions }) => total + questions, 0);
  return { asked: sum(runs), lost: sum(runs.filter(({ answered }) => !answered)) };
}

/** The outcomes of a target in their order, each as often as it came. */
export function outcomes(seen: Readonly<Record<string, readonly Run[]>>, target: string): readonly boolean[] {
  return (seen[target] ?? []).map(({ answered }) => answered);
}
