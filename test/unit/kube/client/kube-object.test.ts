import { expect, test } from 'vitest';
import { isKubeObject } from '../../../../src/kube/client/kube-object.ts';
import { apiVersionOf } from '../../../../src/kube/client/resource-type.ts';

test.each([
  [{ metadata: {} }, true],
  [{ metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1' } }, true],
  [{ metadata: { name: 7 } }, false],
  [{ metadata: { uid: null } }, false],
  [{ metadata: [] }, false],
  [{ metadata: null }, false],
  [{}, false],
  [null, false],
  ['metadata', false],
  [[{ metadata: {} }], false],
])('%j has the outline of an API object: %j', (value, is) => {
  expect(isKubeObject(value)).toBe(is);
});

test('an object that only inherits its metadata is none', () => {
  expect(isKubeObject(Object.create({ metadata: {} }))).toBe(false);
});

test('the apiVersion of the core group has no slash', () => {
  const type = { version: 'v1', plural: 'leases', kind: 'Lease', isNamespaced: true };
  expect(apiVersionOf({ ...type, group: '' })).toBe('v1');
  expect(apiVersionOf({ ...type, group: 'coordination.k8s.io' })).toBe('coordination.k8s.io/v1');
});
