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
    reason: 'Protected',
    isWeakened: false,
    ...changes,
  };
}

/** What a reconcile reports that knew the policies of its entries, and `standard` in any case. */
function seen(
  entries: readonly ReportedEntry[],
  changes: Partial<PolicyVersion> = {},
): Parameters<PolicyProgressTracker['noteReport']>[1] {
  const policies = (entries.length === 0 ? [entry()] : entries).map(({ policy, generation }) => ({
    name: policy,
    uid: 'u',
    generation,
    ...changes,
  }));
  return { entries, policies };
}

function trackerOf(...policies: readonly string[]): PolicyProgressTracker {
  const progress = new PolicyProgressTracker();
  for (const name of policies) {
    progress.expectAttempts({ name, uid: 'u', generation: 1 }, []);
  }
  return progress;
}

describe('R16 what a status is counted from', () => {
  test('a namespace counts as attempted once it was reported at the expected generation', () => {
    const progress = new PolicyProgressTracker();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 2 }, ['a', 'b']);
    progress.noteReport('a', seen([entry({ generation: 1 })]), 0);
    expect(progress.namespaceStates('standard', 0)).toMatchObject({ unattemptedCount: 2, unseenCount: 1 });
    progress.noteReport('a', seen([entry({ generation: 2 })]), 0);
    progress.noteReport('b', seen([entry({ generation: 2 })]), 0);
    expect(progress.namespaceStates('standard', 0)).toMatchObject({ unattemptedCount: 0, unseenCount: 0 });
  });

  test('a namespace that no longer concerns a policy leaves its account, expected or not', () => {
    const progress = new PolicyProgressTracker();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, ['a', 'b']);
    progress.noteReport('a', seen([entry()]), 0);
    expect(progress.noteReport('a', seen([]), 0)).toEqual(['standard']);
    expect(progress.forget('b')).toEqual(['standard']);
    expect(progress.namespaceStates('standard', 0)).toEqual({
      namespaceStates: [],
      unattemptedCount: 0,
      unseenCount: 0,
    });
  });

  test.each([
    ['did not know it', []],
    ['knew its former generation', [{ name: 'standard', uid: 'u', generation: 1 }]],
    ['knew a former one of its name', [{ name: 'standard', uid: 'former', generation: 2 }]],
  ])('a reconcile that %s says nothing by its silence: the namespace is still to be attempted', (_how, policies) => {
    const progress = new PolicyProgressTracker();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 2 }, ['a', 'b']);
    progress.noteReport('b', seen([entry({ generation: 2 })]), 0);
    for (const namespace of ['a', 'b']) {
      expect(progress.noteReport(namespace, { entries: [], policies }, 0)).toEqual([]);
    }
    expect(progress.namespaceStates('standard', 0)).toMatchObject({
      namespaceStates: [{ namespace: 'b' }],
      unattemptedCount: 1,
      unseenCount: 1,
    });
  });

  test('only what changed is news', () => {
    const progress = trackerOf('standard');
    expect(progress.noteReport('a', seen([entry()]), 0)).toEqual(['standard']);
    expect(progress.noteReport('a', seen([entry()]), 0)).toEqual([]);
    expect(progress.noteReport('a', seen([entry({ phase: 'Conflict', reason: 'ForeignObject' })]), 0)).toEqual([
      'standard',
    ]);
  });

  test('how long it has been Pending counts from its first Pending report', () => {
    const progress = trackerOf('standard');
    progress.noteReport('a', seen([entry({ phase: 'Pending', reason: 'Retrying', message: 'x' })]), 1000);
    progress.noteReport('a', seen([entry({ phase: 'Pending', reason: 'Retrying', message: 'y' })]), 50_000);
    expect(progress.namespaceStates('standard', 61_000).namespaceStates).toMatchObject([
      { pendingForMs: 60_000, message: 'y' },
    ]);
  });

  test('a namespace is unprotected while a policy that enforces is not in place there', () => {
    const progress = trackerOf('standard', 'pci');
    progress.noteReport(
      'a',
      seen([
        entry({ phase: 'Failed', inPlace: false, reason: 'Unprotected' }),
        entry({ policy: 'pci', inPlace: false }),
      ]),
      0,
    );
    progress.noteReport('b', seen([entry({ mode: 'DryRun', phase: 'DryRun', inPlace: false, reason: 'DryRun' })]), 0);
    progress.noteReport('c', seen([entry({ phase: 'Conflict', reason: 'ForeignObject' })]), 0);
    expect(progress.troubleCounts()).toEqual({ unprotected: 1, conflicted: 1, weakened: 0 });
  });

  test('F13 a reconcile for a policy that is gone, or came anew under its name, counts for nothing', () => {
    const progress = trackerOf('standard');
    progress.expectAttempts({ name: 'standard', uid: 'anew', generation: 1 }, ['a']);
    expect(progress.noteReport('a', seen([entry()]), 0)).toEqual([]);
    expect(progress.namespaceStates('standard', 0)).toMatchObject({ unattemptedCount: 1 });
    progress.delete('standard');
    expect(progress.noteReport('a', seen([entry()], { uid: 'anew' }), 0)).toEqual([]);
    expect([...progress.phaseCounts()]).toEqual([]);
  });
});
