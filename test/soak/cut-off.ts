import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on 127.0.0.1 that can be cut. */
export interface Passage {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Breaks every connection that is open now. */
  cut(): void;
  /** From now on nothing passes either way, though connections stay open and new ones are taken. */
  stall(): void;
  /** Ends a stall: what came meanwhile passes. */
  resume(): void;
  close(): Promise<void>;
}

/** Opens a passage to a port of 127.0.0.1; TLS passes through untouched. */
export async function passageTo(serverPort: number): Promise<Passage> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    if (isStalled) {
      socket.pause();
    }
    socket.on('error', () => {
      socket.destroy();
    });
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((inner) => {
    const outer = connect(serverPort, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('data', (chunk: Buffer) => void to.write(chunk));
      from.on('end', () => to.end());
      from.on('close', () => to.destroy());
      hold(from);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
    stall: () => {
      isStalled = true;
      for (const socket of sockets) {
        socket.pause();
      }
    },
    resume: () => {
      isStalled = false;
      for (const socket of sockets) {
        socket.resume();
      }
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}
