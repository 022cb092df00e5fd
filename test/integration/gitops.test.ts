import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { API_VERSION } from '../../src/api/names.ts';
import { itemsOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import {
  eventually,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';
import { kstatusOf } from './kstatus.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const examples = join(deploy, 'components/examples');
let scene: TestCluster;
let operator: OperatorProcess;
const applied = new Set<string>();

beforeAll(async () => {
  scene = await startTestCluster();
  // So that one namespace that stands already is enough to hold a policy that would isolate it.
  operator = await scene.start(['--isolation-limit=0', '--isolation-limit-percent=0']);
});

afterEach(async () => {
  for (const name of applied) {
    await scene.cluster.tryKubectl([
      'patch',
      'baselinepolicy',
      name,
      '--type=merge',
      '--patch={"metadata":{"finalizers":null}}',
    ]);
  }
  for (const name of applied) {
    await scene.removeBaselinePolicy(name);
  }
  applied.clear();
  await scene.clear();
});

afterAll(async () => {
  await operator.stop();
});

async function policyAt(name: string): Promise<KubeObject> {
  return valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name }));
}

function manifest(name: string, spec: BaselinePolicySpec, metadata: object = {}): KubeObject {
  applied.add(name);
  return {
    apiVersion: API_VERSION,
    kind: 'BaselinePolicy',
    metadata: { name, ...metadata },
    spec: { namespaceSelector: { matchLabels: { set: name } }, ...spec },
  };
}

