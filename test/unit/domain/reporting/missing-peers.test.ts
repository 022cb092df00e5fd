import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec, Discovered } from '../../../../src/api/baseline-policy.ts';
import { renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { missingPeers, missingPeersMessage } from '../../../../src/domain/reporting/missing-peers.ts';
import { isMatch, type Labels } from '../../../../src/domain/selection.ts';

const named = (name: string): Labels => ({ 'kubernetes.io/metadata.name': name });
const discovered: Discovered = {};

/** The parts with missing peers of a policy, where these namespaces exist. */
function missing(spec: BaselinePolicySpec, ...namespaces: readonly Labels[]): readonly string[] {
  const parts = renderedParts('p', spec, discovered);
  return missingPeers(parts, (selector) => namespaces.some((labels) => isMatch(selector, labels))).map(
    ({ part }) => part,
  );
}

describe('declared peers that match no namespace', () => {
  test('the default of monitoring is one where there is no namespace monitoring', () => {
    expect(missing({})).toEqual(['allow.monitoring']);
    expect(missing({}, named('monitoring'))).toEqual([]);
    expect(missing({ allow: { monitoring: { enabled: false } } })).toEqual([]);
    expect(missing({ isolate: ['Egress'] })).toEqual([]);
  });

  test('the default of the ingress controller is one once it is on', () => {
    const spec: BaselinePolicySpec = { allow: { ingressController: { enabled: true } } };
    expect(missing(spec, named('monitoring'))).toEqual(['allow.ingressController']);
    expect(missing(spec, named('monitoring'), named('ingress-nginx'))).toEqual([]);
  });

  test('of several presets one is enough, and where none is there all are told', () => {
    const spec: BaselinePolicySpec = { allow: { monitoring: { presets: ['prometheus', 'vmagent', 'openshift'] } } };
    expect(missing(spec)).toEqual(['allow.monitoring', 'allow.monitoring', 'allow.monitoring']);
    expect(missing(spec, named('vm'))).toEqual([]);
    expect(missing(spec, named('openshift-user-workload-monitoring'))).toEqual([]);
    expect(missing(spec, named('other'))).toHaveLength(3);
  });

  test('peers beside presets are looked at one by one', () => {
    const from = [{ namespaceSelector: { matchLabels: named('metrics') } }];
    const spec: BaselinePolicySpec = { allow: { monitoring: { from, presets: ['vmagent', 'alloy'] } } };
    expect(missing(spec, named('vm'))).toEqual(['allow.monitoring']);
    expect(missing(spec, named('metrics'))).toHaveLength(2);
    expect(missing(spec, named('metrics'), named('alloy'))).toEqual([]);
  });

  test('the peers of rules are looked at in both directions, each selector once', () => {
    const peer = { namespaceSelector: { matchLabels: { team: 'db' } } };
    const spec: BaselinePolicySpec = {
      allow: { monitoring: { enabled: false } },
      rules: [
        { name: 'db', egress: [{ to: [peer] }, { to: [peer] }] },
        {
          name: 'front',
          ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } }] }],
        },
        {
          name: 'own',
          ingress: [{ from: [{ podSelector: {} }] }],
          egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
        },
      ],
    };
    expect(missing(spec)).toEqual(['rule db', 'rule front']);
    expect(missing(spec, { team: 'db' }, { x: '' })).toEqual([]);
  });

  test('resolvers are left to discovery', () => {
    const spec: BaselinePolicySpec = {
      allow: { monitoring: { enabled: false }, dns: { to: [{ namespaceSelector: { matchLabels: { a: 'b' } } }] } },
    };
    expect(missing(spec)).toEqual([]);
  });

  test('the message names each part and its labels, and ten at most', () => {
    const selector = {
      matchLabels: { a: 'b' },
      matchExpressions: [{ key: 'c', operator: 'In' as const, values: ['d', 'e'] }],
    };
    expect(missingPeersMessage([{ part: 'rule db', selector }])).toBe(
      'rule db: no namespace has a=b, c In (d, e). These rules let nothing through until one does.',
    );
    const many = Array.from({ length: 12 }, (_, index) => ({ part: `rule ${index}`, selector }));
    expect(missingPeersMessage(many)).toMatch(/rule 9: no namespace has a=b, c In \(d, e\); and 2 more\. /);
  });
});
