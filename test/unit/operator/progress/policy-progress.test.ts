import { describe, expect, test } from 'vitest';
import {
  PolicyProgressTracker,
  type PolicyVersion,
  type ReportedEntry,
} from '../../../../src/operator/progress/policy-progress.ts';

function entry(changes: Partial<ReportedEntry> = {}): ReportedEntry {
  return {
    policy: 'standard',
    generation: 1,
    mode: 'Enforce',
    phase: 'Protected',
    inPlace: true,
    managed: [],
    readyReason: 'Protected',
    isWeakened: false,
    ...changes,
  };
}

/** What a reconcile reports that knew the policies of its entries, and `standard` in any case. */
function seen(
  entries: readonly ReportedEntry[],
  changes: Partial<PolicyVersion> = {},
): Parameters<PolicyProgressTracker['enter']>[1] {
  const policies = (entries.length === 0 ? [entry()] : entries).map(({ policy, generation }) => ({
    name: policy,
    uid: 'u',
    generation,
    ...changes,
  }));
  return { entries, policies };
}

function ledgerOf(...policies: readonly string[]): PolicyProgressTracker {
  const ledger = new PolicyProgressTracker();
  for (const name of policies) {
    ledger.expect({ name, uid: 'u', generation: 1 }, []);
  }
  return ledger;
}

describe('R16 what a status is counted from', () => {
  test('a namespace counts as attempted once it was reported at the expected generation', () => {
    const ledger = new PolicyProgressTracker();
    ledger.expect({ name: 'standard', uid: 'u', generation: 2 }, ['a', 'b']);
    ledger.enter('a', seen([entry({ generation: 1 })]), 0);
    expect(ledger.standings('standard', 0)).toMatchObject({ unattemptedCount: 2, unseenCount: 1 });
    ledger.enter('a', seen([entry({ generation: 2 })]), 0);
    ledger.enter('b', seen([entry({ generation: 2 })]), 0);
    expect(ledger.standings('standard', 0)).toMatchObject({ unattemptedCount: 0, unseenCount: 0 });
  });

  test('a namespace that no longer concerns a policy leaves its account, expected or not', () => {
    const ledger = new PolicyProgressTracker();
    ledger.expect({ name: 'standard', uid: 'u', generation: 1 }, ['a', 'b']);
    ledger.enter('a', seen([entry()]), 0);
    expect(ledger.enter('a', seen([]), 0)).toEqual(['standard']);
    expect(ledger.forget('b')).toEqual(['standard']);
    expect(ledger.standings('standard', 0)).toEqual({ standings: [], unattemptedCount: 0, unseenCount: 0 });
  });

  test.each([
    ['did not know it', []],
    ['knew its former generation', [{ name: 'standard', uid: 'u', generation: 1 }]],
    ['knew a former one of its name', [{ name: 'standard', uid: 'former', generation: 2 }]],
  ])('a reconcile that %s says nothing by its silence: the namespace is still to be attempted', (_how, policies) => {
    const ledger = new PolicyProgressTracker();
    ledger.expect({ name: 'standard', uid: 'u', generation: 2 }, ['a', 'b']);
    ledger.enter('b', seen([entry({ generation: 2 })]), 0);
    for (const namespace of ['a', 'b']) {
      expect(ledger.enter(namespace, { entries: [], policies }, 0)).toEqual([]);
    }
    expect(ledger.standings('standard', 0)).toMatchObject({
      standings: [{ namespace: 'b' }],
      unattemptedCount: 1,
      unseenCount: 1,
    });
  });

  test('only what changed is news', () => {
    const ledger = ledgerOf('standard');
    expect(ledger.enter('a', seen([entry()]), 0)).toEqual(['standard']);
    expect(ledger.enter('a', seen([entry()]), 0)).toEqual([]);
    expect(ledger.enter('a', seen([entry({ phase: 'Conflict', readyReason: 'ForeignObject' })]), 0)).toEqual([
      'standard',
    ]);
  });

  test('how long it has been Pending counts from its first Pending report', () => {
    const ledger = ledgerOf('standard');
    ledger.enter('a', seen([entry({ phase: 'Pending', readyReason: 'Retrying', message: 'x' })]), 1000);
    ledger.enter('a', seen([entry({ phase: 'Pending', readyReason: 'Retrying', message: 'y' })]), 50_000);
    expect(ledger.standings('standard', 61_000).standings).toMatchObject([{ pendingForMs: 60_000, message: 'y' }]);
  });

  test('a namespace is unprotected while a policy that enforces is not in place there', () => {
    const ledger = ledgerOf('standard', 'pci');
    ledger.enter(
      'a',
      seen([
        entry({ phase: 'Failed', inPlace: false, readyReason: 'Unprotected' }),
        entry({ policy: 'pci', inPlace: false }),
      ]),
      0,
    );
    ledger.enter('b', seen([entry({ mode: 'DryRun', phase: 'DryRun', inPlace: false, readyReason: 'DryRun' })]), 0);
    ledger.enter('c', seen([entry({ phase: 'Conflict', readyReason: 'ForeignObject' })]), 0);
    expect(ledger.troubles()).toEqual({ unprotected: 1, conflicted: 1, weakened: 0 });
  });

  test('F13 a reconcile for a policy that is gone, or came anew under its name, counts for nothing', () => {
    const ledger = ledgerOf('standard');
    ledger.expect({ name: 'standard', uid: 'anew', generation: 1 }, ['a']);
    expect(ledger.enter('a', seen([entry()]), 0)).toEqual([]);
    expect(ledger.standings('standard', 0)).toMatchObject({ unattemptedCount: 1 });
    ledger.close('standard');
    expect(ledger.enter('a', seen([entry()], { uid: 'anew' }), 0)).toEqual([]);
    expect([...ledger.counts()]).toEqual([]);
  });
});
