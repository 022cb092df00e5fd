import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { defineApprove } from '../../../../src/cli/commands/approve/approve.ts';
import { heldChanges } from '../../../../src/cli/commands/approve/held-change.ts';
import type { Terminal } from '../../../../src/cli/frame/terminal.ts';
import { BASELINE_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';
import { scriptedTerminal } from '../scripted-terminal.ts';

const REMOVAL = { type: 'RemovalHeld', line: 'nsbaseline.io/confirm-removal=12-0123abcd' };
const ISOLATION = { type: 'IsolationHeld', line: 'nsbaseline.io/confirm-isolation=30-deadbeef' };
let cluster: CliCluster;

beforeEach(async () => {
  cluster = await startCliCluster();
});
afterEach(() => cluster.stop());

const messageOf = ({ line }: { readonly line: string }): string =>
  `Namespaces a, b and 10 more would lose their protection. To confirm: kubectl annotate baselinepolicy standard --overwrite ${line}`;

/** A policy whose operator says that these changes are held. */
async function given(
  held: readonly { readonly type: string; readonly line: string }[],
  { name = 'standard', observedGeneration = 1 } = {},
): Promise<void> {
  valueOf(
    await cluster.kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name, annotations: { mine: 'x' } },
      spec: {},
    }),
  );
  await holding(held, { name, observedGeneration });
}

/** The operator writes its status. */
async function holding(
  held: readonly { readonly type: string; readonly line: string }[],
  { name = 'standard', observedGeneration = 1, matched = 0 } = {},
): Promise<void> {
  const conditions = held.map((change) => ({
    type: change.type,
    status: 'True',
    reason: change.type,
    message: messageOf(change),
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }));
  const status = {
    observedGeneration,
    conditions,
    namespaces: { matched, protected: 0, pending: 0, failed: 0, conflicted: 0, weakened: 0 },
    failed: [],
    discovered: {},
  };
  valueOf(
    await cluster.kube.apply(
      BASELINE_POLICIES,
      { apiVersion: API_VERSION, kind: 'BaselinePolicy', metadata: { name }, status },
      { subresource: 'status' },
    ),
  );
}

async function annotations(name = 'standard'): Promise<Readonly<Record<string, string>>> {
  return valueOf(await cluster.kube.get({ type: BASELINE_POLICIES, name })).metadata.annotations ?? {};
}

/** A person who says yes when this has happened while the question stood. */
function yesAfter(happening: () => Promise<void>): Terminal {
  const ask = async (): Promise<string> => {
    await happening();
    return 'y';
  };
  return { ...scriptedTerminal(), canAsk: true, ask };
}

