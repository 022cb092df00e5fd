import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasOnlyUnknownAdditions, specHash } from '../../../../src/domain/rendering/comparison.ts';
import { renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { anySpec } from '../../../fixtures/arbitraries.ts';

const deny = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] };

describe('R2 every field of a spec is compared, and the defaults of the API server are known', () => {
  test.each([
    ['empty lists the server drops', deny, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
    ['policyTypes from an egress rule', { ...deny, egress: [{}] }, { podSelector: {}, egress: [{}] }],
    ['policyTypes absent', { ...deny, policyTypes: ['Ingress'] }, {}],
    [
      'protocol TCP',
      { ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }] },
      { ingress: [{ ports: [{ port: 80 }] }] },
    ],
    ['an empty from', { ingress: [{ from: [] }] }, { ingress: [{}] }],
    [
      'an empty except',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: [] } }] }] },
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    ],
    ['an empty matchLabels', { podSelector: { matchLabels: {} } }, { podSelector: {} }],
  ])('%s makes no difference', (_name, one, other) => {
    expect(specHash(one)).toBe(specHash(other));
  });

  test.each([
    ['an added allow-all', { ...deny, ingress: [{}] }],
    ['an added egress', { ...deny, egress: [{}] }],
    ['a narrowed pod selector', { ...deny, podSelector: { matchLabels: { a: 'b' } } }],
    ['a dropped direction', { ...deny, policyTypes: ['Ingress'] }],
    ['a field nobody knows', { ...deny, tier: 'x' }],
    [
      'an empty namespaceSelector, which is every namespace',
      { ...deny, ingress: [{ from: [{ namespaceSelector: {} }] }] },
    ],
  ])('%s makes a difference', (_name, changed) => {
    expect(specHash(changed)).not.toBe(specHash(deny));
  });

  test('a podSelector peer and the same peer with an empty namespaceSelector differ', () => {
    const peer = (extra: object): object => ({ ingress: [{ from: [{ podSelector: {}, ...extra }] }] });
    expect(specHash(peer({}))).not.toBe(specHash(peer({ namespaceSelector: {} })));
  });

  test('the digest depends on no order of keys and survives JSON', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        for (const part of renderedParts('p', spec, {})) {
          expect(specHash(reversedKeys(JSON.parse(JSON.stringify(part.spec))))).toBe(part.hash);
        }
      }),
    );
  });

  test('hostile shapes are digested, not thrown at', () => {
    for (const shape of [
      null,
      1,
      'x',
      [],
      { ingress: 'x' },
      { ingress: [null, 1] },
      { egress: [{ to: [null] }] },
      JSON.parse('{"__proto__": {"x": 1}}'),
    ]) {
      expect(specHash(shape)).toMatch(/^[\w-]{22}$/u);
    }
  });
});

describe('R2 what the server returns for what was applied', () => {
  test('a field of a newer API server is remembered as the same policy', () => {
    expect(hasOnlyUnknownAdditions(deny, { ...deny, tier: 'baseline' })).toBe(true);
  });

  test.each([
    ['an allow-all', { ...deny, ingress: [{}] }],
    ['a selector label', { ...deny, podSelector: { matchLabels: { injected: 'x' } } }],
    ['another direction', { ...deny, policyTypes: ['Ingress'] }],
  ])('%s that a webhook put in is not', (_name, stored) => {
    expect(hasOnlyUnknownAdditions(deny, stored)).toBe(false);
  });

  test('a label added inside matchLabels is not an unknown field', () => {
    const rendered = { ...deny, podSelector: { matchLabels: { a: '1' } } };
    expect(hasOnlyUnknownAdditions(rendered, { ...deny, podSelector: { matchLabels: { a: '1', b: '2' } } })).toBe(
      false,
    );
  });
});

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(reversedKeys);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversedKeys(inner)]),
  );
}
