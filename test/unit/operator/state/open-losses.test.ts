import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Unprotection } from '../../../../src/domain/planning/guard.ts';
import { OpenLosses } from '../../../../src/operator/state/open-losses.ts';

const anyLosses = fc.subarray<Unprotection>([
  { policy: 'a', direction: 'Ingress' },
  { policy: 'b', direction: 'Egress' },
]);
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('set'), namespace: fc.constantFrom('x', 'y', 'z'), losses: anyLosses }),
  fc.record({ kind: fc.constant('delete'), namespace: fc.constantFrom('x', 'y', 'z'), losses: fc.constant([]) }),
  fc.record({ kind: fc.constant('confirm'), namespace: fc.constantFrom('x', 'y', 'z'), losses: fc.constant([]) }),
);

test('R9 after any changes the total is the number of losses that are not confirmed', () => {
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const confirmed = new Set<string>();
      const model = new Map<string, readonly Unprotection[]>();
      const open = new OpenLosses((namespace, { policy }) => policy !== 'a' || !confirmed.has(namespace));
      for (const { kind, namespace, losses } of steps) {
        if (kind === 'confirm') {
          confirmed.add(namespace);
          open.recount();
        } else if (kind === 'set') {
          open.set(namespace, losses);
          model.set(namespace, losses);
        } else {
          open.delete(namespace);
          model.delete(namespace);
        }
      }
      const expected = [...model].flatMap(([namespace, losses]) =>
        losses.filter(({ policy }) => policy !== 'a' || !confirmed.has(namespace)),
      );
      expect(open.total).toBe(expected.length);
      expect(new Map(open.entries())).toEqual(new Map([...model].filter(([, losses]) => losses.length > 0)));
    }),
  );
});
