import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { clusterAt } from '../support/control-plane/cluster.ts';
import { CLUSTER_DNS_ADDRESS, clusterDns } from '../support/control-plane/cluster-dns.ts';
import { startControlPlane } from '../support/control-plane/control-plane.ts';
import { emptyEtcd, fillEtcd } from '../support/control-plane/etcd.ts';
import { ADVERTISED_ADDRESS } from '../support/control-plane/flags.ts';
import type { ControlPlaneAddress } from '../support/control-plane/protocol.ts';
import { KUBERNETES_VERSIONS, versionsInOrder } from '../support/control-plane/versions.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';

const cluster = clusterAt(inject('controlPlane'));
const { choice } = cluster.address;

/** The processes that run for a control plane, found by the folder that is in all their arguments. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(directory));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

describe('the control plane of a test run', () => {
  test('serves the version that was chosen', () => {
    const expected =
      process.env.KUBEBUILDER_ASSETS === undefined
        ? versionsInOrder(choice).map((version) => `v${version}`)
        : [cluster.address.version];
    expect(expected).toContain(cluster.address.version);
    expect(KUBERNETES_VERSIONS[choice]).toBeDefined();
  });

  test('really deletes a namespace, with what is in it', async () => {
    await cluster.applyManifests([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'harness-gone' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'content', namespace: 'harness-gone' } },
    ]);
    await cluster.kubectl('delete', 'namespace', 'harness-gone', '--timeout=50s');
    const after = await cluster.tryKubectl(['get', 'namespace', 'harness-gone']);
    expect(after.stderr).toContain('NotFound');
  });

  test('gives a service account the rights of that account and no more', async () => {
    const account = await cluster.serviceAccount({ name: 'reader', namespace: 'harness-account' });
    const identity = await cluster.tryKubectl(
      ['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'],
      account,
    );
    expect(identity.stdout).toBe('system:serviceaccount:harness-account:reader');
    const refused = await cluster.tryKubectl(['get', 'namespaces'], account);
    expect(refused.stderr).toContain('Forbidden');
    await cluster.kubectl('delete', 'namespace', 'harness-account', '--wait=false');
  });

  test('publishes its API server and, when asked to, a resolver, for discovery to find', async () => {
    const endpoints = await cluster.kubectl(
      'get',
      'endpointslices',
      '--namespace=default',
      'kubernetes',
      '--output=jsonpath={.endpoints[0].addresses[0]}',
    );
    expect(endpoints).toBe(ADVERTISED_ADDRESS);
    onTestFinished(async () => {
      await cluster.kubectl(
        'delete',
        'service,endpointslice',
        '--namespace=kube-system',
        '--selector=k8s-app=kube-dns',
      );
    });
    await cluster.applyManifests(clusterDns());
    const service = await cluster.kubectl(
      'get',
      'services',
      '--namespace=kube-system',
      '--selector=k8s-app=kube-dns',
      '--output=jsonpath={.items[*].spec.clusterIP}',
    );
    expect(service).toBe(CLUSTER_DNS_ADDRESS);
  });

  test('keeps quotas on the number of NetworkPolicies', async () => {
    const namespace = 'harness-quota';
    await cluster.applyManifests([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'none', namespace },
        spec: { hard: { 'count/networkpolicies.networking.k8s.io': '0' } },
      },
    ]);
    onTestFinished(async () => {
      await cluster.kubectl('delete', 'namespace', namespace, '--wait=false');
    });
    await vi.waitFor(
      async () => {
        const hard = await cluster.kubectl(
          'get',
          'resourcequota',
          '--namespace',
          namespace,
          'none',
          '--output=jsonpath={.status.hard}',
        );
        expect(hard).toContain('networkpolicies');
      },
      { timeout: EVENTUALLY_MS, interval: 100 },
    );
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'one', namespace },
      spec: { podSelector: {} },
    };
    await expect(cluster.applyManifests([policy])).rejects.toThrow('exceeded quota');
  });
});

describe('a control plane of one’s own', () => {
  test('keeps what is stored when its API server is killed and started again, and leaves nothing behind', async () => {
    const own = await startControlPlane({ version: choice });
    onTestFinished(() => own.stop());
    await own.kubectl('create', 'namespace', 'stays');

    await own.killApiServer();
    expect((await own.tryKubectl(['get', 'namespace', 'stays'])).exitCode).not.toBe(0);
    await own.startApiServer();
    expect(await own.kubectl('get', 'namespace', 'stays', '--output=name')).toBe('namespace/stays\n');

    expect(await processesOf(own.address.directory)).not.toEqual([]);
    await own.stop();
    expect(await processesOf(own.address.directory)).toEqual([]);
    expect(await exists(own.address.directory)).toBe(false);
  });

  test('goes on after a pause, and goes back to what was saved', async () => {
    const own = await startControlPlane({ version: choice, flags: { etcd: { 'quota-backend-bytes': '16777216' } } });
    onTestFinished(() => own.stop());
    await own.kubectl('create', 'namespace', 'before');
    await own.saveEtcd();
    await own.kubectl('create', 'namespace', 'after');

    for (const server of ['ApiServer', 'Etcd'] as const) {
      await own[`pause${server}`]();
      expect((await own.tryKubectl(['create', 'namespace', 'meanwhile', '--request-timeout=1s'])).exitCode).not.toBe(0);
      await own[`continue${server}`]();
      await vi.waitFor(() => own.kubectl('get', 'namespace', 'after'), { timeout: EVENTUALLY_MS, interval: 100 });
    }

    const names = (): Promise<string> =>
      own.kubectl('get', 'namespace', 'after', 'before', '--ignore-not-found', '--output=name');
    expect(await names()).toBe('namespace/after\nnamespace/before\n');
    await own.restoreEtcd();
    expect(await names()).toBe('namespace/before\n');

    await fillEtcd(own.address, 24);
    expect((await own.tryKubectl(['create', 'namespace', 'full'])).stderr).toContain('database space exceeded');
    await emptyEtcd(own.address);
    expect(await own.kubectl('create', 'namespace', 'room', '--output=name')).toBe('namespace/room\n');
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('ends, files and all, when its owner dies by %s', async (signal) => {
    const { owner, address } = await startElsewhere();
    expect(await processesOf(address.directory)).not.toEqual([]);
    owner.kill(signal);
    await isGone(address);
  });

  test('outlives its owner when it is kept, until it is told to end', async () => {
    const { owner, address } = await startElsewhere('keep');
    if (owner.exitCode === null) {
      await once(owner, 'exit');
    }
    expect(owner.exitCode).toBe(0);
    expect(await clusterAt(address).kubectl('get', 'namespace', 'default', '--output=name')).toBe(
      'namespace/default\n',
    );
    process.kill(address.processId, 'SIGTERM');
    await isGone(address);
  });
});

/** A control plane that another process has started; both end with the test. */
async function startElsewhere(
  ...args: readonly string[]
): Promise<{ readonly owner: ChildProcess; readonly address: ControlPlaneAddress }> {
  const owner = spawn(
    process.execPath,
    [fileURLToPath(new URL('../support/control-plane/start-and-wait.ts', import.meta.url)), ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => {
    owner.kill('SIGKILL');
  });
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  const address = JSON.parse(line) as ControlPlaneAddress;
  onTestFinished(async () => {
    if ((await processesOf(address.directory)).length > 0) {
      process.kill(address.processId, 'SIGTERM');
    }
  });
  return { owner, address };
}

async function isGone({ directory }: ControlPlaneAddress): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await processesOf(directory)).toEqual([]);
      expect(await exists(directory)).toBe(false);
    },
    { timeout: EVENTUALLY_MS, interval: 100 },
  );
}
