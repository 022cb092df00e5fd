import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { BASELINE_POLICIES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import {
  eventually,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';

const CRD = 'baselinepolicies.nsbaseline.io';
let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
});

afterEach(async () => {
  await scene.clear();
});

afterAll(async () => {
  await operator.stop();
});

/** A namespace of a set, protected, with a NetworkPolicy of its own. */
async function settledIn(namespace: string, set: string): Promise<void> {
  await scene.namespace(namespace, { set });
  await scene.createNetworkPolicy(namespace, { name: 'own' }, { podSelector: {} });
  await eventually(() => scene.report(namespace)).toMatchObject({ phase: 'Protected' });
}

const withOwn = (policy: string): readonly string[] => ['own', ...standardSet(policy)].sort();

/** Waits until the policy says that so many namespaces wait, and returns the kubectl command that its message names. */
async function heldNamespaces(policy: string, count: number): Promise<string> {
  const message = (): Promise<string> => scene.conditionMessage(policy, 'RemovalHeld');
  await eventually(message).toMatch(new RegExp(`confirm-removal=${count}-[0-9a-f]{8}$`));
  return /kubectl (annotate .*)$/.exec(await message())?.[1] ?? '';
}

async function finalizers(policy: string): Promise<readonly string[]> {
  return (await scene.kube.get({ type: BASELINE_POLICIES, name: policy })).ok
    ? (valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: policy })).metadata.finalizers ?? [])
    : [];
}

describe('R4 opting out', () => {
  test('R4 onOptOut: Keep leaves the policies as they are, marked, and takes them back when the namespace opts in again', async () => {
    await scene.declare('keep', { removal: { onOptOut: 'Keep' } });
    await settledIn('keep-a', 'keep');
    const before = (await scene.networkPolicy('keep-a', 'keep.default-deny'))?.spec;
    await scene.label('keep-a', { set: null });
    await eventually(
      async () =>
        (await scene.networkPolicy('keep-a', 'keep.default-deny'))?.metadata.annotations?.['nsbaseline.io/kept'],
    ).toBe('true');
    await eventually(() => scene.report('keep-a')).toBeUndefined();
    expect(await scene.networkPolicyNames('keep-a')).toEqual(withOwn('keep'));
    expect((await scene.networkPolicy('keep-a', 'keep.default-deny'))?.spec).toEqual(before);
    await scene.label('keep-a', { set: 'keep' });
    await eventually(() => scene.report('keep-a')).toMatchObject({ phase: 'Protected' });
    expect((await scene.networkPolicy('keep-a', 'keep.default-deny'))?.metadata.annotations).not.toHaveProperty(
      'nsbaseline.io/kept',
    );
  });
});

