import { expect, test } from 'vitest';
import { isOlderVersion, resourceVersionOrder } from '../../../../src/kube/informer/resource-version.ts';

test('versions are compared as whole numbers, however large', () => {
  expect(isOlderVersion('9', '10')).toBe(true);
  expect(isOlderVersion('9007199254740993', '9007199254740992')).toBe(false);
  expect(isOlderVersion('9007199254740992', '9007199254740993')).toBe(true);
  expect(resourceVersionOrder('12', '12')).toBe(0);
});

test.each(['', 'abc', '-1', '1.5', '007', undefined])('a version like %j can be compared with nothing', (odd) => {
  expect(resourceVersionOrder(odd, '5')).toBeUndefined();
  expect(isOlderVersion(odd, '5')).toBe(false);
  expect(isOlderVersion('5', odd)).toBe(false);
});
