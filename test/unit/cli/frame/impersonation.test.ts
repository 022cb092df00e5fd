import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { impersonatingCluster } from '../../../../src/kube/credentials/impersonating-cluster.ts';
import { createKubeClient } from '../../../../src/kube/transport/http-kube-client.ts';
import { NAMESPACES } from '../../../../src/operator/watch/resources.ts';
import { staticCluster } from '../../../support/static-cluster.ts';

const requests: string[][] = [];
const server = createServer((request, response) => {
  requests.push(request.rawHeaders);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"metadata":{"name":"x"}}');
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => {
  server.close();
});

test('a request impersonates the user, with one header for each group', async () => {
  const cluster = impersonatingCluster(staticCluster({ server: url }), { user: 'jane', groups: ['dev', 'ops'] });
  const kube = createKubeClient({ cluster, fieldManager: 'test', userAgent: 'test' });
  await kube.get({ type: NAMESPACES, name: 'x' });
  await kube.close();
  const [headers = []] = requests;
  const sent = headers.flatMap((name, at) => (name.startsWith('impersonate-') ? [`${name}: ${headers[at + 1]}`] : []));
  expect(sent).toEqual(['impersonate-user: jane', 'impersonate-group: dev', 'impersonate-group: ops']);
});

test('the headers stay the same object until the credentials change, and keep them', async () => {
  const cluster = impersonatingCluster(staticCluster({ server: url, token: 'secret' }), { user: 'jane', groups: [] });
  const first = await cluster.authorization();
  expect(first).toEqual({ ok: true, value: { authorization: 'Bearer secret', 'impersonate-user': 'jane' } });
  const second = await cluster.authorization();
  expect(second.ok && first.ok && second.value === first.value).toBe(true);
});
