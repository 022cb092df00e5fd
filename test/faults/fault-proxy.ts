import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { ConnectionPair, type Cut, type Fault, type ProxiedConnection } from './proxied-connection.ts';

/** Where a connection leads: to a port of 127.0.0.1, or to a server that refuses everybody or never says a word. */
export type Target = number | 'refusing' | 'silent';

/** Which connections a fault is for. */
export type Where = (connection: ProxiedConnection) => boolean;

/** Every connection. */
export const everywhere: Where = () => true;

/** Connections that carry a watch: of this resource, or of any. */
export function watchesOf(plural?: string): Where {
  return ({ requestLine }) =>
    requestLine.includes('watch=true') && (plural === undefined || requestLine.includes(`/${plural}?`));
}

/**
 * Passes bytes on between clients and an API server on 127.0.0.1, plain or TLS, and does to them what networks do.
 * Without a fault it changes nothing. Faults are set and lifted at any time, for connections that stand and that come.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #clock: Clock;
  #targets: readonly Target[];
  readonly #pairs = new Set<ConnectionPair>();
  readonly #sockets = new Set<Socket>();
  readonly #faults: { readonly fault: Fault; readonly where: Where }[] = [];
  #isRefusing = false;
  #accepted = 0;
  #activity = 0;

  private constructor(targets: readonly Target[], clock: Clock) {
    this.#targets = targets;
    this.#clock = clock;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#accept(client);
    });
  }

  /** Listens on a free port. With several targets each connection goes to the next; `clock` is the time of the faults that take time. */
  static async start({
    targets,
    clock = systemClock,
  }: {
    readonly targets: readonly Target[];
    readonly clock?: Clock;
  }): Promise<FaultProxy> {
    const proxy = new FaultProxy(targets, clock);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The port that clients connect to. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections were ever begun, those that were refused among them. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Grows with everything that moves: equal after a while means that all is quiet. */
  get activity(): number {
    return this.#activity;
  }

  /** The connections that stand now, and no later ones. */
  standing(): Where {
    const standing: ReadonlySet<ProxiedConnection> = new Set(this.#pairs);
    return (connection) => standing.has(connection);
  }

  /** Where connections lead from now on; those that stand stay. */
  leadTo(targets: readonly Target[]): void {
    this.#targets = targets;
  }

  /** Sets a fault, and gives what lifts it. */
  set(fault: Fault, where: Where = everywhere): () => void {
    const entry = { fault, where };
    this.#faults.push(entry);
    this.#faultsChanged();
    return () => {
      const index = this.#faults.indexOf(entry);
      if (index !== -1) {
        this.#faults.splice(index, 1);
      }
      this.#faultsChanged();
    };
  }

  /** Breaks connections now; new ones are as before. */
  cut(where: Where = everywhere, how: Cut = 'reset'): void {
    for (const pair of [...this.#pairs].filter(where)) {
      pair.cut(how);
    }
  }

  /** From now on every new connection is reset, until the function that it gives is called. */
  refuse(): () => void {
    this.#isRefusing = true;
    return () => {
      this.#isRefusing = false;
    };
  }

  /** Breaks everything and listens no more. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
    await new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  #accept(client: Socket): void {
    const target = this.#targets[this.#accepted % this.#targets.length];
    this.#accepted += 1;
    this.#activity += 1;
    this.#keep(client);
    if (this.#isRefusing || target === undefined || target === 'refusing') {
      client.resetAndDestroy();
    } else if (target === 'silent') {
      client.resume();
    } else {
      this.#pair(client, target);
    }
  }

  #pair(client: Socket, port: number): void {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#keep(server);
    const pair = new ConnectionPair(client, server, {
      clock: this.#clock,
      faultsOf: (connection) => this.#faults.filter(({ where }) => where(connection)).map(({ fault }) => fault),
      noteActivity: () => {
        this.#activity += 1;
      },
    });
    this.#pairs.add(pair);
    client.on('close', () => this.#pairs.delete(pair));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // How a connection ends is passed on by whoever reads it.
    socket.on('error', () => {
      this.#activity += 1;
    });
    socket.on('close', () => {
      this.#activity += 1;
      this.#sockets.delete(socket);
    });
  }

  #faultsChanged(): void {
    for (const pair of this.#pairs) {
      pair.faultsChanged();
    }
  }
}
