import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_EXCLUDED_NAMESPACES } from '../../../src/api/names.ts';
import type { LabelSelector } from '../../../src/api/network-policy.ts';
import {
  exclusionFor,
  isBroadSelector,
  isExcluded,
  isMatch,
  isSelected,
  OPT_IN_SELECTOR,
  unselectedCount,
} from '../../../src/domain/selection.ts';
import { namespace } from '../../fixtures/worlds.ts';

const exclusion = exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: DEFAULT_EXCLUDED_NAMESPACES });

describe('R1 a namespace is selected when its labels match', () => {
  test.each([
    ['an empty selector matches everything', {}, {}, true],
    ['every matchLabels entry must hold', { matchLabels: { a: '1', b: '2' } }, { a: '1' }, false],
    [
      'matchLabels and matchExpressions are ANDed',
      { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' as const }] },
      { a: '1' },
      false,
    ],
    ['In needs the key', { matchExpressions: [{ key: 'a', operator: 'In' as const, values: ['1', '2'] }] }, {}, false],
    [
      'In takes any of its values',
      { matchExpressions: [{ key: 'a', operator: 'In' as const, values: ['1', '2'] }] },
      { a: '2' },
      true,
    ],
    [
      'NotIn holds when the key is absent',
      { matchExpressions: [{ key: 'a', operator: 'NotIn' as const, values: ['1'] }] },
      {},
      true,
    ],
    [
      'NotIn refuses its values',
      { matchExpressions: [{ key: 'a', operator: 'NotIn' as const, values: ['1'] }] },
      { a: '1' },
      false,
    ],
    [
      'Exists holds for an empty value',
      { matchExpressions: [{ key: 'a', operator: 'Exists' as const }] },
      { a: '' },
      true,
    ],
    [
      'DoesNotExist holds when the key is absent',
      { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' as const }] },
      {},
      true,
    ],
    [
      'DoesNotExist refuses an empty value',
      { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' as const }] },
      { a: '' },
      false,
    ],
  ])('%s', (_rule, selector, labels, expected) => {
    expect(isMatch(selector, labels as Record<string, string>)).toBe(expected);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    'a label called %s is a label like any other, not something inherited',
    (key) => {
      const selector = { matchExpressions: [{ key, operator: 'Exists' as const }] };
      expect(isMatch(selector, {})).toBe(false);
      expect(isMatch(selector, JSON.parse(`{"${key}": "x"}`) as Record<string, string>)).toBe(true);
    },
  );

  test.each(['y', 'no', 'on', '1e3', '0777', 'null', '~'])(
    'T label values and namespaces called %s are text',
    (text) => {
      expect(isMatch({ matchLabels: { team: text } }, { team: text })).toBe(true);
      expect(isExcluded(text, exclusion)).toBe(false);
    },
  );
});

describe('R1 excluded and terminating namespaces are never selected', () => {
  test.each([
    'kube-system',
    'kube-public',
    'kube-node-lease',
    'nsbaseline-system',
    'openshift-dns',
    'calico-system',
    'cilium',
    'cilium-test',
    'gke-managed-system',
    'gmp-public',
  ])('%s is excluded', (name) => {
    expect(isExcluded(name, exclusion)).toBe(true);
  });

  test.each(['team-a', 'kube-system-2', 'openshift', 'my-gke-app', 'calico'])('%s is not excluded', (name) => {
    expect(isExcluded(name, exclusion)).toBe(false);
  });

  test('the system namespaces stay excluded whatever is configured', () => {
    expect(isExcluded('kube-system', exclusionFor({ operatorNamespace: 'x', globs: [] }))).toBe(true);
  });

  test('an empty selector selects no excluded and no terminating namespace', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), (isTerminating, excluded) => {
        expect(isSelected({}, namespace('a', { isTerminating, isExcluded: excluded }))).toBe(
          !isTerminating && !excluded,
        );
      }),
    );
  });

  test('the default selector is the opt-in label, and only its value "true"', () => {
    expect(isMatch(OPT_IN_SELECTOR, { 'nsbaseline.io/enabled': 'true' })).toBe(true);
    expect(isMatch(OPT_IN_SELECTOR, { 'nsbaseline.io/enabled': 'True' })).toBe(false);
  });

  test('a selector is broad when it names no label to have', () => {
    const expressions = (...matchExpressions: NonNullable<LabelSelector['matchExpressions']>): LabelSelector => ({
      matchExpressions,
    });
    const notIn: NonNullable<LabelSelector['matchExpressions']>[number] = {
      key: 'a',
      operator: 'NotIn',
      values: ['1'],
    };
    const every = { key: 'kubernetes.io/metadata.name', operator: 'Exists' } as const;
    expect([{}, expressions(notIn), expressions(notIn, every)].map(isBroadSelector)).toEqual([true, true, true]);
    expect(isBroadSelector({ matchLabels: { a: '1' }, matchExpressions: [notIn] })).toBe(false);
    expect(isBroadSelector(expressions(notIn, { key: 'a', operator: 'Exists' }))).toBe(false);
    expect(isBroadSelector(OPT_IN_SELECTOR)).toBe(false);
  });

  test('a namespace is unselected when it could be selected and no policy that stays does', () => {
    const namespaces = [
      namespace('a', { labels: {} }),
      namespace('b', { labels: { team: 'x' } }),
      namespace('c', { isExcluded: true }),
      namespace('d', { isTerminating: true }),
    ];
    const policy = { selector: { matchLabels: { team: 'x' } }, isDeleting: false };
    expect(unselectedCount(namespaces, [])).toBe(2);
    expect(unselectedCount(namespaces, [policy, { selector: undefined, isDeleting: false }])).toBe(1);
    expect(unselectedCount(namespaces, [{ ...policy, isDeleting: true }])).toBe(2);
  });
});
