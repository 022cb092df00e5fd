import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { measured } from '../scale/measurement.ts';
import { eventually, OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { populate, put, whole } from '../support/fake-api/populate.ts';
import { faultCluster } from './fault-cluster.ts';

/** What a namespace with its set may add to the heap, in bytes; a real one has been seen to add some 3,300. */
const MOST_BYTES_EACH = 6_000;
const MINUTES_MS = 180_000;

const stage = faultCluster();

/** So many namespaces that stand as the operator would leave them, with one of its lives behind them. */
async function inhabit(count: number): Promise<readonly string[]> {
  const { scene } = stage;
  await scene.people.baselinePolicy('standard', {});
  const before = await scene.start();
  await scene.protectedNamespace('model');
  await before.close();
  const names = Array.from({ length: count }, (_, index) => `team-${index}`);
  populate(scene.server.cluster, { model: 'model', names });
  return names;
}

/** Opts a namespace in, and resolves once its set stands. */
async function protect(name: string): Promise<void> {
  await stage.scene.people.namespace(name, OPTED_IN);
  await eventually(() =>
    stage.actor
      .all(NETWORK_POLICIES, name)
      .map(({ metadata }) => metadata.name)
      .sort(),
  ).toEqual(standardSet());
}

function foreign(namespace: string, spec: object): KubeObject {
  return {
    metadata: {
      namespace,
      name: 'own',
      uid: `own-${namespace}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
    },
    spec,
  };
}

describe('F50 more namespaces than it is made for', () => {
  test(
    'F50 R10 5,000: memory grows by a little for each, nothing that stands is written, and fresh namespaces and repairs do not wait for all the others',
    async () => {
      const [few, many] = [await measured(500), await measured(5_000)];
      expect([few.needlessWrites, many.needlessWrites]).toEqual([0, 0]);
      expect(many.freshMs).toHaveLength(10);
      expect(many.repairMs).toHaveLength(10);
      expect((many.heapBytes - few.heapBytes) / (many.namespaces - few.namespaces)).toBeLessThan(MOST_BYTES_EACH);
    },
    MINUTES_MS,
  );
});

describe('F50 what is far larger than it should be', () => {
  test('F50 a namespace with 1.5 MB of annotations is protected like any other, and so is the next one', async () => {
    const { scene } = stage;
    await scene.people.baselinePolicy('standard', {});
    await scene.start();
    await scene.people.namespace('large');
    const large = whole(scene.server.cluster, NAMESPACES, { namespace: '', name: 'large' });
    put(scene.server.cluster, NAMESPACES, {
      ...large,
      metadata: {
        ...large.metadata,
        labels: { ...large.metadata.labels, ...OPTED_IN },
        annotations: { padding: 'x'.repeat(1_500_000) },
      },
    });
    await eventually(() => stage.problems()).toEqual([]);
    await protect('small');
  });

  test('F50 a tenant whose NetworkPolicy of a megabyte changes again and again keeps no other namespace waiting, and is judged like a small one', async () => {
    const { scene } = stage;
    await scene.people.baselinePolicy('standard', {});
    await scene.start();
    await protect('crowded');
    const blocks = Array.from({ length: 40_000 }, (_, index) => ({
      ipBlock: { cidr: `${index >> 8}.${index & 255}.0.0/16` },
    }));
    for (let change = 0; change < 10; change += 1) {
      put(
        scene.server.cluster,
        NETWORK_POLICIES,
        foreign('crowded', {
          podSelector: { matchLabels: { change: String(change) } },
          policyTypes: ['Ingress'],
          ingress: [{ from: blocks }],
        }),
      );
      await protect(`beside-${change}`);
    }
    await eventually(() => scene.phaseOf('crowded')).toBe('Protected');
    expect(await scene.people.report('crowded')).not.toHaveProperty('weakenedBy');
    put(
      scene.server.cluster,
      NETWORK_POLICIES,
      foreign('crowded', {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [...blocks, { ipBlock: { cidr: '0.0.0.0/0' } }] }],
      }),
    );
    await eventually(() => scene.people.report('crowded')).toMatchObject({ weakenedBy: [{ name: 'own' }] });
  });
});

describe('F50 5,000 events a second', () => {
  const SECONDS = 2;
  const EVENTS_IN_ONE_GO = 50;
  /** On a busy machine it goes on until a few namespaces were protected meanwhile, and no further than this. */
  const LONGEST_STORM = 200_000;

  test('F50 R6 of foreign policies and namespaces: fresh namespaces are protected meanwhile, the queue holds each namespace once at most, and nothing is lost', async () => {
    const { scene } = stage;
    const names = await inhabit(500);
    const operator = await scene.start();
    await eventually(() => stage.problems()).toEqual([]);
    const { cluster } = scene.server;
    const storm = { isOver: false, sent: 0, deepest: 0 };
    const blow = async (): Promise<void> => {
      for (
        ;
        storm.sent < (protectedMeanwhile.length < 3 ? LONGEST_STORM : 5_000 * SECONDS);
        storm.sent += EVENTS_IN_ONE_GO
      ) {
        for (let index = storm.sent; index < storm.sent + EVENTS_IN_ONE_GO; index += 1) {
          const name = names[index % names.length] ?? '';
          if (index % 2 === 0) {
            put(
              cluster,
              NETWORK_POLICIES,
              foreign(name, { podSelector: { matchLabels: { at: String(index) } }, policyTypes: ['Ingress'] }),
            );
          } else {
            relabel(name, String(index));
          }
        }
        const { fresh, resync } = operator.runtime.state().queue.depth;
        storm.deepest = Math.max(storm.deepest, fresh + resync);
        await new Promise((resolve) => setTimeout(resolve, EVENTS_IN_ONE_GO / 5));
      }
      storm.isOver = true;
    };
    const relabel = (name: string, at: string): void => {
      const namespace = whole(cluster, NAMESPACES, { namespace: '', name });
      put(cluster, NAMESPACES, {
        ...namespace,
        metadata: { ...namespace.metadata, labels: { ...namespace.metadata.labels, at } },
      });
    };
    const protectedMeanwhile: string[] = [];
    const blowing = blow();
    for (let number = 0; !storm.isOver && number < 20; number += 1) {
      await protect(`fresh-${number}`);
      protectedMeanwhile.push(`fresh-${number}`);
      await scene.people.editNetworkPolicy(names[number] ?? '', 'standard.default-deny', (object) => ({
        ...object,
        spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
      }));
    }
    await blowing;
    await eventually(() => stage.problems()).toEqual([]);
    expect(protectedMeanwhile.length).toBeGreaterThanOrEqual(3);
    expect(storm.deepest).toBeLessThanOrEqual(names.length + protectedMeanwhile.length + 10);
    const held = Object.fromEntries(
      [...operator.runtime.watches()].map(({ resource, objects }) => [resource, objects]),
    );
    expect(held).toMatchObject({
      networkpolicies: cluster.store.count(NETWORK_POLICIES),
      namespaces: cluster.store.count(NAMESPACES),
    });
  });
});
