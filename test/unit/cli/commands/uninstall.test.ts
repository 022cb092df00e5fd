import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_VERSION, FINALIZER } from '../../../../src/api/names.ts';
import { defineUninstall } from '../../../../src/cli/commands/uninstall/uninstall.ts';
import { keepingForm } from '../../../../src/cli/commands/uninstall/uninstall-steps.ts';
import {
  BASELINE_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACE_BASELINES,
} from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';
import { scriptedTerminal } from '../scripted-terminal.ts';

const OURS = ['standard.allow-dns', 'standard.default-deny'];
const STANDING = ['copy.default-deny', 'kept.default-deny', 'mine', ...OURS];
let cluster: CliCluster;

beforeEach(async () => {
  cluster = await startCliCluster();
  await cluster.namespace('team-a');
  const live = valueOf(
    await cluster.kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'standard', finalizers: [FINALIZER] },
      spec: { removal: { onDelete: 'Remove' } },
    }),
  );
  valueOf(
    await cluster.kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'strict' },
      spec: { mode: 'DryRun' },
    }),
  );
  for (const name of OURS) {
    await cluster.networkPolicy('team-a', name, live.metadata.uid ?? '');
  }
  await cluster.networkPolicy('team-a', 'kept.default-deny', 'dead', { 'nsbaseline.io/kept': 'true' });
  await cluster.networkPolicy('team-a', 'copy.default-deny', '');
  await cluster.networkPolicy('team-a', 'mine');
  valueOf(
    await cluster.kube.create(NAMESPACE_BASELINES, {
      apiVersion: API_VERSION,
      kind: 'NamespaceBaseline',
      metadata: { name: 'baseline', namespace: 'team-a' },
      status: { phase: 'Protected', policies: [], conflicts: [], weakenedBy: [], conditions: [] },
    }),
  );
});

afterEach(() => cluster.stop());

/** What there is of ours in the cluster. */
async function standing(): Promise<{
  readonly policies: readonly string[];
  readonly records: number;
  readonly networkPolicies: readonly string[];
  readonly crds: number;
}> {
  const [policies, records, crds] = [
    await cluster.kube.list({ type: BASELINE_POLICIES }),
    await cluster.kube.list({ type: NAMESPACE_BASELINES }),
    valueOf(await cluster.kube.list({ type: CUSTOM_RESOURCE_DEFINITIONS })),
  ];
  return {
    policies: policies.ok ? policies.value.items.map(({ metadata }) => metadata.name ?? '').sort() : [],
    records: records.ok ? records.value.items.length : 0,
    networkPolicies: await cluster.networkPolicyNames('team-a'),
    crds: crds.items.length,
  };
}

const EVERYTHING = { policies: ['standard', 'strict'], records: 1, networkPolicies: STANDING, crds: 2 };

