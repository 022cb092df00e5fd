import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import dnsPacket from 'dns-packet';
import type { Clock, Timer } from '../../base/clock.ts';
import type { DnsTarget } from '../../domain/discovery/dns.ts';

/** How often resolvers are asked, in milliseconds. */
export const DNS_CHECK_INTERVAL_MS = 60_000;
/** How long one answer may take, in milliseconds. */
const ANSWER_TIMEOUT_MS = 2000;
/** How many addresses are asked at once. */
const MOST_TARGETS = 16;
/** A TCP answer starts with its length in two bytes (https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2). */
const TCP_LENGTH_BYTES = 2;
/** What is asked. Any answer will do, also that there is no such name. */
const QUESTION = 'kubernetes.default.svc.cluster.local';

/** Sends one question; resolves to whether an answer came in time, and never throws. */
export type AskResolver = (target: DnsTarget, protocol: 'UDP' | 'TCP') => Promise<boolean>;

/**
 * Asks resolvers from the operator's own pod, every minute and when the addresses change. An address answers when it
 * answered both over UDP and over TCP the last time it was asked.
 */
export class DnsCheck {
  readonly #clock: Clock;
  readonly #askResolver: AskResolver;
  readonly #onChange: () => void;
  #targets: readonly DnsTarget[] = [];
  #answering: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: { readonly clock: Clock; readonly askResolver: AskResolver; readonly onChange: () => void }) {
    this.#clock = options.clock;
    this.#askResolver = options.askResolver;
    this.#onChange = options.onChange;
  }

  /** Whether this address answered when it was last asked. */
  isAnswering(address: string): boolean {
    return this.#answering.has(address);
  }

  /** Asks these from now on; at once when they differ from those before. */
  ask(found: readonly DnsTarget[]): void {
    const targets = found.slice(0, MOST_TARGETS);
    const keys = (list: readonly DnsTarget[]): string => list.map(({ address, port }) => `${address} ${port}`).join();
    if (keys(targets) === keys(this.#targets)) {
      return;
    }
    this.#targets = targets;
    this.#schedule(0);
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#isStopped) {
      this.#timer = this.#clock.after(delayMs, () => void this.#askAll());
    }
  }

  async #askAll(): Promise<void> {
    const targets = this.#targets;
    const results = await Promise.all(targets.map(async (target) => [target.address, await this.#hasAnswered(target)]));
    if (this.#isStopped || targets !== this.#targets) {
      return;
    }
    const answering = new Set(
      results.flatMap(([address, isAnswered]) => (isAnswered === true ? [String(address)] : [])),
    );
    const isChanged =
      answering.size !== this.#answering.size || [...answering].some((address) => !this.#answering.has(address));
    this.#answering = answering;
    this.#schedule(DNS_CHECK_INTERVAL_MS);
    if (isChanged) {
      this.#onChange();
    }
  }

  async #hasAnswered(target: DnsTarget): Promise<boolean> {
    const answers = await Promise.all([this.#askResolver(target, 'UDP'), this.#askResolver(target, 'TCP')]);
    return answers.every((isAnswered) => isAnswered);
  }
}

/** Asks over the network. */
export const askOverNetwork: AskResolver = (target, protocol) =>
  protocol === 'UDP' ? askOverUdp(target) : askOverTcp(target);

function question(id: number): dnsPacket.Packet {
  return { type: 'query', id, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type: 'A', name: QUESTION }] };
}

function randomId(): number {
  return Math.floor(Math.random() * 65_536);
}

function isAnswerTo(id: number, message: Buffer): boolean {
  try {
    const { id: answeredId, type } = dnsPacket.decode(message);
    return answeredId === id && type === 'response';
  } catch {
    // Not a DNS message: no answer.
    return false;
  }
}

async function askOverUdp({ address, port }: DnsTarget): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const id = randomId();
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const timer = setTimeout(() => {
    resolve(false);
  }, ANSWER_TIMEOUT_MS);
  socket.on('error', () => {
    resolve(false);
  });
  socket.on('message', (message) => {
    if (isAnswerTo(id, message)) {
      resolve(true);
    }
  });
  socket.send(dnsPacket.encode(question(id)), port, address, (error) => {
    if (error !== null) {
      resolve(false);
    }
  });
  const isAnswered = await promise;
  clearTimeout(timer);
  socket.close();
  return isAnswered;
}

async function askOverTcp({ address, port }: DnsTarget): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const id = randomId();
  const socket = connect({ host: address, port, timeout: ANSWER_TIMEOUT_MS });
  const timer = setTimeout(() => {
    resolve(false);
  }, ANSWER_TIMEOUT_MS);
  let received = Buffer.alloc(0);
  socket.on('connect', () => socket.write(dnsPacket.streamEncode(question(id))));
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= TCP_LENGTH_BYTES && received.length >= TCP_LENGTH_BYTES + received.readUInt16BE(0)) {
      resolve(isAnswerTo(id, received.subarray(TCP_LENGTH_BYTES)));
    }
  });
  for (const event of ['error', 'close', 'timeout']) {
    socket.on(event, () => {
      resolve(false);
    });
  }
  const isAnswered = await promise;
  clearTimeout(timer);
  socket.destroy();
  return isAnswered;
}
