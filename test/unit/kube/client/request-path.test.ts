import { describe, expect, test } from 'vitest';
import { namespacedPath, objectPath, scopePath, withQuery } from '../../../../src/kube/client/request-path.ts';
import { NAMESPACES, POLICIES } from '../loopback-server.ts';

describe('paths', () => {
  test('are those of the API', () => {
    expect(scopePath({ type: NAMESPACES })).toMatchObject({ value: '/api/v1/namespaces' });
    expect(scopePath({ type: POLICIES })).toMatchObject({ value: '/apis/networking.k8s.io/v1/networkpolicies' });
    expect(scopePath({ type: POLICIES, namespace: 'a' })).toMatchObject({
      value: '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies',
    });
    expect(objectPath({ type: POLICIES, namespace: 'a', name: 'x.y', subresource: 'status' })).toMatchObject({
      value: '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/x.y/status',
    });
  });

  test.each(['a/../../secrets', '%2e', 'ü', '?x=1', '#', '\ud800'])('name %j stays one segment', (name) => {
    const path = objectPath({ type: NAMESPACES, name });
    expect(path.ok && path.value).toMatch(/^\/api\/v1\/namespaces\/[^/?#]+$/);
  });

  test.each(['', '..', '.', undefined])('name %j is refused before it can mean a whole collection', (name) => {
    expect(objectPath({ type: NAMESPACES, name })).toMatchObject({ ok: false, error: { kind: 'invalid' } });
    expect(objectPath({ type: POLICIES, namespace: name, name: 'x' })).toMatchObject({
      ok: false,
      error: { kind: 'invalid' },
    });
    expect(namespacedPath(POLICIES, name)).toMatchObject({ ok: false, error: { kind: 'invalid' } });
  });

  test('a query is encoded, and what is undefined is left out', () => {
    expect(withQuery('/p', { labelSelector: 'a=b,c in (d)', limit: 5, continue: undefined, watch: true })).toBe(
      '/p?labelSelector=a%3Db%2Cc+in+%28d%29&limit=5&watch=true',
    );
    expect(withQuery('/p', {})).toBe('/p');
  });
});
