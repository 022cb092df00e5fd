import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LabelSelector } from '../../../../src/api/network-policy.ts';
import { isMatch } from '../../../../src/domain/selection.ts';
import { PeerNamespaces } from '../../../../src/operator/state/peer-namespaces.ts';
import { emptyCaches } from '../../../support/operators/cached-scene.ts';

const SELECTORS: readonly LabelSelector[] = [
  {},
  { matchLabels: { team: 'x' } },
  { matchLabels: { team: 'y' } },
  { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] },
];

test('after any changes the answer is that of a look at every namespace, and a change of an answer is reported', () => {
  const change = fc.record({ name: fc.constantFrom('a', 'b', 'c'), team: fc.constantFrom('x', 'y', '', undefined) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const { namespaces } = emptyCaches();
      const peers = new PeerNamespaces(namespaces);
      const truth = (): readonly boolean[] =>
        SELECTORS.map((selector) => [...namespaces.values()].some(({ labels }) => isMatch(selector, labels)));
      let before = SELECTORS.map((selector) => peers.has(selector));
      changes.forEach(({ name, team }, index) => {
        const labels = team === undefined || team === '' ? {} : { team };
        const object = { metadata: { name, uid: name, resourceVersion: String(index + 1), labels } };
        if (team === undefined) {
          namespaces.remove(object);
        } else {
          namespaces.upsert(object);
        }
        const hasChanged = peers.namespaceChanged(name);
        const now = SELECTORS.map((selector) => peers.has(selector));
        expect(now).toEqual(truth());
        expect(hasChanged).toBe(now.some((answer, at) => answer !== before[at]));
        before = now;
      });
    }),
  );
});
