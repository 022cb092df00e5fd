import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../src/base/clock.ts';

/** Which way bytes go. */
export type Direction = 'toClient' | 'toServer';

/** What a line does to the bytes on it. */
export type Fault =
  /** They vanish without a word: a half-open connection, dead for good even when the fault is lifted. */
  | { readonly kind: 'lose'; readonly direction: Direction | 'both' }
  /** They wait, and arrive when the fault is lifted. */
  | { readonly kind: 'hold'; readonly direction: Direction | 'both' }
  /** Those to the client trickle. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** After so many more bytes to the client the connection breaks, in the middle of whatever that is. */
  | { readonly kind: 'cutAfter'; readonly bytes: number; readonly how: Cut }
  /** Those to the client come as others. */
  | { readonly kind: 'corrupt'; readonly edit: (bytes: Buffer) => Buffer }
  /** A connection without a byte in either direction for so long is broken, or forgotten without a word as by a load balancer. */
  | { readonly kind: 'idleLimit'; readonly idleMs: number; readonly how: Cut | 'silence' };

/** How a connection breaks: RST or FIN (https://www.rfc-editor.org/rfc/rfc9293#name-closing-a-connection). */
export type Cut = 'reset' | 'end';

/** A connection as those see it who choose which ones a fault is for. */
export interface ProxiedConnection {
  /** The newest request line that passed, such as `GET /api/v1/namespaces?watch=true HTTP/1.1`; empty before, and under TLS. */
  readonly requestLine: string;
}

/** What a connection asks of the proxy that it belongs to. */
export interface ProxySurroundings {
  readonly clock: Clock;
  /** The faults that are on for it now. */
  faultsOf(connection: ProxiedConnection): readonly Fault[];
  /** Something moved. */
  noteActivity(): void;
}

const REQUEST_LINE = /^(?:GET|POST|PUT|PATCH|DELETE) \S+ HTTP\/1\.1/;
const TRICKLE_MS = 100;

/** Two sockets and what happens between them. */
export class ConnectionPair implements ProxiedConnection {
  requestLine = '';
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #surroundings: ProxySurroundings;
  readonly #ways: readonly Way[];
  readonly #bytesSince = new Map<Fault, number>();
  #lastByteMs: number;
  #idleTimer: Timer | undefined;
  #isForgotten = false;

  constructor(client: Socket, server: Socket, surroundings: ProxySurroundings) {
    this.#client = client;
    this.#server = server;
    this.#surroundings = surroundings;
    this.#lastByteMs = surroundings.clock.nowMs();
    this.#ways = [
      new Way({
        from: client,
        to: server,
        look: (bytes) => this.#lookAt(bytes, 'toServer'),
        faults: () => this.#faultsOn('toServer'),
        clock: surroundings.clock,
      }),
      new Way({
        from: server,
        to: client,
        look: (bytes) => this.#lookAt(bytes, 'toClient'),
        faults: () => this.#faultsOn('toClient'),
        clock: surroundings.clock,
      }),
    ];
    this.faultsChanged();
  }

  /** Lets go on what waited for a fault that was lifted, and begins to count for one that was set. */
  faultsChanged(): void {
    const faults = this.#surroundings.faultsOf(this);
    for (const fault of this.#bytesSince.keys()) {
      if (!faults.includes(fault)) {
        this.#bytesSince.delete(fault);
      }
    }
    for (const way of this.#ways) {
      way.flow();
    }
    this.#watchIdleness();
  }

  /** Breaks it on both sides. */
  cut(how: Cut): void {
    this.#idleTimer?.cancel();
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') {
        socket.resetAndDestroy();
      } else {
        socket.end();
      }
    }
  }

  #lookAt(bytes: Buffer, direction: Direction): Buffer {
    this.#lastByteMs = this.#surroundings.clock.nowMs();
    this.#surroundings.noteActivity();
    if (direction === 'toServer') {
      const line = REQUEST_LINE.exec(bytes.toString('latin1', 0, 2_000))?.[0];
      if (line !== undefined && line !== this.requestLine) {
        this.requestLine = line;
        this.#bytesSince.clear();
      }
      this.#watchIdleness();
      return bytes;
    }
    this.#watchIdleness();
    return this.#surroundings
      .faultsOf(this)
      .reduce(
        (edited, fault) => (fault.kind === 'corrupt' ? fault.edit(edited) : this.#cutShort(fault, edited)),
        bytes,
      );
  }

  #cutShort(fault: Fault, bytes: Buffer): Buffer {
    if (fault.kind !== 'cutAfter') {
      return bytes;
    }
    const passed = this.#bytesSince.get(fault) ?? 0;
    this.#bytesSince.set(fault, passed + bytes.byteLength);
    if (passed + bytes.byteLength <= fault.bytes) {
      return bytes;
    }
    // After what is let through has been written.
    setImmediate(() => {
      this.cut(fault.how);
    });
    return bytes.subarray(0, Math.max(0, fault.bytes - passed));
  }

  #faultsOn(direction: Direction): WayFaults {
    const faults = this.#surroundings.faultsOf(this);
    const applies = (kind: 'lose' | 'hold'): boolean =>
      faults.some((fault) => fault.kind === kind && (fault.direction === 'both' || fault.direction === direction));
    const slow = direction === 'toClient' ? faults.find((fault) => fault.kind === 'slow') : undefined;
    return {
      isLost: this.#isForgotten || applies('lose'),
      isHeld: applies('hold'),
      bytesPerSecond: slow?.bytesPerSecond,
    };
  }

  #watchIdleness(): void {
    this.#idleTimer?.cancel();
    const limit = this.#surroundings.faultsOf(this).find((fault) => fault.kind === 'idleLimit');
    if (limit === undefined || this.#isForgotten || this.#client.destroyed) {
      return;
    }
    const { clock } = this.#surroundings;
    this.#idleTimer = clock.after(Math.max(0, this.#lastByteMs + limit.idleMs - clock.nowMs()), () => {
      if (limit.how === 'silence') {
        this.#isForgotten = true;
      } else {
        this.cut(limit.how);
      }
    });
  }
}

