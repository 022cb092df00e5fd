import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  clear,
  declare,
  expectAnswers,
  expectProtected,
  label,
  namespaces,
  resolverAddress,
  startPods,
} from './e2e-cluster.ts';

const TEAM = 'packets-team';
const OTHERS = 'packets-others';
const client = { namespace: TEAM, name: 'client' };
const stranger = { namespace: OTHERS, name: 'stranger' };
const prometheus = { namespace: 'monitoring', name: 'prometheus' };
const visitor = { namespace: 'monitoring', name: 'visitor' };
const found = { resolver: '', server: '', outside: '' };

beforeAll(async () => {
  await namespaces([TEAM], [OTHERS], ['monitoring']);
  found.resolver = await resolverAddress();
  const [server = '', outside = ''] = await startPods(
    { namespace: TEAM, name: 'server', args: ['serve', 'tcp:8080', 'udp:8081', 'tcp:9090'] },
    { namespace: OTHERS, name: 'outside', args: ['serve', 'tcp:8080', 'udp:8081'] },
    client,
    stranger,
    { ...prometheus, labels: { 'app.kubernetes.io/name': 'prometheus' } },
    visitor,
  );
  Object.assign(found, { server, outside });
  await declare('packets');
});

afterAll(() => clear({ policies: ['packets'], namespaces: [TEAM, OTHERS, 'monitoring'] }));

describe('a namespace with the standard policy', () => {
  test('is open before it is labelled', async () => {
    await expectAnswers(stranger, {
      [`tcp@${found.server}:8080`]: 'answered',
      [`udp@${found.server}:8081`]: 'answered',
    });
    await expectAnswers(client, {
      [`tcp@${found.outside}:8080`]: 'answered',
      [`udp@${found.outside}:8081`]: 'answered',
    });
  });

  test('lets nobody in and nothing out once it is labelled, by TCP and by UDP', async () => {
    await label(TEAM, { set: 'packets' });
    await expectProtected(TEAM);
    await expectAnswers(stranger, { [`tcp@${found.server}:8080`]: 'silent', [`udp@${found.server}:8081`]: 'silent' });
    await expectAnswers(client, {
      [`tcp@${found.outside}:8080`]: 'silent',
      [`udp@${found.outside}:8081`]: 'silent',
      [`tcp@${found.server}:8080`]: 'silent',
    });
  });

  test('resolves names by UDP and by TCP', async () => {
    expect(await ask(client, `dns-udp@${found.resolver}:53`, `dns-tcp@${found.resolver}:53`)).toEqual({
      [`dns-udp@${found.resolver}:53`]: 'answered',
      [`dns-tcp@${found.resolver}:53`]: 'answered',
    });
  });

  test('lets Prometheus in, on every TCP port, and nobody else of its namespace', async () => {
    await expectAnswers(prometheus, {
      [`tcp@${found.server}:8080`]: 'answered',
      [`tcp@${found.server}:9090`]: 'answered',
      [`udp@${found.server}:8081`]: 'silent',
    });
    await expectAnswers(visitor, { [`tcp@${found.server}:8080`]: 'silent', [`tcp@${found.server}:9090`]: 'silent' });
  });

  test('is open again when the label goes', async () => {
    await label(TEAM, { set: null });
    await expectAnswers(stranger, {
      [`tcp@${found.server}:8080`]: 'answered',
      [`udp@${found.server}:8081`]: 'answered',
    });
    await expectAnswers(client, {
      [`tcp@${found.outside}:8080`]: 'answered',
      [`udp@${found.outside}:8081`]: 'answered',
    });
  });
});