/** As GitOps tools and people apply: client-side, with kubectl's own account of what was there before. */
async function apply(...objects: readonly KubeObject[]): Promise<string> {
  const result = await scene.cluster.tryKubectl(['apply', '--filename=-'], {
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

async function diff(
  source: readonly string[],
  stdin?: string,
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { exitCode, stdout } = await scene.cluster.tryKubectl(
    ['diff', ...source],
    stdin === undefined ? {} : { stdin },
  );
  return { exitCode, stdout };
}

describe('a tool that goes by kstatus sees a BaselinePolicy as', () => {
  test('InProgress when nobody has looked at it', async () => {
    const created = await scene.cluster.tryKubectl(['create', '--dry-run=server', '--output=json', '--filename=-'], {
      stdin: JSON.stringify(manifest('never', {})),
    });
    expect(kstatusOf(JSON.parse(created.stdout) as KubeObject)).toBe('InProgress');
  });

  test.each(['Enforce', 'DryRun', 'Paused'] as const)(
    'Current when it is in place as declared, in mode %s',
    async (mode) => {
      const name = `current-${mode.toLowerCase()}`;
      await apply(manifest(name, { mode }));
      await scene.namespace(`gitops-${name}`, { set: name });
      await eventually(async () => kstatusOf(await policyAt(name))).toBe('Current');
      await scene.cluster.kubectl('wait', '--for=condition=Ready', `baselinepolicy/${name}`, '--timeout=60s');
    },
  );

  test('R16 InProgress or Current after an edit, and Current only for the generation that was edited', async () => {
    await apply(manifest('edited', {}));
    await eventually(async () => kstatusOf(await policyAt('edited'))).toBe('Current');
    await apply(manifest('edited', { allow: { sameNamespace: { enabled: true } } }));
    await eventually(async () => {
      const object = await policyAt('edited');
      return { status: kstatusOf(object), generation: object.metadata.generation };
    }).toEqual({ status: 'Current', generation: 2 });
  });

  test('R16 Current although one tenant stands in the way', async () => {
    await apply(manifest('contrary', {}));
    await scene.namespace('gitops-contrary');
    await scene.createNetworkPolicy(
      'gitops-contrary',
      { name: 'contrary.allow-monitoring' },
      { podSelector: { matchLabels: { app: 'theirs' } } },
    );
    await scene.label('gitops-contrary', { set: 'contrary' });
    await eventually(() => scene.report('gitops-contrary')).toMatchObject({ phase: 'Conflict' });
    await eventually(() => scene.condition('contrary', 'AllProtected')).toBe('False NotAllInPlace');
    await eventually(async () => kstatusOf(await policyAt('contrary'))).toBe('Current');
    expect(
      kstatusOf(
        valueOf(await scene.kube.get({ type: NAMESPACE_BASELINES, namespace: 'gitops-contrary', name: 'baseline' })),
      ),
    ).toBe('InProgress');
  });

  test('R9 Failed when it waits for a confirmation, so that a sync ends and says why', async () => {
    await scene.namespace('gitops-held', { set: 'held' });
    await apply(manifest('held', {}));
    await eventually(async () => kstatusOf(await policyAt('held'))).toBe('Failed');
    await eventually(() => scene.condition('held', 'IsolationHeld')).toBe('True IsolationHeld');
  });

  test('Terminating while it is being deleted', async () => {
    await apply(manifest('going', {}, { finalizers: ['example.com/hold'] }));
    await scene.removeBaselinePolicy('going');
    expect(kstatusOf(await policyAt('going'))).toBe('Terminating');
  });
});

describe('what is in Git and what is in the cluster', () => {
  const sources = readdirSync(examples).filter((file) => file !== 'kustomization.yaml');

  test.each(['crds', 'base'])(
    'deploy/%s applied twice is unchanged, and its diff is empty, by either kind of apply',
    async (folder) => {
      const source = `--kustomize=${join(deploy, folder)}`;
      await scene.cluster.kubectl('apply', source);
      const changed = (await scene.cluster.kubectl('apply', source))
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(' unchanged'));
      // kubectl sends the selector of a budget every time, as its patch strategy is "replace", and calls that "configured".
      expect(changed.filter((line) => !line.startsWith('poddisruptionbudget.'))).toEqual([]);
      expect(await diff([source])).toEqual({ exitCode: 0, stdout: '' });
      const serverSide = ['--server-side', '--force-conflicts', '--field-manager=nsbaseline-tests'];
      await scene.cluster.kubectl('apply', source, ...serverSide);
      expect(await diff([source, ...serverSide])).toEqual({ exitCode: 0, stdout: '' });
    },
  );

  test.each(sources)(
    'R16 %s is stored as it was written, whatever the operator makes of it, and its diff stays empty',
    async (file) => {
      const text = readFileSync(join(examples, file), 'utf8');
      const declared = loadAll(text) as readonly (KubeObject & { readonly metadata: { readonly name: string } })[];
      for (const { metadata } of declared) {
        applied.add(metadata.name);
      }
      await scene.cluster.kubectl('apply', `--filename=${join(examples, file)}`);
      for (const { metadata, spec } of declared) {
        await eventually(async () => (await policyAt(metadata.name)).status).toMatchObject({ observedGeneration: 1 });
        expect((await policyAt(metadata.name)).spec).toEqual(spec);
      }
      expect(await diff([`--filename=${join(examples, file)}`])).toEqual({ exitCode: 0, stdout: '' });
      expect(
        (await scene.cluster.kubectl('apply', `--filename=${join(examples, file)}`))
          .trim()
          .split('\n')
          .filter((line) => !line.endsWith(' unchanged')),
      ).toEqual([]);
    },
  );

  test('R8 the finalizer of a policy with onDelete: Remove is no difference, and no tool takes it off by applying', async () => {
    const object = manifest('final', { removal: { onDelete: 'Remove' } });
    await apply(object);
    await eventually(async () => (await policyAt('final')).metadata.finalizers).toEqual([
      'nsbaseline.io/remove-policies',
    ]);
    expect(await diff(['--filename=-'], JSON.stringify(object))).toEqual({ exitCode: 0, stdout: '' });
    expect(await apply(object)).toContain('unchanged');
    expect((await policyAt('final')).metadata.finalizers).toEqual(['nsbaseline.io/remove-policies']);
  });

  test('the operator owns no field of a spec, so two tools that own one object quarrel with each other only', async () => {
    await apply(manifest('owned', {}));
    await eventually(async () => kstatusOf(await policyAt('owned'))).toBe('Current');
    const owners = itemsOf((await policyAt('owned')).metadata.managedFields) as readonly {
      manager?: string;
      fieldsV1?: object;
    }[];
    expect(owners.filter(({ manager }) => manager === 'nsbaseline')).toHaveLength(1);
    expect(JSON.stringify(owners.filter(({ manager }) => manager === 'nsbaseline'))).not.toContain('f:spec');
    const second = await scene.cluster.tryKubectl(
      ['apply', '--server-side', '--field-manager=another-tool', '--filename=-'],
      { stdin: JSON.stringify(manifest('owned', { namespaceSelector: { matchLabels: { set: 'other' } } })) },
    );
    expect(second).toMatchObject({ exitCode: 1 });
    expect(second.stderr).toContain('conflict');
  });
});

describe('nothing is copied', () => {
  const TRACKING = {
    labels: { 'app.kubernetes.io/instance': 'argo-app', 'kustomize.toolkit.fluxcd.io/name': 'flux-app', team: 'a' },
    annotations: {
      'argocd.argoproj.io/tracking-id': 'argo-app:nsbaseline.io/BaselinePolicy:/tracked',
      'argocd.argoproj.io/sync-wave': '1',
    },
  };

  test('from a policy or a namespace onto what the operator writes: no tool takes that for its own and prunes it', async () => {
    await apply(manifest('tracked', {}, TRACKING));
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gitops-tracked', ...TRACKING } });
    await scene.label('gitops-tracked', { set: 'tracked' });
    await eventually(() => scene.report('gitops-tracked')).toMatchObject({ phase: 'Protected' });
    for (const name of standardSet('tracked')) {
      const { labels, annotations } = (await scene.networkPolicy('gitops-tracked', name))?.metadata ?? {};
      expect(labels).toEqual({ 'app.kubernetes.io/managed-by': 'nsbaseline', 'nsbaseline.io/policy': 'tracked' });
      expect(Object.keys(annotations ?? {}).sort()).toEqual(['nsbaseline.io/policy-uid', 'nsbaseline.io/purpose']);
    }
    const record = valueOf(
      await scene.kube.get({ type: NAMESPACE_BASELINES, namespace: 'gitops-tracked', name: 'baseline' }),
    );
    expect(record.metadata).not.toHaveProperty('annotations');
    expect(Object.keys(record.metadata.labels ?? {}).filter((key) => key in TRACKING.labels)).toEqual([]);
    expect(record.metadata).not.toHaveProperty('ownerReferences');
  });
});

describe('what happens to what is in Git', () => {
  const denyUid = async (namespace: string, policy: string): Promise<string | undefined> =>
    (await scene.networkPolicy(namespace, `${policy}.default-deny`))?.metadata.uid;

  test('R8 after a rename, the new set is created, the old set stays as orphans, and the namespace is isolated throughout', async () => {
    await apply(manifest('old-name', { namespaceSelector: { matchLabels: { set: 'renamed' } } }));
    await scene.namespace('gitops-renamed', { set: 'renamed' });
    await eventually(() => scene.report('gitops-renamed')).toMatchObject({ phase: 'Protected' });
    const before = await denyUid('gitops-renamed', 'old-name');
    await apply(manifest('new-name', { namespaceSelector: { matchLabels: { set: 'renamed' } } }));
    await scene.cluster.kubectl('delete', 'baselinepolicy', 'old-name');
    await eventually(() => scene.networkPolicyNames('gitops-renamed')).toEqual([
      ...standardSet('new-name'),
      ...standardSet('old-name'),
    ]);
    await eventually(() => scene.report('gitops-renamed')).toMatchObject({
      phase: 'Protected',
      policies: [{ policy: 'new-name' }],
    });
    expect(await denyUid('gitops-renamed', 'old-name')).toBe(before);
  });

  test('R8 after a restore from a backup, policies with new uids take over the NetworkPolicies of the old uids, and no default-deny is deleted', async () => {
    const declared = manifest('restored', {});
    await apply(declared);
    await scene.namespace('gitops-restored', { set: 'restored' });
    await eventually(() => scene.report('gitops-restored')).toMatchObject({ phase: 'Protected' });
    const formerUid = (await policyAt('restored')).metadata.uid;
    await operator.stop();
    const saved = valueOf(await scene.kube.list({ type: NETWORK_POLICIES, namespace: 'gitops-restored' })).items;
    await scene.cluster.kubectl('delete', 'networkpolicies', '--all', '--namespace=gitops-restored');
    await scene.cluster.kubectl('delete', 'baselinepolicy', 'restored');
    for (const { metadata, spec } of saved) {
      const { name, namespace, labels, annotations } = metadata;
      valueOf(
        await scene.kube.create(NETWORK_POLICIES, {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: {
            name: name ?? '',
            namespace: namespace ?? '',
            ...(labels === undefined ? {} : { labels }),
            ...(annotations === undefined ? {} : { annotations }),
          },
          spec,
        }),
      );
    }
    const restoredDeny = await denyUid('gitops-restored', 'restored');
    await apply(declared);
    operator = await scene.start(['--isolation-limit=0', '--isolation-limit-percent=0']);
    const uid = (await policyAt('restored')).metadata.uid;
    expect(uid).not.toBe(formerUid);
    for (const name of standardSet('restored')) {
      await eventually(
        async () =>
          (await scene.networkPolicy('gitops-restored', name))?.metadata.annotations?.['nsbaseline.io/policy-uid'],
      ).toBe(uid);
    }
    await eventually(() => scene.report('gitops-restored')).toMatchObject({ phase: 'Protected' });
    expect(await denyUid('gitops-restored', 'restored')).toBe(restoredDeny);
  });

  test('rebuilt: namespaces first and policies after them come to the same', async () => {
    await scene.namespace('gitops-rebuilt', { 'nsbaseline.io/enabled': 'true', set: 'rebuilt' });
    await apply(manifest('rebuilt', {}));
    await eventually(() => scene.networkPolicyNames('gitops-rebuilt')).toEqual(standardSet('rebuilt'));
    await eventually(async () => kstatusOf(await policyAt('rebuilt'))).toBe('Current');
  });
});
