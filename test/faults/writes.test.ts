import { beforeEach, describe, expect, test } from 'vitest';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import type { KubeClient, WatchEvent } from '../../src/kube/client/kube-client.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import { type ApiFailure, alreadyExists, conflict, forbidden, internalError } from '../support/fake-api/api-status.ts';
import type { InterceptedRequest, Intervention } from '../support/fake-api/fake-api-server.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
/** Within this, in milliseconds, whatever waits with a growing pause has been tried again. */
const COMEBACK_MS = 70_000;
const FIVE_MINUTES_MS = 300_000;
const WRITES = ['create', 'update', 'patch', 'delete'];

beforeEach(async () => {
  await stage.scene.people.baselinePolicy('standard', { removal: { grace: '0s' } });
});

const isWrite = ({ verb, resource, userAgent }: InterceptedRequest): boolean =>
  WRITES.includes(verb) && resource !== 'selfsubjectaccessreviews' && userAgent.startsWith('nsbaseline/');

function answering({ status, body }: ApiFailure): Intervention {
  return { kind: 'respond', status, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

describe('F17 409 on create and update', () => {
  test.each([
    ['Conflict', conflict(NETWORK_POLICIES, 'x', 'the object has been modified')],
    ['AlreadyExists, though there is nothing', alreadyExists(NETWORK_POLICIES, 'x')],
  ])(
    'F17 every write answered with %s for five minutes is no hot loop, and then all is as declared',
    async (_what, answer) => {
      const clock = new ManualClock();
      await stage.start({ clock });
      stage.intercept((request) => (isWrite(request) ? answering(answer) : undefined));
      for (const name of ['team-a', 'team-b']) {
        await stage.scene.people.namespace(name, OPTED_IN);
      }
      await stage.pass(clock, FIVE_MINUTES_MS);
      // Growing pauses: up to a minute for each namespace, up to half a minute for the status.
      expect(stage.requests()).toBeLessThan(220);
      stage.intercept(undefined);
      await stage.settle(clock, COMEBACK_MS);
    },
  );
});

/** Lets no event of a Namespace through while it is shut, so that the operator does not know that one is going. */
function lateNamespaces(): { isShut: boolean; readonly around: (kube: KubeClient) => KubeClient } {
  const lag = {
    isShut: false,
    around: (kube: KubeClient): KubeClient => ({
      ...kube,
      watch: (request, onEvent) => {
        const pass = (event: WatchEvent): void => {
          if (!lag.isShut) {
            onEvent(event);
          }
        };
        return kube.watch(request, request.type.plural === NAMESPACES.plural ? pass : onEvent);
      },
    }),
  };
  return lag;
}

describe('F18 a namespace that goes', () => {
  test.each([
    ['is Terminating (403)', true],
    ['is gone (404)', false],
  ])(
    'F18 writes into a namespace that %s unseen are dropped at the first refusal, and one that comes anew is protected',
    async (_how, isHeld) => {
      const clock = new ManualClock();
      const lag = lateNamespaces();
      await stage.start({ clock, around: lag.around });
      await stage.scene.people.namespace('team-a', OPTED_IN);
      await stage.settle(clock, 60_000);
      lag.isShut = true;
      stage.scene.server.cluster.namespaces.isPaused = isHeld;
      await stage.scene.admin.remove({ type: NAMESPACES, name: 'team-a' });
      // A namespace controller takes them one by one; whoever does not know puts them back.
      if (isHeld) {
        for (const name of standardSet()) {
          await stage.scene.people.removeNetworkPolicy('team-a', name);
        }
      }
      const before = stage.asked.of('create', 'networkpolicies');
      await stage.pass(clock, 60_000);
      expect(stage.asked.of('create', 'networkpolicies') - before).toBeGreaterThan(0);
      expect(stage.asked.of('create', 'networkpolicies') - before).toBeLessThan(8);
      expect(await stage.scene.people.networkPolicyNames('team-a')).toEqual([]);
      lag.isShut = false;
      stage.scene.server.cluster.namespaces.resume();
      stage.scene.server.cluster.dropWatches();
      await stage.pass(clock, COMEBACK_MS);
      await stage.scene.people.namespace('team-a', OPTED_IN);
      await stage.settle(clock, COMEBACK_MS);
    },
  );
});

describe('F19 a write that happens and is not answered', () => {
  const losing = (
    count: number,
    {
      verb,
      resource,
      kind = 'silence',
    }: { readonly verb: string; readonly resource: string; readonly kind?: 'silence' | 'reset' },
  ): (() => number) => {
    let left = count;
    stage.intercept((request) => {
      if (left === 0 || request.verb !== verb || request.resource !== resource || !isWrite(request)) {
        return undefined;
      }
      left -= 1;
      return { kind, when: 'after' };
    });
    return () => left;
  };

  test.each(['silence', 'reset'] as const)(
    'F19 creates that happen before a %s are found, not made again',
    async (kind) => {
      await stage.start({ requestTimeoutMs: 100 });
      const left = losing(3, { verb: 'create', resource: 'networkpolicies', kind });
      await stage.scene.people.namespace('team-a', OPTED_IN);
      await eventually(() => stage.problems()).toEqual([]);
      expect(left()).toBe(0);
      const versions = await Promise.all(standardSet().map((name) => stage.scene.people.networkPolicy('team-a', name)));
      // Nothing was written over what had been stored already.
      expect(versions.map((object) => object?.metadata.generation)).toEqual([1, 1, 1]);
      expect(stage.asked.of('create', 'networkpolicies')).toBeLessThan(10);
    },
  );

  test('F19 repairs, reports and statuses that happen unanswered come to rest as declared', async () => {
    await stage.start({ requestTimeoutMs: 100 });
    await stage.scene.protectedNamespace('team-a');
    stage.expectRemovals(['team-a/standard.allow-same-namespace']);
    for (const resource of ['networkpolicies', 'namespacebaselines', 'baselinepolicies']) {
      const left = losing(1, { verb: 'patch', resource });
      await stage.scene.people.editNetworkPolicy('team-a', 'standard.default-deny', (object) => ({
        ...object,
        spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
      }));
      await stage.scene.people.baselinePolicy('standard', {
        allow: { sameNamespace: { enabled: resource === 'namespacebaselines' } },
      });
      await eventually(left).toBe(0);
      await eventually(() => stage.problems()).toEqual([]);
    }
    expect(stage.requests()).toBeLessThan(150);
  });

  test('F19 removals that happen unanswered end the opt-out, once each', async () => {
    await stage.start({ requestTimeoutMs: 100 });
    await stage.scene.protectedNamespace('team-a');
    stage.expectRemovals(standardSet().map((name) => `team-a/${name}`));
    const left = losing(3, { verb: 'delete', resource: 'networkpolicies' });
    await stage.scene.people.label('team-a', { 'nsbaseline.io/enabled': null });
    await eventually(() => stage.scene.people.report('team-a')).toBeUndefined();
    expect(left()).toBe(0);
    expect(await stage.scene.people.networkPolicyNames('team-a')).toEqual([]);
    expect(stage.asked.of('delete', 'networkpolicies')).toBeLessThan(12);
  });
});

describe('F20 a quota or a foreign webhook that denies', () => {
  const teams = Array.from({ length: 30 }, (_, index) => `team-${index}`);
  const isIn = (request: InterceptedRequest, namespace: string): boolean =>
    isWrite(request) && request.resource === 'networkpolicies' && request.path.includes(`/namespaces/${namespace}/`);

  test.each([
    [
      'a quota (403)',
      forbidden(NETWORK_POLICIES, 'x', 'exceeded quota: none, requested: count/networkpolicies=1, used: 0, limited: 0'),
    ],
    [
      'a webhook that is down (500)',
      internalError('failed calling webhook "guard.example.com": no endpoints available'),
    ],
  ])(
    'F20 %s in some namespaces: each is tried ever less often, the others are protected meanwhile, and it comes right by itself',
    async (_what, answer) => {
      const clock = new ManualClock();
      await stage.start({ clock });
      const denied = ['team-0', 'team-7', 'team-8'];
      stage.intercept((request) =>
        denied.some((namespace) => isIn(request, namespace)) ? answering(answer) : undefined,
      );
      for (const name of teams) {
        await stage.scene.people.namespace(name, OPTED_IN);
      }
      await stage.pass(clock, 3_000, 100);
      for (const name of teams) {
        expect(await stage.scene.people.networkPolicyNames(name)).toEqual(denied.includes(name) ? [] : standardSet());
      }
      const before = stage.requests();
      await stage.pass(clock, FIVE_MINUTES_MS);
      expect(stage.requests() - before).toBeLessThan(120);
      stage.intercept(undefined);
      await stage.settle(clock, 310_000);
    },
  );

  test('F20 a webhook that never answers in one namespace is no line to stand in for the others', async () => {
    await stage.start({ requestTimeoutMs: 2_000, parts: { workers: 4 } });
    stage.intercept((request) => (isIn(request, 'team-0') ? { kind: 'silence', when: 'before' } : undefined));
    for (const name of teams) {
      await stage.scene.people.namespace(name, OPTED_IN);
    }
    for (const name of teams.slice(1)) {
      await eventually(() => stage.scene.phaseOf(name)).toBe('Protected');
    }
    expect(itemsOf(fieldOf(await stage.scene.people.report('team-0'), 'policies'))).toEqual([]);
    stage.intercept(undefined);
    await expect.poll(() => stage.problems(), { timeout: EVENTUALLY_MS, interval: 50 }).toEqual([]);
  });
});