describe('R8 deleting a BaselinePolicy', () => {
  test('R8 Keep leaves every NetworkPolicy in place, and a new policy of the same name takes them over', async () => {
    await scene.declare('again');
    await settledIn('again-a', 'again');
    await scene.removeBaselinePolicy('again');
    await eventually(() => scene.report('again-a')).toBeUndefined();
    expect(await scene.networkPolicyNames('again-a')).toEqual(withOwn('again'));
    await scene.declare('again');
    await eventually(() => scene.report('again-a')).toMatchObject({ phase: 'Protected' });
    const uid = valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'again' })).metadata.uid;
    await eventually(
      async () =>
        (await scene.networkPolicy('again-a', 'again.default-deny'))?.metadata.annotations?.[
          'nsbaseline.io/policy-uid'
        ],
    ).toBe(uid);
  });

  test('R8 a new policy of the same name takes over the parts of the former one, and removes those that it does not declare', async () => {
    await scene.declare('anew', { allow: { sameNamespace: { enabled: true } } });
    await settledIn('anew-a', 'anew');
    expect(await scene.networkPolicyNames('anew-a')).toEqual([...withOwn('anew'), 'anew.allow-same-namespace'].sort());
    await scene.removeBaselinePolicy('anew');
    await eventually(() => scene.report('anew-a')).toBeUndefined();
    await scene.declare('anew');
    await eventually(() => scene.report('anew-a')).toMatchObject({ phase: 'Protected' });
    await eventually(() => scene.networkPolicyNames('anew-a')).toEqual(withOwn('anew'));
    expect(await scene.condition('anew', 'OrphansPresent')).not.toContain('True');
    // The tests of the guard below count what is isolated.
    await scene.label('anew-a', { set: null });
    await eventually(() => scene.networkPolicyNames('anew-a')).toEqual(['own']);
  });

  test('R8 objects of a former policy outside the selection are orphans: counted, and never removed', async () => {
    await scene.declare('orphan');
    await settledIn('orphan-a', 'orphan');
    await scene.removeBaselinePolicy('orphan');
    await eventually(() => scene.report('orphan-a')).toBeUndefined();
    await scene.label('orphan-a', { set: null });
    await scene.declare('orphan');
    await eventually(() => scene.condition('orphan', 'OrphansPresent')).toBe('True OrphansPresent');
    expect(await scene.networkPolicyNames('orphan-a')).toEqual(withOwn('orphan'));
  });

  test('R8 Remove keeps the policy by a finalizer until its NetworkPolicies are gone, and removes no other object', async () => {
    await scene.declare('gone', { removal: { onDelete: 'Remove' } });
    await settledIn('gone-a', 'gone');
    await eventually(() => finalizers('gone')).toEqual(['nsbaseline.io/remove-policies']);
    await scene.removeBaselinePolicy('gone');
    await eventually(async () => (await scene.kube.get({ type: BASELINE_POLICIES, name: 'gone' })).ok).toBe(false);
    expect(await scene.networkPolicyNames('gone-a')).toEqual(['own']);
    await eventually(() => scene.report('gone-a')).toBeUndefined();
  });

  test.each(['DryRun', 'Paused'] as const)('R8 %s at deletion acts as Keep', async (mode) => {
    const name = `gone-${mode.toLowerCase()}`;
    await scene.declare(name, { removal: { onDelete: 'Remove' } });
    await settledIn(name, name);
    await scene.declare(name, { removal: { onDelete: 'Remove' }, mode });
    await eventually(() => finalizers(name)).toEqual([]);
    await scene.removeBaselinePolicy(name);
    await eventually(() => scene.report(name)).toBeUndefined();
    expect(await scene.networkPolicyNames(name)).toEqual(withOwn(name));
  });

  test('R8 a deletion while the operator is down is carried out when it comes back', async () => {
    await scene.declare('down', { removal: { onDelete: 'Remove' } });
    await settledIn('down-a', 'down');
    await eventually(() => finalizers('down')).toEqual(['nsbaseline.io/remove-policies']);
    await operator.stop();
    await scene.removeBaselinePolicy('down');
    operator = await scene.start();
    await eventually(async () => (await scene.kube.get({ type: BASELINE_POLICIES, name: 'down' })).ok).toBe(false);
    expect(await scene.networkPolicyNames('down-a')).toEqual(['own']);
  });

  test.each(['running', 'down'] as const)(
    'F46 R8 deleting the CRD while the operator is %s removes no NetworkPolicy and leaves nothing stuck',
    async (state) => {
      const name = `crd-${state}`;
      await scene.declare(name, { removal: { onDelete: 'Remove' } });
      await settledIn(name, name);
      await eventually(() => finalizers(name)).toEqual(['nsbaseline.io/remove-policies']);
      if (state === 'down') {
        await operator.stop();
      }
      await scene.cluster.kubectl('delete', 'crd', CRD, '--wait=false');
      if (state === 'down') {
        operator = await scene.start();
      }
      await eventually(async () => (await scene.cluster.tryKubectl(['get', 'crd', CRD])).exitCode).not.toBe(0);
      expect(await scene.networkPolicyNames(name)).toEqual(withOwn(name));
      await operator.stop();
      await scene.cluster.applyManifests('deploy/crds');
      operator = await scene.start();
    },
  );

  test('R8 a finalizer of ours that a restored backup brought along is taken off where nothing needs it', async () => {
    await scene.cluster.applyManifests([
      {
        apiVersion: 'nsbaseline.io/v1alpha1',
        kind: 'BaselinePolicy',
        metadata: { name: 'restored', finalizers: ['nsbaseline.io/remove-policies', 'test/other'] },
        spec: { namespaceSelector: { matchLabels: { set: 'restored' } } },
      },
    ]);
    await eventually(() => finalizers('restored')).toEqual(['test/other']);
    await scene.cluster.kubectl(
      'patch',
      'baselinepolicy',
      'restored',
      '--type=merge',
      '--patch={"metadata":{"finalizers":null}}',
    );
    await scene.removeBaselinePolicy('restored');
  });

  test('R8 a rename is a new policy that adds first; what the old one leaves are orphans', async () => {
    await scene.declare('old-name');
    await settledIn('rename-a', 'old-name');
    await scene.declare('new-name', { namespaceSelector: { matchLabels: { set: 'old-name' } } });
    await scene.removeBaselinePolicy('old-name');
    await eventually(() => scene.report('rename-a')).toMatchObject({
      phase: 'Protected',
      policies: [{ policy: 'new-name' }],
    });
    expect(await scene.networkPolicyNames('rename-a')).toEqual(
      ['own', ...standardSet('new-name'), ...standardSet('old-name')].sort(),
    );
  });
});

