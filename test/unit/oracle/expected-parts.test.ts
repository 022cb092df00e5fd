import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderedParts } from '../../../src/domain/rendering/rendering.ts';
import { someSpec } from '../../simulation/any-spec.ts';
import { expectedParts } from '../../support/oracle/expected-parts.ts';
import { specText } from '../../support/oracle/spec-text.ts';

const textsOf = (parts: readonly { readonly name: string; readonly spec: unknown }[]): unknown =>
  Object.fromEntries(parts.map(({ name, spec }) => [name, specText(spec)]));

describe('the oracle of the histories', () => {
  test('expects of every spec of a history what the operator renders', () => {
    fc.assert(
      fc.property(someSpec, (spec) => {
        expect(textsOf(expectedParts('p', spec))).toEqual(textsOf(renderedParts('p', spec, {})));
      }),
      { numRuns: 500 },
    );
  });

  test('leaves out what is off and what the isolated directions do not need', () => {
    const names = expectedParts('p', {
      isolate: ['Ingress'],
      allow: { monitoring: { enabled: false }, sameNamespace: { enabled: true }, internet: { enabled: true } },
    }).map(({ name }) => name);
    expect(names).toEqual(['p.default-deny', 'p.allow-same-namespace']);
  });

  test('cuts reserved and excepted ranges out of wider blocks, and keeps those that are named', () => {
    const allow = { internet: { enabled: true, cidrs: ['192.0.0.0/8', '10.0.0.0/8'], except: ['192.1.2.0/24'] } };
    const internet = expectedParts('p', { allow }).find(({ part }) => part === 'allow-internet');
    expect(internet?.spec.egress).toEqual([
      {
        to: [
          { ipBlock: { cidr: '192.0.0.0/8', except: ['192.0.0.0/24', '192.168.0.0/16', '192.1.2.0/24'] } },
          { ipBlock: { cidr: '10.0.0.0/8' } },
        ],
      },
    ]);
  });
});

describe('the text of a spec', () => {
  test.each([
    ['an empty list is left out', { ingress: [] }, {}],
    [
      'a port without a protocol is TCP',
      { ingress: [{ ports: [{ port: 1 }] }] },
      { ingress: [{ ports: [{ protocol: 'TCP', port: 1 }] }] },
    ],
    ['policyTypes are absent', { egress: [{}] }, { egress: [{}], policyTypes: ['Egress', 'Ingress'] }],
  ])('is the same when %s', (_what, one, other) => {
    expect(specText(one)).toBe(specText(other));
  });

  test.each([
    ['a rule for everyone', { ingress: [{}] }, {}],
    ['an empty pod selector of a peer', { ingress: [{ from: [{ podSelector: {} }] }] }, { ingress: [{}] }],
    ['another port', { ingress: [{ ports: [{ port: 1 }] }] }, { ingress: [{ ports: [{ port: 2 }] }] }],
    ['a field that Kubernetes does not know', { later: 1 }, {}],
  ])('differs for %s', (_what, one, other) => {
    expect(specText(one)).not.toBe(specText(other));
  });
});
