import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import dnsPacket from 'dns-packet';
import { afterEach, describe, expect, test } from 'vitest';
import type { DnsTarget } from '../../../../src/domain/discovery/dns.ts';
import { askOverNetwork, DNS_CHECK_INTERVAL_MS, DnsCheck } from '../../../../src/operator/discovery/dns-check.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const target: DnsTarget = { address: '10.96.0.10', port: 53 };

/** A check whose resolvers answer by the protocols in `answering`, which the test changes. */
function given(answering: Set<'UDP' | 'TCP'>): {
  readonly check: DnsCheck;
  readonly clock: ManualClock;
  readonly seen: { changes: number; questions: number };
} {
  const clock = new ManualClock();
  const seen = { changes: 0, questions: 0 };
  const check = new DnsCheck({
    clock,
    askResolver: (_, protocol) => {
      seen.questions += 1;
      return Promise.resolve(answering.has(protocol));
    },
    onChange: () => {
      seen.changes += 1;
    },
  });
  return { check, clock, seen };
}

describe('R14 F54 a resolver that answers the operator is believed', () => {
  test('once it answered over UDP and TCP', async () => {
    const { check, clock, seen } = given(new Set(['UDP', 'TCP']));
    check.ask([target]);
    expect(check.isAnswering('10.96.0.10')).toBe(false);
    await clock.advance(0);
    expect(check.isAnswering('10.96.0.10')).toBe(true);
    expect(seen.changes).toBe(1);
  });

  test('but not when it answers over one of them only', async () => {
    const { check, clock, seen } = given(new Set(['UDP']));
    check.ask([target]);
    await clock.advance(0);
    expect(check.isAnswering('10.96.0.10')).toBe(false);
    expect(seen.changes).toBe(0);
  });

  test('it is asked every minute, and no longer believed when it stops answering', async () => {
    const answering = new Set<'UDP' | 'TCP'>(['UDP', 'TCP']);
    const { check, clock, seen } = given(answering);
    check.ask([target]);
    await clock.advance(0);
    answering.clear();
    await clock.advance(DNS_CHECK_INTERVAL_MS);
    expect(check.isAnswering('10.96.0.10')).toBe(false);
    expect(seen.changes).toBe(2);
  });

  test('the same addresses are not asked again before their time', async () => {
    const { check, clock, seen } = given(new Set(['UDP', 'TCP']));
    check.ask([target]);
    await clock.advance(0);
    check.ask([{ ...target }]);
    await clock.advance(DNS_CHECK_INTERVAL_MS - 1);
    expect(seen.questions).toBe(2);
  });

  test('neither are more addresses than are asked at once', async () => {
    const { check, clock, seen } = given(new Set(['UDP', 'TCP']));
    const many = Array.from({ length: 17 }, (_, index) => ({ address: `10.0.0.${index}`, port: 53 }));
    check.ask(many);
    await clock.advance(0);
    check.ask(many);
    await clock.advance(DNS_CHECK_INTERVAL_MS - 1);
    expect(seen.questions).toBe(2 * 16);
  });

  test('nothing is asked after stop', async () => {
    const { check, clock, seen } = given(new Set(['UDP', 'TCP']));
    check.ask([target]);
    check.stop();
    await clock.advance(DNS_CHECK_INTERVAL_MS);
    expect(seen.questions).toBe(0);
  });
});

describe('a question over the network', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) {
      close();
    }
  });

  const answerTo = (question: dnsPacket.Packet): dnsPacket.Packet => ({ type: 'response', id: question.id ?? 0 });

  test('over UDP is answered by a resolver, and by no other message', async () => {
    const answers = [true, false];
    const server = createSocket('udp4');
    server.on('message', (message, { port }) => {
      const isRight = answers.shift() === true;
      server.send(isRight ? dnsPacket.encode(answerTo(dnsPacket.decode(message))) : Buffer.from('?'), port);
    });
    closing.push(() => server.close());
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = { address: '127.0.0.1', port: server.address().port };
    expect(await askOverNetwork(asked, 'UDP')).toBe(true);
    expect(await askOverNetwork(asked, 'UDP')).toBe(false);
  });

  test('over TCP is answered by a resolver; a connection that is refused is no answer', async () => {
    const server = createServer((socket) => {
      socket.on('data', (chunk) => socket.end(dnsPacket.streamEncode(answerTo(dnsPacket.streamDecode(chunk)))));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const asked = { address: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
    expect(await askOverNetwork(asked, 'TCP')).toBe(true);
    server.close();
    await once(server, 'close');
    expect(await askOverNetwork(asked, 'TCP')).toBe(false);
  });
});