describe('R9 the removal guard holds a change that would unprotect many namespaces', () => {
  const names = ['mass-a', 'mass-b', 'mass-c', 'mass-d', 'mass-e', 'mass-f', 'mass-g'];

  async function protectedMass(set: string): Promise<readonly string[]> {
    const own = names.map((name) => `${name}-${set}`);
    await scene.declare(set);
    for (const name of own) {
      await scene.namespace(name, { set });
    }
    for (const name of own) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    return own;
  }

  async function stands(own: readonly string[], set: string): Promise<void> {
    for (const name of own) {
      expect(await scene.networkPolicyNames(name)).toEqual(standardSet(set));
    }
  }

  test('R9 a selector edited to match nothing removes nothing, says so, repairs meanwhile, and goes on when confirmed', async () => {
    const own = await protectedMass('sel');
    await scene.declare('sel', { namespaceSelector: { matchLabels: { set: 'nobody' } } });
    await eventually(() => scene.condition('sel', 'RemovalHeld')).toBe('True RemovalHeld');
    expect(await scene.condition('sel', 'Ready')).toBe('False RemovalHeld');
    await stands(own, 'sel');
    await scene.cluster.kubectl('delete', 'networkpolicy', 'sel.default-deny', '-n', 'mass-a-sel');
    await eventually(() => scene.networkPolicyNames('mass-a-sel')).toEqual(standardSet('sel'));

    const line = await heldNamespaces('sel', own.length);
    expect(line).toMatch(/^annotate baselinepolicy sel --overwrite nsbaseline\.io\/confirm-removal=7-[0-9a-f]{8}$/);
    await scene.cluster.kubectl(
      'annotate',
      'baselinepolicy',
      'sel',
      '--overwrite',
      'nsbaseline.io/confirm-removal=7-00000000',
    );
    await eventually(() => scene.condition('sel', 'RemovalHeld')).toBe('True RemovalHeld');
    await stands(own, 'sel');
    await scene.cluster.kubectl(...line.split(' '));
    for (const name of own) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual([]);
    }
    await eventually(() => scene.condition('sel', 'RemovalHeld')).toBe('');
  });

  test('R9 undoing the edit lifts the hold without a confirmation', async () => {
    const own = await protectedMass('undo');
    await scene.declare('undo', { namespaceSelector: { matchLabels: { set: 'nobody' } } });
    await eventually(() => scene.condition('undo', 'RemovalHeld')).toBe('True RemovalHeld');
    await scene.declare('undo');
    await eventually(() => scene.condition('undo', 'RemovalHeld')).toBe('');
    await stands(own, 'undo');
  });

  test('R9 F40 labels taken away one by one are held once too many lost their protection within ten minutes', async () => {
    await operator.stop();
    operator = await scene.start();
    const own = await protectedMass('one');
    // Two directions each: two namespaces make four, the third would make six. The first two are waited for, since an
    // operator that saw three labels go at once would rightly hold all three.
    for (const name of own.slice(0, 2)) {
      await scene.label(name, { set: null });
      await eventually(() => scene.networkPolicyNames(name)).toEqual([]);
    }
    const held = own.slice(2);
    for (const name of held) {
      await scene.label(name, { set: null });
    }
    await heldNamespaces('one', held.length);
    await stands(held, 'one');
  });

  test('R9 a direction that is no longer isolated counts too', async () => {
    await operator.stop();
    operator = await scene.start();
    const own = await protectedMass('iso');
    await scene.declare('iso', { isolate: ['Ingress'] });
    await eventually(() => scene.condition('iso', 'RemovalHeld')).toBe('True RemovalHeld');
    for (const name of own) {
      expect((await scene.networkPolicy(name, 'iso.default-deny'))?.spec).toMatchObject({
        policyTypes: ['Ingress', 'Egress'],
      });
    }
    const [first = ''] = own;
    const before = (await scene.networkPolicy(first, 'iso.default-deny'))?.metadata.uid;
    await scene.cluster.kubectl('delete', 'networkpolicy', 'iso.default-deny', '-n', first);
    await eventually(async () => (await scene.networkPolicy(first, 'iso.default-deny'))?.spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
    });
    expect((await scene.networkPolicy(first, 'iso.default-deny'))?.metadata.uid).not.toBe(before);
  });

  test('R9 deletion with Remove is held as well', async () => {
    await operator.stop();
    operator = await scene.start();
    const own = names.map((name) => `${name}-del`);
    await scene.declare('del', { removal: { onDelete: 'Remove' } });
    for (const name of own) {
      await scene.namespace(name, { set: 'del' });
    }
    for (const name of own) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    await eventually(() => finalizers('del')).toEqual(['nsbaseline.io/remove-policies']);
    await scene.removeBaselinePolicy('del');
    await eventually(() => scene.condition('del', 'RemovalHeld')).toBe('True RemovalHeld');
    await stands(own, 'del');
    const line = await heldNamespaces('del', own.length);
    await scene.cluster.kubectl(...line.split(' '));
    await eventually(async () => (await scene.kube.get({ type: BASELINE_POLICIES, name: 'del' })).ok).toBe(false);
    for (const name of own) {
      expect(await scene.networkPolicyNames(name)).toEqual([]);
    }
  });

  test('R9 a move from one policy to another is not held, since it adds first', async () => {
    await operator.stop();
    operator = await scene.start();
    const own = await protectedMass('from');
    await scene.declare('to');
    for (const name of own) {
      await scene.label(name, { set: 'to' });
    }
    for (const name of own) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual(standardSet('to'));
    }
    expect(await scene.condition('from', 'RemovalHeld')).toBe('');
  });
});

