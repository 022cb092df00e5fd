import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LivePolicy, type OrphanCandidate, orphansIn } from '../../../../src/domain/planning/orphans.ts';
import { isMatch, type Labels } from '../../../../src/domain/selection.ts';

const SELECTED: Labels = { 'nsbaseline.io/enabled': 'true' };
const selector = { matchLabels: SELECTED };

function candidate(changes: Partial<OrphanCandidate> = {}): OrphanCandidate {
  return {
    namespace: 'team-a',
    name: 'standard.default-deny',
    isLabelled: true,
    policyLabel: 'standard',
    policyUid: 'dead',
    isKept: false,
    ...changes,
  };
}

function orphans(
  networkPolicies: readonly OrphanCandidate[],
  policies: readonly LivePolicy[],
  options: { readonly labels?: Labels | undefined; readonly includesKept?: boolean } = {},
): readonly OrphanCandidate[] {
  const { labels = {}, includesKept = false } = options;
  return orphansIn({
    networkPolicies,
    policies,
    labelsOf: () => ('labels' in options ? options.labels : labels),
    includesKept,
  });
}

describe('R8 an orphan', () => {
  test('R8 an orphan carries our label and the uid of a deleted policy', () => {
    expect(orphans([candidate()], [])).toHaveLength(1);
    expect(orphans([candidate()], [{ name: 'other', uid: 'live', selector }])).toHaveLength(1);
  });

  test.each<[string, Partial<OrphanCandidate>]>([
    ['without our label', { isLabelled: false }],
    ['without the uid of a policy, as a copy in Git has none', { policyUid: '' }],
    ['with the uid of a live policy', { policyUid: 'live' }],
    ['left behind on purpose (R4)', { isKept: true }],
  ])('R8 an object is no orphan %s', (_, changes) => {
    expect(orphans([candidate(changes)], [{ name: 'other', uid: 'live', selector }])).toEqual([]);
  });

  test('R4 a kept NetworkPolicy counts as an orphan on request, but not while its policy lives', () => {
    expect(orphans([candidate({ isKept: true })], [], { includesKept: true })).toHaveLength(1);
    expect(
      orphans([candidate({ isKept: true, policyUid: 'live' })], [{ name: 'other', uid: 'live', selector }], {
        includesKept: true,
      }),
    ).toEqual([]);
  });

  test('R8 an object is no orphan where a live policy takes it over by name or by label', () => {
    const policies = [{ name: 'standard', uid: 'live', selector }];
    expect(orphans([candidate()], policies, { labels: SELECTED })).toEqual([]);
    expect(
      orphans([candidate({ policyLabel: 'x' }), candidate({ name: 'x.default-deny' })], policies, { labels: SELECTED }),
    ).toEqual([]);
    expect(orphans([candidate()], policies, { labels: { 'nsbaseline.io/enabled': 'false' } })).toHaveLength(1);
  });

  test('R8 an object is no orphan while the selector of its policy or the labels of its namespace are unknown', () => {
    expect(orphans([candidate()], [{ name: 'standard', uid: 'live', selector: undefined }])).toEqual([]);
    expect(orphans([candidate()], [{ name: 'standard', uid: 'live', selector }], { labels: undefined })).toEqual([]);
  });

  test('R1 a managed NetworkPolicy with the uid of no live policy is an orphan in an excluded namespace too', () => {
    expect(
      orphans([candidate({ namespace: 'kube-system' })], [{ name: 'standard', uid: 'live', selector: {} }]),
    ).toHaveLength(1);
  });
});

test('R5 R8 in any world no object is an orphan that is foreign, taken over or of a live policy', () => {
  const name = fc.constantFrom('standard', 'web', 'a');
  const uid = fc.constantFrom('u1', 'u2', 'u3', '');
  const labels = fc.constantFrom<Labels | undefined>({}, SELECTED, { team: 'a' }, undefined);
  const anyCandidate = fc.record({
    namespace: fc.constantFrom('n1', 'n2', 'kube-system'),
    name: fc.tuple(name, fc.constantFrom('default-deny', 'allow-dns')).map((words) => words.join('.')),
    isLabelled: fc.boolean(),
    policyLabel: name,
    policyUid: uid,
    isKept: fc.boolean(),
  });
  const anyPolicy = fc.record({
    name,
    uid: fc.constantFrom('u1', 'u2'),
    selector: fc.constantFrom(selector, {}, undefined),
  });
  fc.assert(
    fc.property(
      fc.array(anyCandidate),
      fc.array(anyPolicy),
      fc.record({ n1: labels, n2: labels, 'kube-system': labels }),
      fc.boolean(),
      (networkPolicies, policies, byNamespace, includesKept) => {
        const labelsOf = (namespace: string): Labels | undefined => byNamespace[namespace as keyof typeof byNamespace];
        const live = distinct(policies);
        const found = orphansIn({ networkPolicies, policies: live, labelsOf, includesKept });
        expect(
          found.filter(
            (orphan) =>
              !orphan.isLabelled || orphan.policyUid === '' || live.some((policy) => policy.uid === orphan.policyUid),
          ),
        ).toEqual([]);
        expect(found.filter((orphan) => orphan.isKept && !includesKept)).toEqual([]);
        expect(found.filter((orphan) => isTakenOver(orphan, live, labelsOf(orphan.namespace)))).toEqual([]);
        // Whatever else there is says nothing about one object.
        for (const each of networkPolicies) {
          expect(orphansIn({ networkPolicies: [each], policies: live, labelsOf, includesKept })).toEqual(
            found.includes(each) ? [each] : [],
          );
        }
      },
    ),
  );
});

/** By a live policy of its name that selects the namespace, or of which it is not known. */
function isTakenOver(orphan: OrphanCandidate, live: readonly LivePolicy[], labels: Labels | undefined): boolean {
  if (orphan.namespace === 'kube-system') {
    return false;
  }
  return live.some(
    (policy) =>
      orphan.name.startsWith(`${policy.name}.`) &&
      (policy.selector === undefined || labels === undefined || isMatch(policy.selector, labels)),
  );
}

function distinct(policies: readonly LivePolicy[]): readonly LivePolicy[] {
  return [...new Map(policies.map((policy) => [policy.name, policy])).values()];
}