describe('uninstall', () => {
  test('R8 deletes BaselinePolicies and reports, and leaves every NetworkPolicy and nothing stuck, though a policy says onDelete: Remove', async () => {
    const terminal = scriptedTerminal(['y']);
    const { code, complaint } = await cluster.run(defineUninstall, [], terminal);
    expect(terminal.questions).toEqual([
      'Delete 2 BaselinePolicies, 1 NamespaceBaseline; 3 NetworkPolicies stay, and nothing keeps them up to date then? [y/N] ',
    ]);
    expect(complaint).toContain('kubectl delete -k deploy/base');
    expect({ code, ...(await standing()) }).toEqual({ code: 0, ...EVERYTHING, policies: [], records: 0 });
  });

  test('R5 --remove-policies removes every managed NetworkPolicy, kept ones too, and no foreign one', async () => {
    const terminal = scriptedTerminal(['yes']);
    const { code, printed, complaint } = await cluster.run(defineUninstall, ['--remove-policies'], terminal);
    expect(terminal.questions[0]).toContain(
      '3 NetworkPolicies in 1 namespace, 1 NamespaceBaseline; a default-deny goes in 1 namespace',
    );
    expect(complaint).toContain('standard.allow-dns');
    expect({ code, ...(await standing()) }).toEqual({
      code: 0,
      policies: [],
      records: 0,
      networkPolicies: ['copy.default-deny', 'mine'],
      crds: 2,
    });
    const order = printed.split('\n').map((line) => line.split(' ')[0]?.split('/')[1]);
    expect(order.indexOf('standard')).toBeLessThan(order.indexOf('standard.default-deny'));
    expect(order.indexOf('standard.default-deny')).toBeLessThan(order.indexOf('standard.allow-dns'));
    expect(order.indexOf('standard.allow-dns')).toBeLessThan(order.indexOf('baseline'));
  });

  test('with --remove-crds removes these, too, and a second run finds nothing', async () => {
    expect((await cluster.run(defineUninstall, ['--remove-policies', '--remove-crds', '--yes'])).code).toBe(0);
    expect(await standing()).toEqual({
      policies: [],
      records: 0,
      networkPolicies: ['copy.default-deny', 'mine'],
      crds: 0,
    });
    expect(await cluster.run(defineUninstall, ['--remove-policies', '--remove-crds', '--yes'])).toEqual({
      code: 0,
      printed: 'There is nothing to uninstall.\n',
      complaint: '',
    });
  });

  test('where the CRDs are gone already, removes the NetworkPolicies that they left', async () => {
    for (const name of ['baselinepolicies.nsbaseline.io', 'namespacebaselines.nsbaseline.io']) {
      valueOf(await cluster.kube.remove({ type: CUSTOM_RESOURCE_DEFINITIONS, name }));
    }
    const policies = await cluster.kube.get({ type: BASELINE_POLICIES, name: 'standard' });
    if (policies.ok) {
      valueOf(
        await cluster.kube.replace(BASELINE_POLICIES, {
          ...policies.value,
          metadata: { ...policies.value.metadata, finalizers: [] },
        }),
      );
    }
    expect((await cluster.run(defineUninstall, ['--remove-policies', '--yes'])).code).toBe(0);
    expect(await cluster.networkPolicyNames('team-a')).toEqual(['copy.default-deny', 'mine']);
  });

  test.each([[['']], [['no']], [[undefined]]])('deletes nothing after the answer %j', async (answers) => {
    const { code, complaint } = await cluster.run(
      defineUninstall,
      ['--remove-policies', '--remove-crds'],
      scriptedTerminal(answers),
    );
    expect({ code, ...(await standing()) }).toEqual({ code: 1, ...EVERYTHING });
    expect(complaint).toContain('nothing was deleted');
  });

  test('deletes nothing where nobody can be asked, and nothing with --dry-run, which shows it all', async () => {
    const asked = await cluster.run(defineUninstall, ['--remove-policies']);
    expect(asked.code).toBe(2);
    expect(asked.complaint).toContain('add --yes to go on, or --dry-run to only look');
    const shown = await cluster.run(defineUninstall, ['--remove-policies', '--remove-crds', '--dry-run', '--yes']);
    expect(shown.code).toBe(0);
    for (const word of ['baselinepolicy.nsbaseline.io/strict', 'kept.default-deny', 'both CRDs']) {
      expect(shown.printed).toContain(word);
    }
    expect(await standing()).toEqual(EVERYTHING);
  });

  test('--dry-run -o json lists what would be deleted and what would stay, for programs', async () => {
    const { code, printed } = await cluster.run(defineUninstall, ['--dry-run', '-o', 'json', '--remove-crds']);
    expect(code).toBe(0);
    const { wouldDelete, wouldKeep } = JSON.parse(printed) as {
      wouldDelete: unknown;
      wouldKeep: { networkPolicies: readonly unknown[] };
    };
    expect(wouldDelete).toEqual({
      baselinePolicies: ['standard', 'strict'],
      namespaceBaselines: ['team-a'],
      networkPolicies: [],
      customResourceDefinitions: ['namespacebaselines.nsbaseline.io', 'baselinepolicies.nsbaseline.io'],
    });
    expect(wouldKeep.networkPolicies).toHaveLength(3);
    expect(await standing()).toEqual(EVERYTHING);
    expect((await cluster.run(defineUninstall, ['-o', 'json'])).code).toBe(2);
  });

  test('what comes while the question stands is left alone, and keeps the CRDs', async () => {
    const terminal = {
      ...scriptedTerminal(),
      canAsk: true,
      ask: async () => {
        const late = valueOf(
          await cluster.kube.create(BASELINE_POLICIES, {
            apiVersion: API_VERSION,
            kind: 'BaselinePolicy',
            metadata: { name: 'late' },
            spec: {},
          }),
        );
        await cluster.networkPolicy('team-a', 'late.default-deny', late.metadata.uid ?? '');
        return 'y';
      },
    };
    const { code, complaint } = await cluster.run(defineUninstall, ['--remove-policies', '--remove-crds'], terminal);
    expect(complaint).toContain('the CRDs stay: BaselinePolicy late was created meanwhile');
    expect({ code, ...(await standing()) }).toEqual({
      code: 1,
      policies: ['late'],
      records: 0,
      networkPolicies: ['copy.default-deny', 'late.default-deny', 'mine'],
      crds: 2,
    });
  });

  test('what the operator still wrote when its policy went is found by looking again', async () => {
    const { metadata } = valueOf(await cluster.kube.get({ type: BASELINE_POLICIES, name: 'standard' }));
    let isWritten = false;
    cluster.server.intercept = ({ verb, path }) => {
      if (verb === 'delete' && path.endsWith('/standard.allow-dns') && !isWritten) {
        isWritten = true;
        setTimeout(() => {
          void cluster.networkPolicy('team-a', 'standard.allow-monitoring', metadata.uid ?? '');
        }, 50);
      }
      return undefined;
    };
    expect((await cluster.run(defineUninstall, ['--remove-policies', '--yes'])).code).toBe(0);
    expect(await cluster.networkPolicyNames('team-a')).toEqual(['copy.default-deny', 'mine']);
  });

  test('a BaselinePolicy that cannot be deleted ends it before any NetworkPolicy goes', async () => {
    cluster.server.intercept = ({ verb, path }) =>
      verb === 'delete' && path.endsWith('/baselinepolicies/strict')
        ? { kind: 'respond', status: 403, body: JSON.stringify({ kind: 'Status', message: 'no\u001b[2J' }) }
        : undefined;
    const { code, complaint } = await cluster.run(defineUninstall, ['--remove-policies', '--remove-crds', '--yes']);
    expect(complaint).toContain('baselinepolicies');
    expect(complaint).not.toContain('\u001b');
    expect({ code, ...(await standing()) }).toEqual({ code: 1, ...EVERYTHING, policies: ['strict'] });
  });
});

test('R8 a policy that uninstall sets to Keep loses our finalizer and no other finalizer or field', () => {
  const object = {
    apiVersion: API_VERSION,
    kind: 'BaselinePolicy',
    metadata: { name: 'a', finalizers: ['other/one', FINALIZER] },
    spec: { mode: 'Enforce', removal: { onDelete: 'Remove', onOptOut: 'Keep' } },
  };
  expect(keepingForm(object)).toEqual({
    ...object,
    metadata: { name: 'a', finalizers: ['other/one'] },
    spec: { mode: 'Enforce', removal: { onDelete: 'Keep', onOptOut: 'Keep' } },
  });
  expect(keepingForm({ ...object, metadata: { name: 'a' }, spec: {} })).toBeUndefined();
});
