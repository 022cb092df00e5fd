import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASES } from '../../../../src/api/namespace-baseline.ts';
import type { Direction } from '../../../../src/api/network-policy.ts';
import { opennessOf } from '../../../../src/domain/weakening/openness.ts';
import { CachedNamespace, CachedNetworkPolicy, CachedReport } from '../../../../src/operator/watch/cached-objects.ts';

const text = fc.string({ maxLength: 12 });
const uid = fc.oneof(fc.uuid(), text);
const resourceVersion = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('', '0', '007', '1e3', '99999999999999999999', ' 7', 'abc'),
);
const identity = fc.record({ name: text, namespace: text, uid, resourceVersion });

/** What an object reads as under the names of these fields. */
function readOf(cached: object, fields: object): object {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, Reflect.get(cached, name) as unknown]));
}

describe('R16 what is kept slim reads as it was', () => {
  test('of a Namespace, with or without the label that says its name', () => {
    const facts = fc.record({
      name: text,
      uid,
      resourceVersion,
      labels: fc.dictionary(text, text),
      isTerminating: fc.boolean(),
      isExcluded: fc.boolean(),
      isNamed: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, ({ isNamed, labels, ...rest }) => {
        const given = { ...rest, labels: isNamed ? { ...labels, 'kubernetes.io/metadata.name': rest.name } : labels };
        const cached = new CachedNamespace(given);
        expect({ ...readOf(cached, given), labels: { ...cached.labels } }).toEqual({
          ...given,
          labels: { ...given.labels },
        });
        expect(cached.namespace).toBe('');
      }),
    );
  });

  test('of a NetworkPolicy', () => {
    const isolates = fc.subarray<Direction>(['Ingress', 'Egress']);
    const traits = fc.record({
      isLabelled: fc.boolean(),
      policyLabel: text,
      policyUid: uid,
      purpose: text,
      isAdoptable: fc.boolean(),
      isKept: fc.boolean(),
      isTerminating: fc.boolean(),
      isolates,
      openness: fc.constantFrom(undefined, opennessOf({ ingress: [{}] })),
      otherManager: text,
      hash: text,
      largeGeneration: fc.nat(),
    });
    fc.assert(
      fc.property(identity, traits, (who, given) => {
        const cached = new CachedNetworkPolicy(who, given);
        expect(readOf(cached, who)).toEqual(who);
        expect(readOf(cached, given)).toEqual(given);
      }),
    );
  });

  test('of a NamespaceBaseline', () => {
    const managed = fc.array(fc.record({ name: text, uid, hash: text }), { maxLength: 4 });
    const entry = fc.record({
      policy: text,
      generation: fc.nat(),
      phase: fc.constantFrom(...PHASES),
      inPlace: fc.boolean(),
      managed,
    });
    const status = fc.record({
      hash: text,
      entries: fc.array(entry, { maxLength: 3 }),
      readyStatus: fc.constantFrom('True', 'False', ''),
      readySince: text,
    });
    fc.assert(
      fc.property(identity, status, (who, given) => {
        const cached = new CachedReport(who, given);
        expect(readOf(cached, who)).toEqual(who);
        const entries = cached.entries.map((each, index) => readOf(each, given.entries[index] ?? {}));
        expect({ ...readOf(cached, given), entries }).toEqual(given);
      }),
    );
  });
});