describe('R1 R9 a change of the exclusion list', () => {
  test('R1 R9 a change of the exclusion list releases a few namespaces, and is held for many', async () => {
    const names = ['excl-a', 'excl-b', 'excl-c', 'excl-d'];
    await scene.declare('excl');
    for (const name of names) {
      await settledIn(name, 'excl');
    }
    await operator.stop();
    operator = await scene.start(['--exclude-namespaces', 'excl-a']);
    await eventually(() => scene.networkPolicyNames('excl-a')).toEqual(['own']);
    await operator.stop();
    operator = await scene.start(['--exclude-namespaces', 'excl-*']);
    await eventually(() => scene.condition('excl', 'RemovalHeld')).toBe('True RemovalHeld');
    for (const name of names.slice(1)) {
      expect(await scene.networkPolicyNames(name)).toEqual(withOwn('excl'));
    }
    await operator.stop();
    operator = await scene.start();
    await eventually(() => scene.condition('excl', 'RemovalHeld')).toBe('');
  });
});

describe('R9 the isolation guard holds a change that would isolate many namespaces', () => {
  test('R9 a new policy over many namespaces waits, but not for those that opted in, and goes on when confirmed or rehearsed', async () => {
    const own = Array.from({ length: 40 }, (_, index) => `wide-${String(index)}`);
    for (const name of own) {
      await scene.namespace(name, { wide: 'x' });
    }
    await scene.namespace('wide-in', { wide: 'x', 'nsbaseline.io/enabled': 'true' });
    const spec: BaselinePolicySpec = { namespaceSelector: { matchLabels: { wide: 'x' } } };
    await scene.declare('wide', spec);
    await eventually(() => scene.condition('wide', 'IsolationHeld')).toBe('True IsolationHeld');
    await eventually(() => scene.networkPolicyNames('wide-in')).toEqual(standardSet('wide'));
    for (const name of own) {
      expect(await scene.networkPolicyNames(name)).toEqual([]);
    }
    await eventually(() => scene.report('wide-0')).toMatchObject({
      phase: 'Pending',
      policies: [{ reason: 'IsolationHeld' }],
    });

    await scene.declare('wide', { ...spec, mode: 'DryRun' });
    await eventually(() => scene.condition('wide', 'Ready')).toBe('True DryRun');
    await scene.declare('wide', spec);
    for (const name of own) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual(standardSet('wide'));
    }

    await scene.removeBaselinePolicy('wide');
    await scene.declare('wider', { ...spec, isolate: ['Ingress'] });
    await eventually(() => scene.condition('wider', 'Ready')).toBe('True Applied');
    expect(await scene.condition('wider', 'IsolationHeld')).toBe('');
  });
});

