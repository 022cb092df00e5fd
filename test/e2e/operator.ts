import { expect, inject, vi } from 'vitest';
import { kubectl, tryKubectl } from './e2e-cluster.ts';
import { commandOutput, commandResult } from './machine/command.ts';

const NAMESPACE = '--namespace=nsbaseline-system';
const { node } = inject('kind');

/** The pod that holds the lease now; empty while nobody does. */
export async function leader(): Promise<string> {
  const lease = JSON.parse(await kubectl('get', 'lease', 'nsbaseline', NAMESPACE, '--output=json')) as {
    readonly spec?: { readonly holderIdentity?: string };
  };
  const holder = lease.spec?.holderIdentity ?? '';
  return (await operatorPods()).find((pod) => holder.includes(pod)) ?? '';
}

/** The operator's pods that are not ending. */
export async function operatorPods(): Promise<readonly string[]> {
  const list = JSON.parse(
    await kubectl('get', 'pods', NAMESPACE, '--selector=app.kubernetes.io/name=nsbaseline', '--output=json'),
  ) as {
    readonly items: readonly { readonly metadata: { readonly name: string; readonly deletionTimestamp?: string } }[];
  };
  return list.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

/** Resolves once every replica is ready and one of them leads. */
export async function expectOperatorReady(): Promise<void> {
  await kubectl('rollout', 'status', 'deployment/nsbaseline', NAMESPACE, '--timeout=180s');
  // Hooks ask as well, and `expect.poll` is for tests.
  await vi.waitFor(
    async () => {
      expect(await leader()).not.toBe('');
    },
    { timeout: 60_000, interval: 250 },
  );
}

/** SIGKILL to the process of one pod, which Kubernetes then starts again. It gives back no lease. */
export async function killOperator(pod: string): Promise<void> {
  const uid = (await kubectl('get', 'pod', pod, NAMESPACE, '--output=jsonpath={.metadata.uid}')).trim();
  // The kubelet writes a uid into a cgroup's name with dashes or with underscores, as the driver wants it.
  const pattern = uid.replaceAll('-', '[-_]');
  await onNode(
    `for process in $(pgrep -f nsbaseline.mjs); do if grep -q '${pattern}' /proc/$process/cgroup; then kill -9 $process && found=1; fi; done; test -n "\${found:-}"`,
  );
}

/** Gives the operator so many replicas and waits until they are there, or gone. */
export async function scaleOperator(replicas: number): Promise<void> {
  await kubectl('scale', 'deployment/nsbaseline', NAMESPACE, `--replicas=${replicas}`);
  if (replicas > 0) {
    return expectOperatorReady();
  }
  await vi.waitFor(
    async () => {
      expect((await tryKubectl('get', 'pods', NAMESPACE, '--output=name')).stdout.trim()).toBe('');
    },
    { timeout: 90_000, interval: 500 },
  );
}

/** Runs a line of shell on the node. */
export function onNode(script: string): Promise<string> {
  return commandOutput({ program: 'docker', args: ['exec', node, 'sh', '-c', script] });
}

/** Resolves once the API server answers, a few times in a row. */
export async function expectApiServer(): Promise<void> {
  await vi.waitFor(
    async () => {
      expect((await tryKubectl('get', '--raw=/readyz', '--request-timeout=5s')).stdout).toBe('ok');
    },
    { timeout: 180_000, interval: 1_000 },
  );
}

/** Stops the node's container in order and starts it again, as a node that is rebooted. */
export async function restartNode(): Promise<void> {
  await commandOutput({ program: 'docker', args: ['restart', '--time', '60', node] });
  const state = await commandResult({ program: 'docker', args: ['inspect', '--format', '{{.State.Running}}', node] });
  if (state.stdout.trim() !== 'true') {
    throw new Error(`the node did not start again: ${state.stderr}`);
  }
}