interface WayFaults {
  readonly isLost: boolean;
  readonly isHeld: boolean;
  readonly bytesPerSecond: number | undefined;
}

interface WayOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly look: (bytes: Buffer) => Buffer;
  readonly faults: () => WayFaults;
  readonly clock: Clock;
}

/** One direction of a connection. */
class Way {
  readonly #options: WayOptions;
  #waiting: Buffer[] = [];
  #over: Cut | undefined;
  #isTrickling = false;
  #isDead = false;

  constructor(options: WayOptions) {
    this.#options = options;
    const { from, look } = options;
    from.on('data', (bytes: Buffer) => {
      this.#waiting.push(look(bytes));
      this.flow();
    });
    from.on('end', () => {
      this.#finish('end');
    });
    from.on('error', () => {
      this.#finish('reset');
    });
    from.on('close', () => {
      this.#finish('end');
    });
  }

  /** Passes on what may go now. */
  flow(): void {
    const { isLost, isHeld, bytesPerSecond } = this.#options.faults();
    if (isLost && this.#hasNews) {
      this.#isDead = true;
    }
    if (this.#isDead) {
      this.#waiting = [];
    }
    if (this.#isDead || isHeld || this.#isTrickling) {
      return;
    }
    if (bytesPerSecond !== undefined && this.#waiting.length > 0) {
      this.#trickle(bytesPerSecond);
    } else {
      this.#pour();
    }
  }

  get #hasNews(): boolean {
    return this.#waiting.length > 0 || this.#over !== undefined;
  }

  #pour(): void {
    for (const bytes of this.#waiting.splice(0)) {
      this.#write(bytes);
    }
    if (this.#over === 'reset') {
      this.#options.to.resetAndDestroy();
    } else if (this.#over === 'end') {
      this.#options.to.end();
    }
  }

  #trickle(bytesPerSecond: number): void {
    const all = Buffer.concat(this.#waiting);
    const now = Math.max(1, Math.round((bytesPerSecond * TRICKLE_MS) / 1_000));
    this.#write(all.subarray(0, now));
    this.#waiting = all.byteLength > now ? [all.subarray(now)] : [];
    this.#isTrickling = true;
    this.#options.clock.after(TRICKLE_MS, () => {
      this.#isTrickling = false;
      this.flow();
    });
  }

  #write(bytes: Buffer): void {
    if (bytes.byteLength > 0 && this.#options.to.writable) {
      this.#options.to.write(bytes);
    }
  }

  #finish(how: Cut): void {
    this.#over ??= how;
    this.flow();
  }
}
