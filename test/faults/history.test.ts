import { describe, expect, test } from 'vitest';
import { fieldOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { internalError } from '../support/fake-api/api-status.ts';
import type { InterceptedRequest } from '../support/fake-api/fake-api-server.ts';
import { proxiedCluster } from './proxied-cluster.ts';

const scene = proxiedCluster();
const MINUTE_MS = 60_000;
const identities = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    scene.stage.actor
      .all(NETWORK_POLICIES)
      .map(({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.name ?? ''}`, metadata.uid ?? '']),
  );

/** The newest lines of each watched resource, to be told again. */
class ToldLines {
  readonly #lines = new Map<string, string[]>();

  add({ resource }: InterceptedRequest, line: string): void {
    this.#lines.set(resource, [...this.of(resource), line].slice(-20));
  }

  of(resource: string): readonly string[] {
    return this.#lines.get(resource) ?? [];
  }
}

describe('F7 events that come otherwise than they happened', () => {
  const told = { before: new ToldLines(), now: new ToldLines(), seen: new Set<InterceptedRequest>() };
  const isEvent = (line: string): boolean => !line.startsWith('{"type":"BOOKMARK"');

  test.each<[string, (line: string, request: InterceptedRequest) => readonly string[]]>([
    ['twice', (line) => [line, line]],
    ['three times, and the bookmarks as well', (line) => [line, line, line]],
    [
      'after all that came before them, told again',
      (line, request) => {
        told.now.add(request, line);
        return told.now.of(request.resource);
      },
    ],
    [
      'in pairs, the later one first',
      (line, request) => {
        const waiting = told.before.of(request.resource);
        if (!isEvent(line) || !line.startsWith('{"type":"MODIFIED"')) {
          return [line];
        }
        told.before.add(request, line);
        return waiting.length % 2 === 0 ? [] : [line, waiting.at(-1) ?? ''];
      },
    ],
  ])('F7 %s: nothing older replaces what is newer, nothing is written twice', async (_how, rewrite) => {
    told.before = new ToldLines();
    told.now = new ToldLines();
    await scene.settled();
    const { server } = scene.stage.scene;
    server.rewriteWatch = rewrite;
    const created = (): number => scene.stage.asked.of('create', 'networkpolicies');
    const before = created();
    for (let round = 0; round < 5; round += 1) {
      scene.disturb();
      await scene.pass(5_000);
      scene.stage.scene.server.cluster.dropWatches();
      await scene.pass(5_000);
    }
    expect(scene.stage.problems()).toEqual([]);
    // Three for each new namespace, and the one that is removed each time.
    expect(created() - before).toBe(5 * 4);
    server.rewriteWatch = undefined;
    await scene.recovered();
  });
});

describe('F8 hours in which nothing happens here', () => {
  test('F8 three hours of bookmarks while others write elsewhere: lists are not read anew, and then all is noticed', async () => {
    await scene.settled();
    const before = scene.attempts();
    let wholeLists = 0;
    scene.stage.intercept(({ verb, query }) => {
      wholeLists += verb === 'list' && query.get('limit') !== '1' ? 1 : 0;
      return undefined;
    });
    const { cluster } = scene.stage.scene.server;
    scene.stage.actor.declare('elsewhere', { namespaceSelector: { matchLabels: { nobody: 'has-it' } } });
    for (let passedMs = 0; passedMs < 180 * MINUTE_MS; passedMs += 20_000) {
      await scene.pass(20_000, 20_000);
      // Of most types nothing changes, while the version goes on, and the past is forgotten up to the last bookmark.
      if (passedMs % (5 * MINUTE_MS) === 0) {
        scene.stage.actor.declare('elsewhere', {
          namespaceSelector: { matchLabels: { nobody: `has-it-${passedMs}` } },
        });
        cluster.watches.sendBookmarks();
        await scene.pass(1_000);
        cluster.compactHistory();
      }
    }
    // The server ends a watch after some minutes; each time its version is asked for, and no more. And a status for each edit.
    expect(scene.attempts() - before).toBeLessThan(10 * 36 * 2 + 50);
    // Only where a watch was just being begun when the past was forgotten; without bookmarks it would be all of them, each time.
    expect(wholeLists).toBeLessThan(30);
    scene.stage.actor.remove(BASELINE_POLICIES, { name: 'elsewhere' });
    await scene.recovered();
  });
});

describe('F12 an etcd that is restored from a backup', () => {
  test('F12 to before much that was done: nothing is deleted for it, and what is declared then is put in place', async () => {
    await scene.settled();
    const { cluster } = scene.stage.scene.server;
    const { actor: hands } = scene.stage;
    const backup = cluster.snapshot();
    const before = identities();
    scene.disturb();
    hands.createNamespace('gone-again', OPTED_IN);
    hands.remove(NAMESPACES, { name: 'team-5' });
    hands.label('team-4', 'nsbaseline.io/enabled', undefined);
    hands.declare('standard', { allow: { monitoring: { enabled: false } } });
    scene.stage.expectRemovals(
      hands.all(NAMESPACES).flatMap(({ metadata: { name = '' } }) => standardSet().map((part) => `${name}/${part}`)),
    );
    await scene.pass(20_000);
    expect(scene.stage.problems()).toEqual([]);
    const removed = scene.stage.removals.length;
    expect(removed).toBeGreaterThan(0);
    cluster.restoreSnapshot(backup);
    await scene.pass(MINUTE_MS);
    expect(scene.stage.problems()).toEqual([]);
    // What the backup has stands as it did, though it had been taken away by us since.
    expect(scene.stage.removals.slice(removed)).toEqual([]);
    expect(identities()).toEqual(before);
    await scene.recovered();
  });

  test.each([
    ['a moment before', 0, 0],
    ['where others have written on, past where we were', 300, 0],
    ['where others have written on, and we as well before all of it is read anew', 300, 20_000],
  ])('F12 to %s, while nobody could be reached', async (_where, writes, lateMs) => {
    await scene.settled();
    const { cluster } = scene.stage.scene.server;
    const { actor: hands } = scene.stage;
    const backup = cluster.snapshot();
    scene.disturb();
    hands.createNamespace('gone-again', OPTED_IN);
    await scene.pass(20_000);
    expect(scene.stage.problems()).toEqual([]);
    const accept = scene.proxy.refuse();
    scene.proxy.cut();
    cluster.restoreSnapshot(backup);
    // In this history they happen; in ours they did not.
    hands.remove(NETWORK_POLICIES, { namespace: 'team-4', name: 'standard.default-deny' });
    hands.createNamespace('new', OPTED_IN);
    hands.label('team-5', 'other', 'x');
    for (let index = 0; index < writes; index += 1) {
      hands.label('team-5', 'other', String(index));
    }
    await scene.pass(30_000);
    const late = internalError('etcdserver: request timed out');
    scene.stage.intercept(({ verb, resource }) =>
      lateMs > 0 && verb === 'list' && resource === 'networkpolicies'
        ? { kind: 'respond', status: late.status, body: JSON.stringify(late.body) }
        : undefined,
    );
    accept();
    await scene.pass(lateMs);
    scene.stage.intercept(undefined);
    await scene.recovered({ withinMs: 2 * MINUTE_MS });
  });
});

describe('F13 another under the same name', () => {
  test.each([
    ['while it is watched', false],
    ['while nobody could be reached, and the past is forgotten', true],
  ])(
    'F13 a namespace, a managed policy and a BaselinePolicy are deleted and made again %s: each is the new one',
    async (_when, isUnseen) => {
      await scene.settled();
      const { actor: hands } = scene.stage;
      const { cluster } = scene.stage.scene.server;
      const accept = isUnseen ? scene.proxy.refuse() : () => undefined;
      if (isUnseen) {
        scene.proxy.cut();
      }
      for (const name of ['team-0', 'team-2']) {
        hands.remove(NAMESPACES, { name });
      }
      await scene.pass(1_000);
      hands.createNamespace('team-0', OPTED_IN);
      hands.putForeign('team-0', 'own', 'label');
      hands.createNamespace('team-2');
      hands.remove(NETWORK_POLICIES, { namespace: 'team-1', name: 'standard.default-deny' });
      hands.putForeign('team-1', 'standard.default-deny', 'none');
      const taken = JSON.stringify(
        hands.read(NETWORK_POLICIES, { namespace: 'team-1', name: 'standard.default-deny' }),
      );
      await scene.pass(isUnseen ? 20_000 : 5_000);
      if (isUnseen) {
        cluster.compactHistory();
      }
      // As long as it takes to learn that the new one does not ask for it, team-2 is taken for the old one.
      scene.stage.expectRemovals(standardSet().map((part) => `team-2/${part}`));
      accept();
      // Until the watches are back, and for the grace of the opt-out that they then show.
      await scene.pass(60_000);
      expect(hands.all(NETWORK_POLICIES, 'team-0').map(({ metadata }) => metadata.name)).toEqual([
        'own',
        ...standardSet(),
      ]);
      expect(JSON.stringify(hands.read(NETWORK_POLICIES, { namespace: 'team-1', name: 'standard.default-deny' }))).toBe(
        taken,
      );
      expect(hands.all(NETWORK_POLICIES, 'team-2')).toEqual([]);
      expect(scene.stage.problems()).toEqual([]);
      hands.remove(BASELINE_POLICIES, { name: 'standard' });
      hands.declare('standard', { allow: { monitoring: { enabled: false } } });
      scene.stage.expectRemovals(
        hands.all(NAMESPACES).map(({ metadata }) => `${metadata.name ?? ''}/standard.allow-monitoring`),
      );
      await scene.pass(20_000);
      expect(scene.stage.problems()).toEqual([]);
    },
  );
});

describe('F16 an API server that lags behind what we wrote', () => {
  test('F16 NetworkPolicies are told of late, all else at once: nothing is written twice, and what comes late replaces nothing', async () => {
    await scene.settled();
    const { actor: hands, asked } = scene.stage;
    const { server } = scene.stage.scene;
    const held: string[] = [];
    let isLate = true;
    server.rewriteWatch = (line, { resource }) => {
      if (resource !== NETWORK_POLICIES.plural) {
        return [line];
      }
      held.push(line);
      return isLate ? [] : held.splice(0);
    };
    const created = (): number => asked.of('create', 'networkpolicies');
    const before = created();
    hands.createNamespace('late', OPTED_IN);
    hands.declare('standard', { allow: { sameNamespace: { enabled: true } } });
    for (let round = 0; round < 5; round += 1) {
      await scene.pass(2_000);
      for (const name of ['late', 'team-0']) {
        hands.label(name, 'round', String(round));
      }
    }
    hands.declare('standard', { allow: { sameNamespace: { enabled: true }, internet: { enabled: true } } });
    await scene.pass(10_000);
    expect(scene.stage.problems()).toEqual([]);
    // The whole set for the new namespace, and for each of the others the two parts that were added.
    expect(created() - before).toBe(5 + 6 * 2);
    isLate = false;
    const writes = asked.of('patch', 'networkpolicies') + created();
    hands.annotate(NETWORK_POLICIES, { namespace: 'team-1', name: 'own' }, { annotation: 'note', value: 'x' });
    await scene.pass(10_000);
    expect(held).toEqual([]);
    expect(asked.of('patch', 'networkpolicies') + created()).toBe(writes);
    server.rewriteWatch = undefined;
    hands.annotate(NETWORK_POLICIES, { namespace: 'team-1', name: 'own' }, { annotation: 'note', value: undefined });
    hands.remove(NETWORK_POLICIES, { namespace: 'late', name: 'standard.default-deny' });
    await scene.pass(10_000);
    expect(scene.stage.problems()).toEqual([]);
  });

  test('F16 our own writes are not visible: each is written once, and what the others do then is seen when it catches up', async () => {
    await scene.settled();
    const { cluster } = scene.stage.scene.server;
    scene.stage.onWrite(() => {
      cluster.freezeReads();
    });
    scene.disturb();
    await scene.pass(30_000);
    // Frozen since the first write of ours: what was seen before is done, each part once.
    const created = scene.stage.asked.of('create', 'networkpolicies');
    await scene.pass(2 * MINUTE_MS);
    expect(scene.stage.asked.of('create', 'networkpolicies')).toBe(created);
    scene.disturb();
    cluster.dropWatches();
    await scene.pass(MINUTE_MS);
    expect(scene.stage.removals).toEqual([]);
    cluster.thawReads();
    scene.stage.onWrite(() => {
      cluster.thawReads();
    });
    await scene.pass(MINUTE_MS);
    expect(scene.stage.problems()).toEqual([]);
    for (const object of scene.stage.actor.all(NETWORK_POLICIES, 'late-0')) {
      expect(fieldOf(object.metadata, 'generation')).toBe(1);
    }
  });
});
