import { describe, expect, test } from 'vitest';
import { baselinePolicyStatusSchema } from '../../../../src/api/baseline-policy.ts';
import {
  type NamespaceState,
  type PolicyProgress,
  policyStatusFor,
  untilPendingCountsMs,
} from '../../../../src/domain/reporting/policy-status.ts';

const nowTime = '2026-01-02T03:04:05Z';
const protectedOne = (namespace: string): NamespaceState => ({
  namespace,
  phase: 'Protected',
  reason: 'Protected',
  message: '',
  isWeakened: false,
  pendingForMs: 0,
});
const pending = (namespace: string, pendingForMs: number): NamespaceState => ({
  namespace,
  phase: 'Pending',
  reason: 'Retrying',
  message: 'x',
  isWeakened: false,
  pendingForMs,
});
const conflict = (namespace: string): NamespaceState => ({
  namespace,
  phase: 'Conflict',
  reason: 'ForeignObject',
  message: 'x',
  isWeakened: false,
  pendingForMs: 0,
});

function status(
  changes: Partial<PolicyProgress>,
  previous?: ReturnType<typeof policyStatusFor>,
): ReturnType<typeof policyStatusFor> {
  const progress: PolicyProgress = {
    generation: 3,
    mode: 'Enforce',
    problems: [],
    namespaceStates: [protectedOne('a')],
    unattemptedCount: 0,
    unseenCount: 0,
    discovered: {},
    discoveryProblem: undefined,
    held: [],
    orphanCount: 0,
    copyCount: 0,
    missingPeers: [],
    openRules: [],
    ...changes,
  };
  return policyStatusFor(progress, previous, nowTime);
}

const condition = (of: ReturnType<typeof policyStatusFor>, type: string): unknown =>
  of.conditions.find((candidate) => candidate.type === type);

describe('R16 the status of a BaselinePolicy never says more than was observed', () => {
  test('Ready once every namespace was attempted at this generation', () => {
    expect(condition(status({}), 'Ready')).toMatchObject({ status: 'True', reason: 'Applied', observedGeneration: 3 });
    const working = status({ unattemptedCount: 2, unseenCount: 1 });
    expect(condition(working, 'Ready')).toMatchObject({ status: 'False', reason: 'Progressing' });
    expect(condition(working, 'Reconciling')).toMatchObject({ status: 'True' });
    expect(working.namespaces).toMatchObject({ matched: 2, protected: 1, pending: 1 });
  });

  test('R17 wide namespaces are counted and stay protected', () => {
    const wide: NamespaceState = { ...protectedOne('b'), reason: 'Wide', message: 'x' };
    const counted = status({ namespaceStates: [protectedOne('a'), wide] });
    expect(counted.namespaces).toMatchObject({ matched: 2, protected: 2, weakened: 0, wide: 1 });
    expect(condition(counted, 'AllProtected')).toMatchObject({ status: 'True' });
    expect(condition(counted, 'Weakened')).toBeUndefined();
  });

  test("one tenant's conflict shows in AllProtected and not in Ready", () => {
    const one = status({ namespaceStates: [protectedOne('a'), conflict('b')] });
    expect(condition(one, 'Ready')).toMatchObject({ status: 'True' });
    expect(condition(one, 'AllProtected')).toMatchObject({ status: 'False', reason: 'NotAllInPlace' });
    expect(one.failed).toEqual([{ namespace: 'b', reason: 'ForeignObject', message: 'x' }]);
  });

  test('a namespace that is Pending for less than 60 s changes no condition', () => {
    expect(condition(status({ namespaceStates: [pending('a', 59_999)] }), 'AllProtected')).toMatchObject({
      status: 'True',
    });
    expect(condition(status({ namespaceStates: [pending('a', 60_000)] }), 'AllProtected')).toMatchObject({
      status: 'False',
    });
    expect(untilPendingCountsMs([pending('a', 59_000), pending('b', 10_000), protectedOne('c')])).toBe(1000);
    expect(untilPendingCountsMs([pending('a', 60_000)])).toBeUndefined();
  });

  test.each(['DryRun', 'Paused'] as const)('R7 %s is Ready with that reason', (mode) => {
    expect(condition(status({ mode }), 'Ready')).toMatchObject({ status: 'True', reason: mode });
  });

  test('R11 an invalid spec is Stalled and names its fields', () => {
    const invalid = status({ problems: [{ path: 'spec.rules[0].name', message: 'write another name' }] });
    expect(condition(invalid, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'InvalidSpec',
      message: 'spec.rules[0].name: write another name',
    });
    expect(condition(invalid, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
  });

  test('R11 what is said of an invalid spec fits into the CRD, however much it is', () => {
    const invalid = status({ problems: [{ path: `spec.${'k'.repeat(100_000)}`, message: 'is not known' }] });
    expect(condition(invalid, 'Ready')).toMatchObject({ reason: 'InvalidSpec' });
    expect(baselinePolicyStatusSchema.safeParse(invalid).success).toBe(true);
  });

  test('a message that is cut stays as the server would store it', () => {
    const failed = status({ namespaceStates: [{ ...conflict('a'), message: `${'x'.repeat(511)}😀` }] }).failed;
    expect(failed.map(({ message }) => message)).toEqual(['x'.repeat(511)]);
  });

  test('R14 assumed DNS has a condition', () => {
    expect(condition(status({ discoveryProblem: 'DnsNotFound' }), 'DiscoveryStale')).toMatchObject({
      status: 'True',
      reason: 'DnsNotFound',
    });
  });

  test('peers that are nobody have a condition, and change no other', () => {
    const missing = status({ missingPeers: [{ part: 'rule db', selector: { matchLabels: { team: 'db' } } }] });
    expect(condition(missing, 'PeersNotFound')).toMatchObject({
      status: 'True',
      reason: 'PeersNotFound',
      message: 'rule db: no namespace has team=db. These rules let nothing through until one does.',
    });
    expect(condition(missing, 'Ready')).toMatchObject({ status: 'True' });
  });

  test('R17 rules of its own that open a direction have a condition, and change no other', () => {
    const open = status({
      openRules: [{ names: ['web'], direction: 'Ingress', grade: 'open', why: 'allows every source on every port' }],
    });
    expect(condition(open, 'OwnRuleOpen')).toMatchObject({ status: 'True', reason: 'OwnRuleOpen' });
    expect(open.conditions.map(({ type, status: is }) => `${type} ${is}`)).toEqual([
      'Ready True',
      'AllProtected True',
      'OwnRuleOpen True',
    ]);
  });

  test('Reconciling, Stalled and DiscoveryStale are there only while they apply', () => {
    expect(status({}).conditions.map(({ type }) => type)).toEqual(['Ready', 'AllProtected']);
  });

  test('failed lists the first ten, sorted', () => {
    const names = Array.from({ length: 15 }, (_, index) => `ns-${String(index).padStart(2, '0')}`);
    expect(
      status({ namespaceStates: [...names].reverse().map(conflict) }).failed.map(({ namespace }) => namespace),
    ).toEqual(names.slice(0, 10));
  });

  test('lastTransitionTime moves only when the status does', () => {
    const before = {
      ...status({}),
      conditions: status({}).conditions.map((old) => ({ ...old, lastTransitionTime: '2020-01-01T00:00:00Z' })),
    };
    expect(condition(status({}, before), 'Ready')).toMatchObject({ lastTransitionTime: '2020-01-01T00:00:00Z' });
    expect(condition(status({ unattemptedCount: 1 }, before), 'Ready')).toMatchObject({ lastTransitionTime: nowTime });
  });
});
