import { describe, expect, test } from 'vitest';
import { answer, clientTo, loopbackServer, NAMESPACES, POLICIES, statusBody } from '../loopback-server.ts';

const policy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'a' },
  spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
};
const stored = { ...policy, metadata: { ...policy.metadata, uid: 'u', resourceVersion: '7' } };

describe('requests', () => {
  test('T a body goes out as given: the peers of a NetworkPolicy stay under `from`', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 201, stored);
    });
    const created = await clientTo(url).create(POLICIES, policy);
    expect(created).toEqual({ ok: true, value: stored });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual(policy);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer secret',
        'user-agent': 'nsbaseline/0 (test)',
      },
    });
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      fieldManager: 'nsbaseline',
      fieldValidation: 'Strict',
      timeout: '10000ms',
    });
  });

  test('apply is forced, as our field manager, in the format of server-side apply', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, stored);
    });
    await clientTo(url).apply(POLICIES, policy, { subresource: 'status', isDryRun: true, timeoutMs: 2_000 });
    expect(seen[0]).toMatchObject({
      method: 'PATCH',
      path: '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/p/status',
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      force: 'true',
      fieldManager: 'nsbaseline',
      fieldValidation: 'Strict',
      dryRun: 'All',
      timeout: '2000ms',
    });
  });

  test('remove names what must still be true, and goes on in the background', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, statusBody(200, ''));
    });
    const removed = await clientTo(url).remove(
      { type: POLICIES, namespace: 'a', name: 'p' },
      { uid: 'u', resourceVersion: '7' },
    );
    expect(removed).toEqual({ ok: true, value: undefined });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u', resourceVersion: '7' },
      propagationPolicy: 'Background',
    });
  });

  test('a removal without a name is never sent: it would remove everything', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, {});
    });
    expect(await clientTo(url).remove({ type: POLICIES, namespace: 'a', name: '' })).toMatchObject({
      ok: false,
      error: { kind: 'invalid' },
    });
    expect(await clientTo(url).remove({ type: POLICIES, name: 'p' })).toMatchObject({
      ok: false,
      error: { kind: 'invalid' },
    });
    expect(seen).toEqual([]);
  });

  test('a list is asked for by page, selector and version', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, { metadata: { resourceVersion: '9', continue: 'next' }, items: [stored] });
    });
    const page = await clientTo(url).list({
      type: POLICIES,
      namespace: 'a',
      labelSelector: 'a=b',
      fieldSelector: 'metadata.name=p',
      limit: 2,
      continueToken: 'c',
      resourceVersion: '0',
    });
    expect(page).toEqual({ ok: true, value: { items: [stored], resourceVersion: '9', continueToken: 'next' } });
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      labelSelector: 'a=b',
      fieldSelector: 'metadata.name=p',
      limit: '2',
      continue: 'c',
      resourceVersion: '0',
    });
  });

  test('a path in front of the API is kept', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, { gitVersion: 'v1' });
    });
    expect(await clientTo(`${url}/k8s/clusters/c-1/`).read('/version')).toEqual({
      ok: true,
      value: { gitVersion: 'v1' },
    });
    expect(seen[0]?.path).toBe('/k8s/clusters/c-1/version');
  });

  test('a redirect is not followed: credentials go nowhere else', async () => {
    const elsewhere = await loopbackServer((response) => {
      answer(response, 200, stored);
    });
    const { url } = await loopbackServer((response) => {
      answer(response, 307, {}, { location: `${elsewhere.url}/api/v1/namespaces/a` });
    });
    expect(await clientTo(url).get({ type: NAMESPACES, name: 'a' })).toMatchObject({
      ok: false,
      error: { kind: 'serverError', status: 307 },
    });
    expect(elsewhere.seen).toEqual([]);
  });

  test('credentials are never sent in the clear to another machine', async () => {
    // 192.0.2.0/24 is set aside for documentation; nothing would answer there either.
    expect(await clientTo('http://192.0.2.1').read('/version')).toMatchObject({
      ok: false,
      error: { kind: 'credentials' },
    });
  });

  test('many requests share few connections', async () => {
    const sockets = new Set<unknown>();
    const { url } = await loopbackServer((response) => {
      sockets.add(response.socket);
      answer(response, 200, stored);
    });
    const client = clientTo(url);
    for (let turn = 0; turn < 20; turn += 1) {
      await client.get({ type: NAMESPACES, name: 'a' });
    }
    expect(sockets.size).toBeLessThan(5);
  });
});

describe('answers that are not what the API promises', () => {
  test.each([
    ['no JSON', '<html>log in</html>'],
    ['cut JSON', '{"metadata":{"name":"a"'],
    ['another shape', '[]'],
    ['metadata of another shape', '{"metadata":{"name":1}}'],
  ])('an object that is %s is malformed', async (_name, body) => {
    const { url } = await loopbackServer((response) => response.end(body));
    expect(await clientTo(url).get({ type: NAMESPACES, name: 'a' })).toMatchObject({
      ok: false,
      error: { kind: 'malformed' },
    });
  });

  test.each([
    '{"metadata":{"resourceVersion":"1"}}',
    '{"metadata":{"resourceVersion":"1"},"items":{}}',
    '{"metadata":{},"items":[]}',
    '{"metadata":{"resourceVersion":"1"},"items":[null]}',
    '{"items":[]}',
  ])('R13 a list like %s is malformed, never empty', async (body) => {
    const { url } = await loopbackServer((response) => response.end(body));
    expect(await clientTo(url).list({ type: NAMESPACES })).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  });

  test('a list that says that it is empty is empty', async () => {
    const { url } = await loopbackServer((response) =>
      response.end('{"metadata":{"resourceVersion":"1"},"items":null}'),
    );
    expect(await clientTo(url).list({ type: NAMESPACES })).toMatchObject({ ok: true, value: { items: [] } });
  });

  test('names like __proto__ are data', async () => {
    const { url } = await loopbackServer((response) =>
      response.end('{"metadata":{"name":"a","labels":{"__proto__":"no"}},"__proto__":{"polluted":true}}'),
    );
    const got = await clientTo(url).get({ type: NAMESPACES, name: 'a' });
    expect(got.ok && Object.keys(got.value.metadata.labels ?? {})).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
