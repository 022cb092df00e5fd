import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../../src/kube/credentials/cluster.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { exec, printing, tokenOf, V1, V1BETA1, withPlugin } from './exec-plugin.ts';
import { from, kubeconfig } from './kubeconfig-text.ts';
import { makePemTexts, pem } from './pem-texts.ts';

beforeAll(makePemTexts);

describe('as kubectl: an exec plugin', () => {
  const echoing = printing('{ token: Buffer.from(process.env.KUBERNETES_EXEC_INFO).toString("base64url") }');

  async function infoFrom(cluster: Cluster): Promise<unknown> {
    return JSON.parse(Buffer.from(String(await tokenOf(cluster)).slice('Bearer '.length), 'base64url').toString());
  }

  test('gets KUBERNETES_EXEC_INFO', async () => {
    const { cluster } = await withPlugin(echoing, { cluster: { 'certificate-authority-data': pem.ca } });
    expect(await infoFrom(cluster)).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1BETA1,
      spec: { interactive: false },
    });
  });

  test('gets the cluster with its extension, if it asks with provideClusterInfo', async () => {
    const { cluster } = await withPlugin(echoing, {
      exec: { provideClusterInfo: true },
      cluster: {
        'certificate-authority-data': pem.ca,
        'tls-server-name': 'api',
        'proxy-url': 'http://127.0.0.1:1',
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
      },
    });
    expect(await infoFrom(cluster)).toMatchObject({
      spec: {
        cluster: {
          server: 'https://127.0.0.1:6443',
          'tls-server-name': 'api',
          'certificate-authority-data': pem.ca,
          'proxy-url': 'http://127.0.0.1:1',
          config: { audience: 'x' },
        },
        interactive: false,
      },
    });
  });

  test('does not get a proxy of the environment as that of the cluster', async () => {
    const { cluster } = await withPlugin(echoing, {
      exec: { provideClusterInfo: true },
      cluster: { server: 'https://api.example.com' },
      choice: { environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } },
    });
    expect(cluster.proxyUrl).toBe('http://127.0.0.1:1');
    expect(await infoFrom(cluster)).toMatchObject({ spec: { cluster: { server: 'https://api.example.com' } } });
    expect(JSON.stringify(await infoFrom(cluster))).not.toContain('proxy-url');
  });

  test('gets its arguments and its variables over ours', async () => {
    const { cluster } = await withPlugin(printing('{ token: process.argv[2] + process.env.A + process.env.B }'), {
      exec: { args: ['x'], env: [{ name: 'A', value: 'y' }] },
      choice: { environment: { A: 'ours', B: 'z' } },
    });
    expect(await tokenOf(cluster)).toBe('Bearer xyz');
  });

  test('shows its standard error, also when it succeeds', async () => {
    const { cluster, stderr } = await withPlugin(
      `console.error('open https://login.example.com and enter ABCD'); ${printing('{ token: "t" }')}`,
    );
    expect(await tokenOf(cluster)).toBe('Bearer t');
    expect(await stderr()).toBe('open https://login.example.com and enter ABCD\n');
  });

  test('is asked once until its credentials expire, or are refused', async () => {
    const clock = new ManualClock();
    const expiry = new Date(clock.wallTime().getTime() + 60_000).toISOString();
    const { cluster } = await withPlugin(
      `const fs = require('fs'); fs.appendFileSync(__dirname + '/runs', '.');
       const runs = fs.readFileSync(__dirname + '/runs').length;
       ${printing(`{ token: 'run-' + runs, expirationTimestamp: runs === 1 ? '${expiry}' : undefined }`)}`,
      { choice: { clock } },
    );
    expect(await Promise.all([tokenOf(cluster), tokenOf(cluster)])).toEqual(['Bearer run-1', 'Bearer run-1']);
    await clock.advance(60_001);
    expect(await tokenOf(cluster)).toBe('Bearer run-2');
    await clock.advance(3_600_000);
    expect(await tokenOf(cluster)).toBe('Bearer run-2');
    await cluster.refresh();
    expect(await tokenOf(cluster)).toBe('Bearer run-3');
  });

  test('gives a client certificate', async () => {
    const { cluster } = await withPlugin(
      printing(`{ clientCertificateData: atob('${pem.cert}'), clientKeyData: atob('${pem.key}') }`),
    );
    expect(await cluster.authorization()).toEqual({ ok: true, value: {} });
    expect(cluster.tls()).toMatchObject({ cert: atob(pem.cert), key: atob(pem.key) });
  });

  test.each<[string, () => string, RegExp]>([
    ['fails', () => 'process.exit(3)', /failed with exit code 3$/],
    ['prints {}', () => 'console.log("{}")', /did not print an ExecCredential/],
    ['prints no JSON', () => 'console.log("token")', /did not print an ExecCredential/],
    [
      'prints another version',
      () => printing('{ token: "t" }', V1),
      /printed the apiVersion ".*\/v1" instead of .*v1beta1/,
    ],
    ['prints no status', () => printing('undefined'), /printed no status/],
    ['prints neither token nor certificate', () => printing('{}'), /printed neither a token nor a client certificate/],
    [
      'prints a certificate without its key',
      () => printing('{ clientCertificateData: "c" }'),
      /printed only one of certificate and key/,
    ],
    [
      'prints a certificate and the key of another',
      () => printing(`{ clientCertificateData: atob('${pem.cert}'), clientKeyData: atob('${pem.otherKey}') }`),
      /printed a client certificate that does not belong to its key/,
    ],
    [
      'prints an expiry that is no time',
      () => printing('{ token: "t", expirationTimestamp: "soon" }'),
      /an expirationTimestamp that is not a time/,
    ],
  ])('that %s is an error that says so', async (_, script, message) => {
    const { cluster } = await withPlugin(script());
    expect(await tokenOf(cluster)).toMatch(message);
    expect(await tokenOf(cluster)).toMatch(/^the credential plugin ".*plugin" of user "u" /);
  });

  test('that is missing is an error with its installHint', async () => {
    const user = { exec: exec('no-such-plugin', { installHint: 'Install it\nwith krew.' }) };
    const cluster = await from(kubeconfig({ user }));
    expect(cluster.ok && (await tokenOf(cluster.value))).toBe(
      'the credential plugin "no-such-plugin" of user "u" was not found; is it installed? Install it with krew.',
    );
  });

  test('that needs a terminal is not started without one', async () => {
    const { cluster } = await withPlugin(printing('{ token: "t" }'), { exec: { interactiveMode: 'Always' } });
    expect(await tokenOf(cluster)).toMatch(/needs a terminal/);
  });
});

describe('better than kubectl, which waits without end', () => {
  test('a plugin that hangs is killed at its deadline', async () => {
    const clock = new ManualClock();
    const { cluster, home } = await withPlugin(
      `require('fs').writeFileSync(__dirname + '/pid', String(process.pid)); setInterval(() => {}, 1000);`,
      { choice: { clock } },
    );
    const token = tokenOf(cluster);
    const pid = (): Promise<string> => readFile(join(home, 'pid'), 'utf8').catch(() => '');
    await expect.poll(pid, { timeout: 10_000 }).not.toBe('');
    await clock.advance(60_000);
    expect(await token).toMatch(/gave no answer within 60 s and was killed/);
    const isRunning = async (): Promise<boolean> => {
      try {
        return process.kill(Number(await pid()), 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isRunning, { timeout: 10_000 }).toBe(false);
  });

  test('a plugin that prints without end is killed', async () => {
    const { cluster } = await withPlugin(`for (;;) require('fs').writeSync(1, 'x'.repeat(65536));`);
    expect(await tokenOf(cluster)).toMatch(/wrote more than 1048576 bytes and was killed/);
  });
});
