import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { FIELD_MANAGER } from '../../src/api/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { EventRecord } from '../../src/telemetry/event-object.ts';
import { createEventRecorder, type EventRecorderControl } from '../../src/telemetry/events.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { SILENT_LOG } from '../fixtures/silence.ts';
import { clusterAt } from '../support/control-plane/cluster.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';

const cluster = clusterAt(inject('controlPlane'));

let kube: HttpKubeClient;
let recorder: EventRecorderControl;
const failures: unknown[] = [];

beforeAll(async () => {
  await cluster.applyManifests(join(import.meta.dirname, '../../deploy/base'));
  const { kubeconfigPath } = await cluster.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  const access = await loadCluster({ kubeconfigPath });
  if (!access.ok) {
    throw new Error(access.error.message);
  }
  kube = createKubeClient({ cluster: access.value, fieldManager: FIELD_MANAGER, userAgent: 'nsbaseline-tests' });
  const log: Log = { ...SILENT_LOG, debug: (fields) => failures.push(fields), child: () => log };
  recorder = createEventRecorder({ kube, clock: systemClock, log, instance: 'x'.repeat(500) });
});

afterAll(async () => {
  await recorder.close();
  await kube.close();
});

async function storedEvents(namespace: string, name: string): Promise<readonly Record<string, unknown>[]> {
  const text = await cluster.kubectl(
    'get',
    'events.v1.events.k8s.io',
    `--namespace=${namespace}`,
    `--field-selector=regarding.name=${name}`,
    '--output=json',
  );
  return (JSON.parse(text) as { items: Record<string, unknown>[] }).items;
}

function eventOn(name: string, more: Partial<EventRecord> = {}): EventRecord {
  return {
    regarding: { type: NETWORK_POLICIES, namespace: 'default', name },
    type: 'Warning',
    reason: 'Repaired',
    action: 'Repair',
    note: 'it had been changed',
    ...more,
  };
}

describe('the operator with the roles it ships with', () => {
  test('writes Events that the API server takes, and counts them up in place', async () => {
    for (let times = 0; times < 3; times += 1) {
      recorder.record(eventOn('events-counted'));
    }
    await vi.waitFor(
      async () => {
        expect(await storedEvents('default', 'events-counted')).toMatchObject([
          { reportingController: 'nsbaseline.io/operator', series: { count: 3 } },
        ]);
      },
      { timeout: EVENTUALLY_MS },
    );
    expect(failures).toEqual([]);
  });

  test('writes Events on cluster-scoped objects, with the longest name and the longest note', async () => {
    const name = 'a'.repeat(253);
    recorder.record(eventOn(name, { regarding: { type: NAMESPACES, name }, note: '🦊'.repeat(2_000) }));
    await vi.waitFor(
      async () => {
        expect(await storedEvents('default', name)).toMatchObject([{ regarding: { kind: 'Namespace', name } }]);
      },
      { timeout: EVENTUALLY_MS },
    );
    expect(failures).toEqual([]);
  });

  test('begins a new Event when the server has dropped the old one', async () => {
    recorder.record(eventOn('events-dropped'));
    await vi.waitFor(
      async () => {
        expect(await storedEvents('default', 'events-dropped')).toHaveLength(1);
      },
      { timeout: EVENTUALLY_MS },
    );
    await cluster.kubectl(
      'delete',
      'events',
      '--namespace=default',
      '--field-selector=involvedObject.name=events-dropped',
    );
    recorder.record(eventOn('events-dropped'));
    await vi.waitFor(
      () => {
        expect(failures).toHaveLength(1);
      },
      { timeout: EVENTUALLY_MS },
    );
    expect(await storedEvents('default', 'events-dropped')).toEqual([]);
    recorder.record(eventOn('events-dropped'));
    await vi.waitFor(
      async () => {
        expect(await storedEvents('default', 'events-dropped')).toHaveLength(1);
      },
      { timeout: EVENTUALLY_MS },
    );
  });
});