describe('R6 a contest over one object', () => {
  test('R6 after five repairs it is Contested, the other manager is named, and a widened default-deny never stands long', async () => {
    await scene.declare('quarrel');
    await settledIn('quarrel-a', 'quarrel');
    const widenedAndRepaired = async (): Promise<void> => {
      await scene.cluster.kubectl(
        'patch',
        'networkpolicy',
        'quarrel.default-deny',
        '-n',
        'quarrel-a',
        '--type=merge',
        '--patch={"spec":{"ingress":[{}]}}',
        '--field-manager=stubborn',
      );
      await eventually(
        async () => (await scene.networkPolicy('quarrel-a', 'quarrel.default-deny'))?.spec,
      ).not.toHaveProperty('ingress');
    };
    for (let round = 0; round < 5; round += 1) {
      await widenedAndRepaired();
    }
    await eventually(() => scene.report('quarrel-a')).toMatchObject({
      phase: 'Conflict',
      policies: [{ reason: 'Contested', inPlace: true }],
      conflicts: [{ name: 'quarrel.default-deny', reason: expect.stringContaining('stubborn') as string }],
    });
    await widenedAndRepaired();
  });
});

describe('R17 a foreign policy that undoes the isolation', () => {
  test('R17 the report lists an open foreign policy while it exists, and the operator leaves it alone', async () => {
    await scene.declare('weak');
    await settledIn('weak-a', 'weak');
    const open = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'open', namespace: 'weak-a' },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
    };
    const created = valueOf(await scene.kube.create(NETWORK_POLICIES, open));
    await eventually(() => scene.report('weak-a')).toMatchObject({
      phase: 'Weakened',
      weakened: 'open',
      weakenedBy: [{ name: 'open', grade: 'open' }],
    });
    await eventually(() => scene.condition('weak', 'Weakened')).toBe('True Weakened');
    await eventually(() => operator.metric('nsbaseline_weakened_namespaces')).toBe(1);
    expect(await scene.networkPolicy('weak-a', 'open')).toEqual(created);
    await scene.cluster.kubectl('delete', 'networkpolicy', 'open', '-n', 'weak-a');
    await eventually(() => scene.report('weak-a')).not.toHaveProperty('weakenedBy');
    await eventually(() => scene.condition('weak', 'Weakened')).toBe('');
  });
});
