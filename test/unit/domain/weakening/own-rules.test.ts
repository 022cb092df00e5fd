import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../../src/api/baseline-policy.ts';
import { renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { openRulesMessage, openRulesOf } from '../../../../src/domain/weakening/own-rules.ts';

type Rules = NonNullable<BaselinePolicySpec['rules']>;

const everyNamespace = { namespaceSelector: {} };
const block = (cidr: string) => ({ ipBlock: { cidr } });
const everywhere = [block('0.0.0.0/0'), block('::/0')];

/** What is told of a spec: the names of each finding with what they allow. */
function told(spec: BaselinePolicySpec): readonly string[] {
  return openRulesOf(renderedParts('own', spec, {}), spec.acknowledge).map(
    ({ names, why }) => `${names.join(' and ')} ${why}`,
  );
}

describe('R17 a rule of a BaselinePolicy that opens a direction for everyone is found', () => {
  test.each<[string, Rules, string[]]>([
    [
      '`from:` null, which arrives as an empty rule',
      [{ name: 'proxies', ingress: [{}] }],
      ['proxies allows every source on every port, for all pods'],
    ],
    [
      '`to:` null, which arrives as an empty rule',
      [{ name: 'out', podSelector: { matchLabels: { app: 'web' } }, egress: [{}] }],
      ['out allows every destination on every port, for pods app=web'],
    ],
    [
      'every namespace',
      [{ name: 'all', ingress: [{ from: [everyNamespace] }] }],
      ['all allows every pod of the cluster on every port, for all pods'],
    ],
    [
      'all addresses of both families',
      [{ name: 'net', ingress: [{ from: everywhere }] }],
      ['net allows every source on every port, for all pods'],
    ],
    [
      'every port without peers, as a range',
      [{ name: 'ports', ingress: [{ ports: [{ port: 1024, endPort: 65_535 }] }] }],
      ['ports allows every source on TCP ports 1024-65535, for all pods'],
    ],
    [
      'two halves in two rules',
      [
        { name: 'low', ingress: [{ from: [block('0.0.0.0/1')] }] },
        { name: 'high', ingress: [{ from: [block('128.0.0.0/1')] }] },
      ],
      ['high and low allows every IPv4 source on every port, for all pods'],
    ],
    [
      'both directions',
      [{ name: 'both', ingress: [{}], egress: [{}] }],
      [
        'both allows every source on every port, for all pods',
        'both allows every destination on every port, for all pods',
      ],
    ],
    ['one port from everywhere, which is wide', [{ name: 'web', ingress: [{ ports: [{ port: 8080 }] }] }], []],
    ['the pods of the namespace itself', [{ name: 'own', ingress: [{ from: [{ podSelector: {} }] }] }], []],
    ['a private range', [{ name: 'db', egress: [{ to: [block('10.0.0.0/8')] }] }], []],
  ])('%s', (_what, rules, expected) => {
    expect(told({ rules })).toEqual(expected);
  });

  test('in an isolated direction only', () => {
    expect(told({ isolate: ['Egress'], rules: [{ name: 'out', egress: [{}] }] })).toHaveLength(1);
    expect(told({ isolate: ['Ingress'], rules: [{ name: 'out', egress: [{}] }] })).toEqual([]);
  });

  test('and no part under allow is one', () => {
    expect(
      told({
        allow: {
          dns: { toAnywhere: true, ports: [{ port: 1, endPort: 65_535 }] },
          monitoring: { from: [everyNamespace] },
          internet: { enabled: true },
        },
      }),
    ).toEqual([]);
  });
});

describe('R17 a rule that spec.acknowledge names is accepted', () => {
  const open: Rules = [
    { name: 'a', ingress: [{}] },
    { name: 'b', egress: [{}] },
  ];
  const halves: Rules = [
    { name: 'low', ingress: [{ from: [block('0.0.0.0/1')] }] },
    { name: 'high', ingress: [{ from: [block('128.0.0.0/1')] }] },
  ];

  test('and no other', () => {
    expect(told({ rules: open, acknowledge: ['a'] })).toEqual([
      'b allows every destination on every port, for all pods',
    ]);
    expect(told({ rules: open, acknowledge: ['b', 'a'] })).toEqual([]);
  });

  test('of several that open only together, all must be named', () => {
    expect(told({ rules: halves, acknowledge: ['low'] })).toHaveLength(1);
    expect(told({ rules: halves, acknowledge: ['low', 'high'] })).toEqual([]);
  });

  test('and one that is named hides no other that opens', () => {
    fc.assert(
      fc.property(fc.subarray(['a', 'b', 'low', 'high']), (acknowledge) => {
        const rules: Rules = [...open, ...halves];
        const left = openRulesOf(renderedParts('own', { rules }, {}), acknowledge).flatMap(({ names }) => names);
        expect(left.filter((name) => ['a', 'b'].includes(name)).sort()).toEqual(
          ['a', 'b'].filter((name) => !acknowledge.includes(name)),
        );
      }),
    );
  });
});

describe('the message of OwnRuleOpen', () => {
  const message = (rules: Rules): string => openRulesMessage(openRulesOf(renderedParts('own', { rules }, {})));

  test('names the rule, what it allows, and what to write', () => {
    expect(message([{ name: 'proxies', ingress: [{}] }])).toBe(
      'rule proxies allows every source on every port, for all pods. Name the peers or the ports that are meant, or accept it with spec.acknowledge: [proxies].',
    );
  });

  test('names all rules that open together', () => {
    expect(
      message([
        { name: 'low', ingress: [{ from: [block('0.0.0.0/1')] }] },
        { name: 'high', ingress: [{ from: [block('128.0.0.0/1')] }] },
      ]),
    ).toMatch(/^rule high, together with low, allows every IPv4 source .* spec\.acknowledge: \[high, low\]\.$/);
  });

  test('names ten findings at most, and all names to accept', () => {
    const rules = Array.from({ length: 12 }, (_, index) => ({ name: `r${index}`, ingress: [{}] }));
    expect(message(rules)).toMatch(/; and 2 more\. .*\[r0, r1, r10, r11, r2, .*, r9\]\.$/);
  });
});
