import { readFile, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';

/** Stands between a client and the API server, and counts what goes by, as it is on the wire. */
export interface CountingProxy {
  /** A kubeconfig that leads through it. */
  readonly kubeconfigPath: string;
  /** Bytes so far, both ways: with TLS and HTTP. */
  readonly bytes: () => { readonly sent: number; readonly received: number };
  readonly connections: () => number;
  readonly close: () => void;
}

/** Opens one before the server of this kubeconfig. */
export async function openCountingProxy(kubeconfigPath: string): Promise<CountingProxy> {
  const kubeconfig = await readFile(kubeconfigPath, 'utf8');
  const upstream = new URL(/server: *(\S+)/u.exec(kubeconfig)?.[1] ?? '');
  const counted = { sent: 0, received: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const api = createConnection({ host: upstream.hostname, port: Number(upstream.port), noDelay: true });
    client.setNoDelay(true);
    counted.connections += 1;
    client.on('data', (chunk) => (counted.sent += chunk.byteLength)).pipe(api);
    api.on('data', (chunk) => (counted.received += chunk.byteLength)).pipe(client);
    for (const socket of [client, api]) {
      sockets.add(socket);
      socket.on('error', () => {
        client.destroy();
        api.destroy();
      });
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const path = `${kubeconfigPath}.counted`;
  await writeFile(path, kubeconfig.replace(upstream.origin, `https://127.0.0.1:${String(port)}`), { mode: 0o600 });
  return {
    kubeconfigPath: path,
    bytes: () => ({ sent: counted.sent, received: counted.received }),
    connections: () => counted.connections,
    close: () => {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}
