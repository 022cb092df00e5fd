import { expect, test } from 'vitest';
import { BoundedMap } from '../../../src/base/bounded-map.ts';

test('it never has more entries than its limit, and drops the one that was set longest ago', () => {
  const map = new BoundedMap<string, number>(2);
  expect(map.set('a', 1)).toBeUndefined();
  expect(map.set('b', 2)).toBeUndefined();
  expect(map.set('c', 3)).toBe(1);
  expect([map.size, map.get('a'), [...map.values()]]).toEqual([2, undefined, [2, 3]]);
});

test('setting a key again renews it; reading does not', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.set('a', 10)).toBeUndefined();
  map.get('b');
  expect(map.set('c', 3)).toBe(2);
  expect([...map.values()]).toEqual([10, 3]);
});

test('a deleted key leaves room', () => {
  const map = new BoundedMap<string, number>(1);
  map.set('a', 1);
  map.delete('a');
  expect(map.set('b', 2)).toBeUndefined();
  expect(map.size).toBe(1);
});
