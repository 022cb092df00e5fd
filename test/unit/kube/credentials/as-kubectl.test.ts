import { beforeAll, describe, expect, test } from 'vitest';
import { answer, clientTo, loopbackServer, NAMESPACES } from '../loopback-server.ts';
import { exec, V1, V1BETA1 } from './exec-plugin.ts';
import { from, kubeconfig } from './kubeconfig-text.ts';
import { makePemTexts, pem } from './pem-texts.ts';

beforeAll(makePemTexts);

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
