import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import type { BaselineStatus } from '../../src/cli/commands/status/status-view.ts';
import { specHash } from '../../src/domain/rendering/comparison.ts';
import { BASELINE_POLICIES } from '../../src/operator/watch/resources.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import {
  eventually,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let scene: TestCluster;
let operator: OperatorProcess;
let folder = '';
const declared = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  scene = await startTestCluster();
  operator = await scene.start();
});

afterEach(async () => {
  for (const name of declared) {
    await scene.removeBaselinePolicy(name);
  }
  declared.clear();
});

afterAll(async () => {
  await operator.stop();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a process of its own, as the cluster admin or as somebody else, with `input` on its standard input. */
function nsbaseline(
  words: readonly string[],
  options: { readonly kubeconfig?: string; readonly input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: options.kubeconfig ?? scene.cluster.address.kubeconfigPath,
    };
    const child = execFile(
      process.execPath,
      [MAIN, ...words],
      { env, timeout: EVENTUALLY_MS },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') {
          reject(new Error(`${error.message}\n${stderr}`));
        } else {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
        }
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** The same at a terminal, where `answer` is typed to the question; what both streams showed is `stdout`. */
function atTerminal(words: readonly string[], answer: string): Promise<Ended> {
  return new Promise((resolve) => {
    const quoted = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', quoted, '/dev/null'], {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        KUBECONFIG: scene.cluster.address.kubeconfigPath,
        TERM: 'xterm',
        NO_COLOR: '1',
      },
    });
    let stdout = '';
    let isAnswered = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (isAnswered || !stdout.includes('[y/N]')) {
        return;
      }
      isAnswered = true;
      child.stdin.write(`${answer}\n`);
    });
    child.on('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr: '' });
    });
  });
}

/** Declares a policy for the namespaces labelled `set=<name>`. */
async function declare(name: string, spec: BaselinePolicySpec = {}): Promise<BaselinePolicySpec> {
  const whole = { namespaceSelector: { matchLabels: { set: name } }, ...spec };
  declared.add(name);
  await scene.baselinePolicy(name, whole);
  return whole;
}

async function status(...words: readonly string[]): Promise<BaselineStatus> {
  return JSON.parse((await nsbaseline(['status', '-o', 'json', ...words])).stdout) as BaselineStatus;
}

const EVERYTHING: BaselinePolicySpec = {
  allow: {
    sameNamespace: { enabled: true },
    ingressController: { enabled: true },
    kubeApiServer: { enabled: true },
    internet: { enabled: true, ports: [{ protocol: 'TCP', port: 443 }] },
  },
  rules: [
    {
      name: 'no',
      podSelector: { matchLabels: { y: 'no', on: '0777' } },
      egress: [
        {
          to: [{ podSelector: {} }, { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } }],
          ports: [{ port: 5432 }, { protocol: 'UDP', port: 4000, endPort: 4100 }],
        },
      ],
    },
    { name: 'anyone', ingress: [{}], egress: [{}] },
  ],
  acknowledge: ['anyone'],
};

describe('render', () => {
  test('R2 says of every NetworkPolicy exactly what the operator stores, and what is applied of it is foreign', async () => {
    await scene.namespace('render-a', { set: 'render' });
    await scene.namespace('render-copy');
    const spec = await declare('render', EVERYTHING);
    await eventually(() => scene.report('render-a')).toMatchObject({ phase: 'Protected' });
    const file = join(folder, 'render.json');
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: 'nsbaseline.io/v1alpha1',
        kind: 'BaselinePolicy',
        metadata: { name: 'render' },
        spec,
      }),
    );
    const rendered = await nsbaseline(['render', '-f', file, '-n', 'render-copy', '--from-cluster']);
    expect(rendered).toMatchObject({ code: 0, stderr: '' });
    const applied = await scene.cluster.tryKubectl(['apply', '-f', '-'], { stdin: rendered.stdout });
    expect(applied).toMatchObject({ exitCode: 0, stderr: '' });
    const names = await scene.networkPolicyNames('render-a');
    expect(names).toHaveLength(9);
    expect(await scene.networkPolicyNames('render-copy')).toEqual(names);
    for (const name of names) {
      const [stored, copy] = [
        await scene.networkPolicy('render-a', name),
        await scene.networkPolicy('render-copy', name),
      ];
      expect(JSON.stringify(copy?.spec)).toBe(JSON.stringify(stored?.spec));
      expect(copy?.metadata.labels).toEqual({ 'nsbaseline.io/policy': 'render' });
      expect(copy?.metadata.annotations).not.toHaveProperty('nsbaseline.io/policy-uid');
    }
    const { items } = JSON.parse((await nsbaseline(['render', '-f', file, '-o', 'json', '--from-cluster'])).stdout) as {
      items: readonly { metadata: { name: string }; spec: unknown }[];
    };
    for (const { metadata, spec: own } of items) {
      expect(specHash(own)).toBe(specHash((await scene.networkPolicy('render-a', metadata.name))?.spec));
    }
    await scene.label('render-copy', { set: 'render' });
    await eventually(() => scene.report('render-copy')).toMatchObject({ phase: 'Failed', policies: [{ managed: [] }] });
    expect((await nsbaseline(['prune', '-n', 'render-copy', '--yes'])).stdout).toBe('There are no orphans.\n');
  });

  test('takes from standard input what kubectl gives', async () => {
    await declare('render-piped');
    const stored = await scene.cluster.kubectl('get', 'baselinepolicy', 'render-piped', '-o', 'yaml');
    const rendered = await nsbaseline(['render', '-f', '-', '--from-cluster'], { input: stored });
    expect(rendered.code).toBe(0);
    expect(rendered.stdout).toContain('name: render-piped.allow-dns');
  });
});

