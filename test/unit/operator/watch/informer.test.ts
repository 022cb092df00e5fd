import { expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import type { Identity } from '../../../../src/operator/watch/cached-objects.ts';
import { createInformer } from '../../../../src/operator/watch/informer.ts';
import { NAMESPACES } from '../../../../src/operator/watch/resources.ts';
import type { Log, LogFields } from '../../../../src/telemetry/log.ts';
import type { Metrics } from '../../../../src/telemetry/metrics.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { bookmark, namespace, ScriptedServer } from '../../kube/scripted-server.ts';

function project({ metadata }: KubeObject): Identity {
  if (metadata.name === 'odd') {
    throw new Error('it has no such field');
  }
  return {
    name: metadata.name ?? '',
    namespace: '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
  };
}

test('F38 an object that cannot be kept is named in the log, and the others are kept', async () => {
  const server = new ScriptedServer();
  const warnings: LogFields[] = [];
  const log: Pick<Log, 'debug' | 'warn'> = { debug: () => undefined, warn: (fields) => void warnings.push(fields) };
  const metrics: Pick<Metrics, 'watchRestarted'> = { watchRestarted: () => undefined };
  const surroundings = {
    kube: server as never,
    clock: new ManualClock(),
    random: () => 0.5,
    log: log as Log,
    metrics: metrics as Metrics,
    silenceLimitMs: 70_000,
  };
  const { cache, reflector } = createInformer({ type: NAMESPACES, project, onChange: () => undefined }, surroundings);
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  for (const object of [namespace('a', '1'), namespace('odd', '2'), namespace('b', '3')]) {
    server.watching.send('ADDED', object);
  }
  server.watching.send('BOOKMARK', bookmark('3', { 'k8s.io/initial-events-end': 'true' }));
  expect(reflector.hasSynced()).toBe(true);
  expect([...cache.values()].map(({ name }) => name)).toEqual(['a', 'b']);
  expect(warnings).toMatchObject([{ resource: 'namespaces', name: 'odd' }]);
  stop.abort();
  await running;
});
