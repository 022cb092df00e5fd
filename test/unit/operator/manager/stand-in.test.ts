import { describe, expect, test } from 'vitest';
import { API_VERSION, LABELS } from '../../../../src/api/names.ts';
import { failure, success } from '../../../../src/base/result.ts';
import { exclusionFor } from '../../../../src/domain/selection.ts';
import { ConcurrencyLimiter } from '../../../../src/kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { StandIn } from '../../../../src/operator/manager/stand-in.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { SILENT_LOG, SILENT_METRICS } from '../../../fixtures/silence.ts';
import { emptyCaches } from '../../../support/operators/cached-scene.ts';

const EXCLUSION = exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: [] });
const AFTER_MS = 1_000;

interface Settings {
  readonly isOfLeadersVersion?: boolean;
  /** What the API server has, where it is not what the cache has. */
  readonly actualNamespace?: KubeObject;
  readonly conditions?: readonly object[];
}

function namespaceNamed(
  name: string,
  labels: Readonly<Record<string, string>> = { [LABELS.enabled]: 'true' },
): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `uid-${name}`, resourceVersion: '1', labels } };
}

/** A standby that knows `team-a`, which lacks everything, and the policy `standard`, which the leader has accepted. */
function standby({
  isOfLeadersVersion = true,
  actualNamespace = namespaceNamed('team-a'),
  conditions = [],
}: Settings = {}): {
  readonly standIn: StandIn;
  readonly clock: ManualClock;
  readonly created: string[];
  readonly report: (namespace: string) => void;
} {
  const clock = new ManualClock();
  const created: string[] = [];
  const policy: KubeObject = {
    apiVersion: API_VERSION,
    kind: 'BaselinePolicy',
    metadata: { name: 'standard', uid: 'u', resourceVersion: '1', generation: 1 },
    spec: {},
    status: {
      observedGeneration: 1,
      mode: 'Enforce',
      conditions,
      namespaces: { matched: 0, protected: 0, pending: 0, failed: 0, conflicted: 0, weakened: 0 },
      failed: [],
      discovered: {},
    },
  };
  const caches = emptyCaches();
  caches.namespaces.upsert(namespaceNamed('team-a'));
  caches.baselinePolicies.upsert(policy);
  const refused = failure({ kind: 'forbidden' as const, message: 'a standby only creates' });
  const kube: KubeClient = {
    list: () => Promise.resolve(success({ items: [], resourceVersion: '1' })),
    watch: () => Promise.resolve(success(undefined)),
    read: () => Promise.resolve(success({})),
    get: ({ type }) => Promise.resolve(success(type.kind === 'Namespace' ? actualNamespace : policy)),
    create: (_type, object) => {
      created.push(object.metadata.name ?? '');
      return Promise.resolve(
        success({
          ...object,
          metadata: { ...object.metadata, uid: `uid-${String(created.length)}`, resourceVersion: '2' },
        }),
      );
    },
    apply: () => Promise.resolve(refused),
    replace: () => Promise.resolve(refused),
    remove: () => Promise.resolve(refused),
  };
  const standIn = new StandIn({
    kube,
    caches,
    clock,
    flow: new ConcurrencyLimiter({ clock }),
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    exclusion: EXCLUSION,
    discovery: { discovered: KNOWN_DNS, dns: 'current' },
    standInAfterMs: AFTER_MS,
    isOfLeadersVersion: () => isOfLeadersVersion,
    requestTimeoutMs: 10_000,
  });
  standIn.start();
  let version = 10;
  const report = (namespace: string): void => {
    version += 1;
    caches.reports.upsert({
      apiVersion: API_VERSION,
      kind: 'NamespaceBaseline',
      metadata: { name: 'baseline', namespace, uid: `record-${namespace}`, resourceVersion: String(version) },
    });
    standIn.reportChanged(namespace);
  };
  return { standIn, clock, created, report };
}

describe('a standby stands in for a silent leader', () => {
  test('R3 R15 a standby creates missing NetworkPolicies after the set time, allow-dns first', async () => {
    const { clock, created } = standby();
    await clock.advance(AFTER_MS - 1);
    expect(created).toEqual([]);
    await clock.advance(1);
    expect(created).toEqual(['standard.allow-dns', 'standard.default-deny', 'standard.allow-monitoring']);
  });

  test('R15 it waits for as long as the leader shows that it works, however long that is', async () => {
    const { clock, created, report } = standby();
    for (let signs = 0; signs < 40; signs += 1) {
      await clock.advance(AFTER_MS * 0.9);
      report('team-b');
    }
    expect(created).toEqual([]);
    await clock.advance(AFTER_MS);
    expect(created).toHaveLength(3);
  });

  test('R15 a tenant’s write is no sign of the leader', async () => {
    const { standIn, clock, created } = standby();
    for (let events = 0; events < 4; events += 1) {
      await clock.advance(AFTER_MS / 2);
      standIn.networkPolicyChanged('team-b');
    }
    expect(created).toHaveLength(3);
  });

  test('R15 a report that goes with its namespace is no sign of the leader', async () => {
    const { standIn, clock, created } = standby();
    for (let gone = 0; gone < 4; gone += 1) {
      await clock.advance(AFTER_MS / 2);
      standIn.reportChanged(`team-${gone}`);
    }
    expect(created).toHaveLength(3);
  });

  test('R15 F35 of another version than the leader it does nothing', async () => {
    const { clock, created } = standby({ isOfLeadersVersion: false });
    await clock.advance(60_000);
    expect(created).toEqual([]);
  });

  test.each([
    ['has lost its label since', namespaceNamed('team-a', {})],
    ['is going', { ...namespaceNamed('team-a'), status: { phase: 'Terminating' } }],
  ])('R4 R15 it asks first, and leaves alone a namespace that %s', async (_what, actualNamespace) => {
    const { clock, created } = standby({ actualNamespace });
    await clock.advance(60_000);
    expect(created).toEqual([]);
  });

  test.each(['IsolationHeld', 'RemovalHeld'])(
    'R9 R15 it does nothing for a policy of which something is held (%s)',
    async (type) => {
      const { clock, created } = standby({
        conditions: [
          { type, status: 'True', reason: type, message: 'held', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      });
      await clock.advance(60_000);
      expect(created).toEqual([]);
    },
  );

  test('R15 once it leads, or ends, it stands in no more', async () => {
    const { standIn, clock, created } = standby();
    standIn.stop();
    standIn.namespaceChanged('team-a');
    await clock.advance(60_000);
    expect(created).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('R12 R15 where it could do nothing it looks again, but not in a hurry', async () => {
    const { clock, created } = standby({ actualNamespace: namespaceNamed('team-a', {}) });
    await clock.advance(AFTER_MS);
    await clock.advance(60_000);
    expect(clock.pending).toBe(1);
    expect(created).toEqual([]);
  });
});