describe('status', () => {
  test('ends with 0 where all is well and with 4 where not, and says what is missing and who is in the way', async () => {
    await scene.namespace('status-a', { set: 'status' });
    await declare('status');
    await eventually(() => scene.report('status-a')).toMatchObject({ phase: 'Protected' });
    await eventually(() => scene.condition('status', 'AllProtected')).toBe('True AllInPlace');
    const well = await nsbaseline(['status', '-n', 'status-a']);
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toContain('1 namespace: 1 Protected. All is well.');
    await scene.namespace('status-b');
    await scene.createNetworkPolicy('status-b', { name: 'status.allow-monitoring' }, { podSelector: {} });
    await scene.label('status-b', { set: 'status' });
    await eventually(() => scene.report('status-b')).toMatchObject({ phase: 'Conflict' });
    await eventually(
      async () => valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'status' })).status,
    ).toMatchObject({ namespaces: { matched: 2, protected: 1 } });
    const conflict = await nsbaseline(['status', '-n', 'status-b', '-o', 'wide']);
    expect(conflict.code).toBe(4);
    expect(conflict.stdout).toMatch(
      /^status-b +Conflict +status +ForeignObject +status\.allow-monitoring +status\.allow-monitoring +<none> +status: /m,
    );
    expect(await status('-A', 'status')).toMatchObject({
      isWell: false,
      namespaces: [
        { namespace: 'status-a', isWell: true },
        { namespace: 'status-b', phase: 'Conflict', policies: [{ missing: ['status.allow-monitoring'] }] },
      ],
      policies: [{ policy: 'status', namespaces: { matched: 2, protected: 1 } }],
    });
    expect((await nsbaseline(['status', '-n', 'default'])).code).toBe(4);
  });

  test('shows what its reader may see, and says what they may not', async () => {
    await scene.namespace('status-c', { set: 'status-c' });
    await declare('status-c');
    await eventually(() => scene.report('status-c')).toMatchObject({ phase: 'Protected' });
    const reader = await scene.cluster.serviceAccount({ name: 'reader', namespace: 'status-c' });
    const blind = await nsbaseline(['status', '-n', 'status-c'], { kubeconfig: reader.kubeconfigPath });
    expect(blind).toMatchObject({ code: 3, stdout: '' });
    expect(blind.stderr).toContain('ask for the permission (kubectl auth can-i ');
    await scene.cluster.kubectl(
      'create',
      'rolebinding',
      'reader',
      '-n',
      'status-c',
      '--clusterrole=view',
      '--serviceaccount=status-c:reader',
    );
    await eventually(
      async () => (await nsbaseline(['status', '-n', 'status-c'], { kubeconfig: reader.kubeconfigPath })).code,
    ).toBe(0);
    const seen = await nsbaseline(['status', '-n', 'status-c'], { kubeconfig: reader.kubeconfigPath });
    expect(seen.stdout).toMatch(/^status-c +Protected +status-c/m);
    expect(seen.stderr).toMatch(/^note: cannot list baselinepolicies\.nsbaseline\.io/);
  });

  test('works as a plugin of kubectl, and calls itself so', async () => {
    await symlink(MAIN, join(folder, 'kubectl-baseline.ts'));
    await writeFile(
      join(folder, 'kubectl-baseline'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'kubectl-baseline.ts')}' "$@"\n`,
      { mode: 0o755 },
    );
    const before = process.env.PATH;
    process.env.PATH = `${folder}${delimiter}${before ?? ''}`;
    try {
      const help = await scene.cluster.tryKubectl(['baseline', 'status', '--help']);
      expect(help.stdout).toContain('Usage: kubectl baseline status');
      const shown = await scene.cluster.tryKubectl(['baseline', 'status', '-A', '-o', 'json']);
      expect(JSON.parse(shown.stdout)).toHaveProperty('isWell');
    } finally {
      process.env.PATH = before;
    }
  });
});

