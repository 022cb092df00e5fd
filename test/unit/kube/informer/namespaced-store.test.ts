import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NamespacedStore } from '../../../../src/kube/informer/namespaced-store.ts';

interface Entry {
  readonly namespace: string;
  readonly name: string;
  readonly value: number;
}

test('a store is a map by namespace and name, however crowded a namespace is', () => {
  const key = fc.record({
    namespace: fc.constantFrom('', 'a', '__proto__'),
    name: fc.integer({ min: 0, max: 40 }).map(String),
  });
  const step = fc.record({ key, value: fc.nat(), isPut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const store = new NamespacedStore<Entry>();
      const model = new Map<string, Entry>();
      for (const {
        key: { namespace, name },
        value,
        isPut,
      } of steps) {
        if (isPut) {
          store.put({ namespace, name, value });
          model.set(`${namespace}/${name}`, { namespace, name, value });
        } else {
          store.delete({ namespace, name });
          model.delete(`${namespace}/${name}`);
        }
        expect(store.get({ namespace, name })).toEqual(model.get(`${namespace}/${name}`));
      }
      expect(store.size).toBe(model.size);
      expect(new Set(store.values())).toEqual(new Set(model.values()));
      expect(new Set(store.inNamespace('a'))).toEqual(
        new Set([...model.values()].filter(({ namespace }) => namespace === 'a')),
      );
    }),
  );
});

test('what a namespace held stays as it was given out', () => {
  const store = new NamespacedStore<Entry>();
  store.put({ namespace: 'a', name: 'x', value: 1 });
  const before = store.inNamespace('a');
  store.put({ namespace: 'a', name: 'x', value: 2 });
  store.delete({ namespace: 'a', name: 'x' });
  expect(before).toEqual([{ namespace: 'a', name: 'x', value: 1 }]);
});
