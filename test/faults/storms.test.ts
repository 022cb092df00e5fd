import { describe, expect, test } from 'vitest';
import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import { FakeApiServer } from '../support/fake-api/fake-api-server.ts';
import { FaultProxy } from './fault-proxy.ts';
import { proxiedCluster } from './proxied-cluster.ts';

describe('F48 an API server that restarts again and again', () => {
  const scene = proxiedCluster();

  test('F48 many watches of many operators: no more than a few come back at one moment, and the API server is asked little', async () => {
    const OPERATORS = 8;
    const begunMs: number[] = [];
    const around = (kube: KubeClient): KubeClient => ({
      ...kube,
      list: (...request) => {
        begunMs.push(scene.clock.nowMs());
        return kube.list(...request);
      },
    });
    await scene.settled({ around });
    for (let count = 1; count < OPERATORS; count += 1) {
      await scene.start({ around });
    }
    await scene.pass(10_000);
    const before = scene.attempts();
    for (let restart = 0; restart < 5; restart += 1) {
      begunMs.splice(0);
      const accept = scene.proxy.refuse();
      scene.proxy.cut();
      await scene.pass(3_000, 50);
      accept();
      await scene.pass(20_000, 500);
      const crowd = Math.max(
        ...begunMs.map((startMs) => begunMs.filter((atMs) => atMs >= startMs && atMs < startMs + 20).length),
      );
      expect(begunMs.length).toBeGreaterThan(OPERATORS * 7);
      expect(crowd).toBeLessThan(begunMs.length / 4);
    }
    expect(scene.attempts() - before).toBeLessThan(OPERATORS * 5 * 60);
    await scene.recovered({ attempts: 400 });
  });
});

describe('F28 an API server that is away for long', () => {
  const scene = proxiedCluster();

  test('F28 what failed meanwhile is done within seconds of its return, and not after the longest pause', async () => {
    await scene.settled();
    const { server } = scene.stage.scene;
    server.intercept = ({ method }) => (method === 'GET' ? undefined : { kind: 'respond', status: 503, body: '' });
    scene.disturb();
    await scene.pass(5_000);
    const accept = scene.proxy.refuse();
    scene.proxy.cut();
    await scene.pass(600_000, 5_000);
    server.intercept = undefined;
    accept();
    // A watch is tried again within 5 s, and retries follow within a second.
    await scene.pass(8_000, 500);
    expect(scene.stage.problems()).toEqual([]);
    await scene.recovered();
  });
});

describe('F14 lists as streams (WatchList)', () => {
  const scene = proxiedCluster({ isWatchListServed: false });

  test('F14 not supported: all is read in pages', async () => {
    await scene.settled();
    await scene.recovered();
  });
});

describe('the proxy', () => {
  test('without a fault it changes nothing', async () => {
    const server = await FakeApiServer.start();
    const proxy = await FaultProxy.start({ targets: [Number(new URL(server.url).port)] });
    const read = async (base: string): Promise<string> => (await fetch(`${base}/api/v1/namespaces`)).text();
    expect(await read(`http://127.0.0.1:${proxy.port}`)).toBe(await read(server.url));
    await proxy.close();
    await server.close();
  });
});