describe('prune', () => {
  test('R8 prune removes the orphans of a deleted policy after a yes at a terminal, and nothing else', async () => {
    await scene.namespace('prune-a', { set: 'prune' });
    await scene.namespace('prune-b', { set: 'prune-live' });
    await declare('prune');
    await declare('prune-live');
    for (const name of ['prune-a', 'prune-b']) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    await scene.removeBaselinePolicy('prune');
    await eventually(() => scene.report('prune-a')).toBeUndefined();
    expect(await scene.networkPolicyNames('prune-a')).toEqual(standardSet('prune'));
    expect((await status('-n', 'prune-a')).orphans.map(({ name }) => name)).toEqual(standardSet('prune'));
    expect((await nsbaseline(['prune', '-n', 'prune-a'])).code).toBe(2);
    expect((await atTerminal(['prune', '-n', 'prune-a'], 'n')).code).toBe(1);
    expect(await scene.networkPolicyNames('prune-a')).toEqual(standardSet('prune'));
    const removed = await atTerminal(['prune', '-n', 'prune-a'], 'y');
    expect(removed.code).toBe(0);
    expect(removed.stdout).toContain('Remove 3 NetworkPolicies in 1 namespace; a default-deny goes in 1 namespace');
    expect(await scene.networkPolicyNames('prune-a')).toEqual([]);
    expect(await scene.networkPolicyNames('prune-b')).toEqual(standardSet('prune-live'));
  });

  test('R4 R8 prune leaves kept, taken over and foreign objects alone', async () => {
    await scene.namespace('prune-c', { set: 'prune-c' });
    await scene.namespace('prune-d', { set: 'prune-c' });
    await declare('prune-c', { removal: { onOptOut: 'Keep' } });
    for (const name of ['prune-c', 'prune-d']) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    await scene.label('prune-c', { set: null });
    await eventually(() => scene.report('prune-c')).toBeUndefined();
    await operator.stop();
    await scene.removeBaselinePolicy('prune-c');
    await declare('prune-c', { removal: { onOptOut: 'Keep' } });
    expect((await nsbaseline(['prune', '-A', '--yes', '-o', 'json'])).stdout).not.toContain('prune-c');
    expect(await scene.networkPolicyNames('prune-c')).toEqual(standardSet('prune-c'));
    expect(await scene.networkPolicyNames('prune-d')).toEqual(standardSet('prune-c'));
    expect((await nsbaseline(['prune', '-n', 'prune-c', '--yes', '--kept'])).code).toBe(0);
    expect(await scene.networkPolicyNames('prune-c')).toEqual([]);
    operator = await scene.start();
    await eventually(() => scene.report('prune-d')).toMatchObject({ phase: 'Protected' });
  });
});

describe('approve', () => {
  test('R9 shows every namespace of a held removal and lets it go on', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `approve-${at}`);
    for (const name of names) {
      await scene.namespace(name, { set: 'approve' });
    }
    await declare('approve');
    for (const name of names) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    await declare('approve', { namespaceSelector: { matchLabels: { set: 'nobody' } } });
    await eventually(() => scene.conditionMessage('approve', 'RemovalHeld')).toContain('confirm-removal=8-');
    const held = await nsbaseline(['status', '-n', 'approve-0', 'approve']);
    expect(held.code).toBe(4);
    expect(held.stdout).toContain('nsbaseline approve approve');
    expect(await scene.networkPolicyNames('approve-7')).toEqual(standardSet('approve'));
    const refused = await nsbaseline(['approve', 'approve']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`These namespaces:\n${names.map((name) => `  ${name}\n`).join('')}`);
    expect((await atTerminal(['approve', 'approve'], 'y')).stdout).toContain(
      'annotated: nsbaseline.io/confirm-removal=8-',
    );
    for (const name of names) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual([]);
    }
  });

  test('R9 shows every namespace of a held isolation and lets it go on', async () => {
    const names = Array.from({ length: 22 }, (_, at) => `isolate-${String(at).padStart(2, '0')}`);
    for (const name of names) {
      await scene.namespace(name, { set: 'isolate' });
    }
    await declare('isolate');
    await eventually(() => scene.conditionMessage('isolate', 'IsolationHeld')).toContain('confirm-isolation=22-');
    const shown = await atTerminal(['approve', 'isolate', '--isolation'], 'y');
    for (const name of names) {
      expect(shown.stdout).toContain(`  ${name}\r\n`);
    }
    expect(shown.stdout).toContain('Isolate 22 namespaces? [y/N]');
    expect(shown.stdout).toContain('annotated: nsbaseline.io/confirm-isolation=22-');
    for (const name of names) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual(standardSet('isolate'));
    }
  });
});

test('what it exits with is documented', async () => {
  expect(await readFile('docs/configuration.md', 'utf8')).toContain('| 4 | For `status`');
});
