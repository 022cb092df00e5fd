import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The open connections of one address, longest idle first, with the number of requests that each has under way. */
type OfAddress = Map<Socket, number>;

/**
 * Keeps at most `limit` connections open, and never refuses a new one: beyond the limit it closes one of the address that
 * has the most, the longest idle first, and one with a request under way only where that address has no idle one. So
 * neither forgotten connections nor a flood of them from one address shuts anyone else out, whereas
 * `server.maxConnections` drops the newest (https://nodejs.org/api/net.html#servermaxconnections).
 */
export function limitConnections(server: Server, limit: number): void {
  const addresses = new Map<string, OfAddress>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const sockets = addresses.get(address) ?? new Map<Socket, number>();
    addresses.set(address, sockets.set(socket, 0));
    count += 1;
    socket.once('close', () => {
      sockets.delete(socket);
      count -= 1;
      if (sockets.size === 0 && addresses.get(address) === sockets) {
        addresses.delete(address);
      }
    });
    if (count > limit) {
      mostTaking(addresses, socket)?.destroy();
    }
  });
  server.on('request', ({ socket }, response: ServerResponse) => {
    const sockets = addresses.get(socket.remoteAddress ?? '');
    noteRequest(sockets, socket, 1);
    response.once('close', () => {
      noteRequest(sockets, socket, -1);
    });
  });
}

/** Moves the connection to the end, as the one that was used last. */
function noteRequest(sockets: OfAddress | undefined, socket: Socket, change: 1 | -1): void {
  const underWay = sockets?.get(socket);
  if (sockets !== undefined && underWay !== undefined) {
    sockets.delete(socket);
    sockets.set(socket, underWay + change);
  }
}

/** The connection to close for `newest`, which is not one of them. */
function mostTaking(addresses: ReadonlyMap<string, OfAddress>, newest: Socket): Socket | undefined {
  const most = [...addresses.values()].reduce<OfAddress>(
    (largest, sockets) => (sockets.size > largest.size ? sockets : largest),
    new Map(),
  );
  const others = [...most].filter(([socket]) => socket !== newest && !socket.destroyed);
  const [chosen] = others.find(([, underWay]) => underWay === 0) ?? others[0] ?? [];
  return chosen;
}
