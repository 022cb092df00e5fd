import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { gone, phase, ready, repaired, restored, standing } from '../../demo/expectations.ts';
import type { Sighting } from '../../demo/observer.ts';

function sighting(facts: { readonly kind: string; readonly object: KubeObject; readonly isGone?: boolean }): Sighting {
  const { name = '', namespace = '' } = facts.object.metadata;
  return { atMs: 0, name, namespace, isGone: false, ...facts };
}

function policy(facts: { readonly uid: string; readonly generation: number; readonly spec: object }): KubeObject {
  const { uid, generation, spec } = facts;
  return { metadata: { name: 'standard.default-deny', namespace: 'team-a', uid, generation }, spec };
}

const original = policy({ uid: 'a', generation: 1, spec: { podSelector: {} } });
const tampered = policy({ uid: 'a', generation: 2, spec: { podSelector: {}, ingress: [{}] } });
const sees = (object: KubeObject, isGone = false): Sighting => sighting({ kind: 'NetworkPolicy', object, isGone });

describe('a repair is seen', () => {
  const expected = repaired({ original, tampered });
  test.each([
    ['in the state before the tampering', original],
    ['in the tampering itself', tampered],
    [
      'in another change that leaves some of it',
      policy({ uid: 'a', generation: 3, spec: { podSelector: {}, egress: [{}] } }),
    ],
    ['in another object', policy({ uid: 'b', generation: 3, spec: { podSelector: {} } })],
  ])('not %s', (_, object) => {
    expect(expected.matches(sees(object))).toBe(false);
  });

  test('in the original spec, in a later generation', () => {
    expect(expected.matches(sees(policy({ uid: 'a', generation: 3, spec: { podSelector: {} } })))).toBe(true);
  });
});

describe('a deleted policy is seen to be back', () => {
  test('in a new object of the same spec only', () => {
    const expected = restored(original);
    expect(expected.matches(sees(original))).toBe(false);
    expect(expected.matches(sees(original, true))).toBe(false);
    expect(
      expected.matches(
        sees(policy({ uid: 'b', generation: 1, spec: { podSelector: { matchLabels: { app: 'web' } } } })),
      ),
    ).toBe(false);
    expect(expected.matches(sees(policy({ uid: 'b', generation: 1, spec: { podSelector: {} } })))).toBe(true);
  });
});

test('a policy stands when it is seen and is gone when its deletion is seen', () => {
  const [present, absent] = [sees(original), sees(original, true)];
  expect([
    standing('team-a', 'standard.default-deny').matches(present),
    gone('team-a', 'standard.default-deny').matches(present),
  ]).toEqual([true, false]);
  expect([
    standing('team-a', 'standard.default-deny').matches(absent),
    gone('team-a', 'standard.default-deny').matches(absent),
  ]).toEqual([false, true]);
  expect(standing('team-b', 'standard.default-deny').matches(present)).toBe(false);
});

test('a phase is that of the namespace that was asked for', () => {
  const seen = sighting({
    kind: 'NamespaceBaseline',
    object: { metadata: { name: 'baseline', namespace: 'team-b' }, status: { phase: 'Conflict' } },
  });
  expect(phase('team-b', 'Conflict').matches(seen)).toBe(true);
  expect(phase('team-b', 'Protected').matches(seen)).toBe(false);
  expect(phase('team-a', 'Conflict').matches(seen)).toBe(false);
});

test('a policy is Ready when its newest generation is', () => {
  const seen = (generation: number, status: string): Sighting =>
    sighting({
      kind: 'BaselinePolicy',
      object: {
        metadata: { name: 'standard', generation },
        status: { observedGeneration: 2, conditions: [{ type: 'Ready', status }] },
      },
    });
  expect(ready('standard').matches(seen(2, 'True'))).toBe(true);
  expect(ready('standard').matches(seen(3, 'True'))).toBe(false);
  expect(ready('standard').matches(seen(2, 'False'))).toBe(false);
});