describe('R9 approve', () => {
  test('shows what the operator says, asks, and writes the very confirmation that it names', async () => {
    await given([REMOVAL]);
    const terminal = scriptedTerminal(['y']);
    const { code, printed, complaint } = await cluster.run(defineApprove, ['standard'], terminal);
    expect(code).toBe(0);
    expect(complaint).toContain(messageOf(REMOVAL));
    expect(terminal.questions).toEqual(['Let 12 namespaces lose protection? [y/N] ']);
    expect(printed).toBe(
      'baselinepolicy.nsbaseline.io/standard annotated: nsbaseline.io/confirm-removal=12-0123abcd\n',
    );
    expect(await annotations()).toEqual({ mine: 'x', 'nsbaseline.io/confirm-removal': '12-0123abcd' });
  });

  test('writes nothing after a no, where nobody can be asked, and where nothing is held', async () => {
    await given([ISOLATION]);
    expect((await cluster.run(defineApprove, ['standard'], scriptedTerminal(['n']))).code).toBe(1);
    expect((await cluster.run(defineApprove, ['standard'])).code).toBe(2);
    expect((await cluster.run(defineApprove, ['standard', '--removal', '--yes'])).code).toBe(1);
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('takes the one that is meant where both are held', async () => {
    await given([REMOVAL, ISOLATION]);
    expect((await cluster.run(defineApprove, ['standard', '--yes'])).code).toBe(2);
    expect((await cluster.run(defineApprove, ['standard', '--yes', '--isolation'])).code).toBe(0);
    expect((await cluster.run(defineApprove, ['standard', '--yes', '--removal'])).code).toBe(0);
    expect(await annotations()).toEqual({
      mine: 'x',
      'nsbaseline.io/confirm-removal': '12-0123abcd',
      'nsbaseline.io/confirm-isolation': '30-deadbeef',
    });
    const again = await cluster.run(defineApprove, ['standard', '--yes', '--removal']);
    expect(again.code).toBe(0);
    expect(again.complaint).toContain('confirmed already');
  });

  test('writes nothing while the operator speaks of an older generation', async () => {
    await given([REMOVAL], { observedGeneration: 0 });
    const { code, complaint } = await cluster.run(defineApprove, ['standard', '--yes']);
    expect(code).toBe(1);
    expect(complaint).toContain('has not looked at generation 1 yet');
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('writes nothing when the policy was changed while the question stood', async () => {
    await given([REMOVAL]);
    const terminal = yesAfter(async () => {
      const standing = valueOf(await cluster.kube.get({ type: BASELINE_POLICIES, name: 'standard' }));
      valueOf(
        await cluster.kube.replace(BASELINE_POLICIES, {
          ...standing,
          spec: { namespaceSelector: { matchLabels: { none: 'x' } } },
        }),
      );
    });
    const { code, complaint } = await cluster.run(defineApprove, ['standard'], terminal);
    expect(code).toBe(1);
    expect(complaint).toContain('so nothing was confirmed: repeat this');
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('goes on when nothing but the counts of the status has moved while the question stood', async () => {
    await given([REMOVAL]);
    const terminal = yesAfter(async () => {
      await holding([REMOVAL], { matched: 7 });
    });
    expect((await cluster.run(defineApprove, ['standard'], terminal)).code).toBe(0);
    expect(await annotations()).toEqual({ mine: 'x', 'nsbaseline.io/confirm-removal': '12-0123abcd' });
  });

  test('writes nothing when something else is held by the time of the answer', async () => {
    await given([REMOVAL]);
    const terminal = yesAfter(async () => {
      await holding([{ ...REMOVAL, line: 'nsbaseline.io/confirm-removal=13-0123abcd' }]);
    });
    expect((await cluster.run(defineApprove, ['standard'], terminal)).code).toBe(1);
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('shows all of several policies, asks once and confirms each', async () => {
    await given([REMOVAL]);
    await given([ISOLATION], { name: 'strict' });
    const terminal = scriptedTerminal(['y']);
    const { code, printed, complaint } = await cluster.run(defineApprove, ['standard', 'strict'], terminal);
    expect(code).toBe(0);
    expect(terminal.questions).toEqual([
      'Let 12 namespaces lose protection (standard), isolate 30 namespaces (strict)? [y/N] ',
    ]);
    expect(complaint).toContain(`BaselinePolicy strict: ${messageOf(ISOLATION)}`);
    expect(printed.split('\n')).toHaveLength(3);
    expect(await annotations('strict')).toEqual({ mine: 'x', 'nsbaseline.io/confirm-isolation': '30-deadbeef' });
  });

  test('confirms none of several where one of them has nothing to confirm', async () => {
    await given([REMOVAL]);
    await given([], { name: 'strict' });
    const { code, complaint } = await cluster.run(defineApprove, ['standard', 'strict', '--yes']);
    expect(code).toBe(1);
    expect(complaint).toContain('strict: nothing is held');
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('--dry-run shows the change and writes nothing', async () => {
    await given([REMOVAL]);
    const { code, complaint } = await cluster.run(defineApprove, ['standard', '--dry-run', '--yes']);
    expect(code).toBe(0);
    expect(complaint).toContain(messageOf(REMOVAL));
    expect(await annotations()).toEqual({ mine: 'x' });
  });

  test('says which policy is not there', async () => {
    const { code, complaint } = await cluster.run(defineApprove, ['nope', '--yes']);
    expect(code).toBe(1);
    expect(complaint).toContain('cannot get baselinepolicies.nsbaseline.io named nope: ');
    expect(complaint).toContain('"nope" not found');
  });
});

test.each([
  ['nsbaseline.io/confirm-removal=5-0123abcd', '5-0123abcd'],
  ['nsbaseline.io/confirm-removal=1-00000000 or so; nsbaseline.io/confirm-removal=5-0123abcd.', '5-0123abcd'],
  ['nsbaseline.io/confirm-removal=5-0123abcdef', undefined],
  ['nsbaseline.io/confirm-removal=$(reboot)', undefined],
  ['nsbaseline.io/confirm-isolation=5-0123abcd', undefined],
  ['', undefined],
])('R9 of the message %j the confirmation is %j', (message, confirmation) => {
  expect(heldChanges({ conditions: [{ type: 'RemovalHeld', status: 'True', reason: 'x', message }] })).toMatchObject([
    { kind: 'removal', confirmation },
  ]);
});

test('R9 a condition that is not True holds nothing', () => {
  expect(
    heldChanges({ conditions: [{ type: 'RemovalHeld', status: 'False', reason: 'x', message: messageOf(REMOVAL) }] }),
  ).toEqual([]);
});
