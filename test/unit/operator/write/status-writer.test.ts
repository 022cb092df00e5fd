import { describe, expect, test, vi } from 'vitest';
import type { BaselinePolicyStatus, Discovered } from '../../../../src/api/baseline-policy.ts';
import { failure, success } from '../../../../src/base/result.ts';
import type { KubeClient } from '../../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../../src/kube/client/kube-error.ts';
import { PolicyProgressTracker, type ReportedEntry } from '../../../../src/operator/progress/policy-progress.ts';
import { ChangeGuard } from '../../../../src/operator/state/change-guard.ts';
import { CompiledPolicies } from '../../../../src/operator/state/compiled-policies.ts';
import { StatusWriter, type UnwrittenStatus } from '../../../../src/operator/write/status-writer.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { emptyCaches } from '../../../support/operators/cached-scene.ts';

type Refusal = Extract<KubeError, { readonly kind: 'conflict' | 'invalid' }>;
const CONFLICT: Refusal = { kind: 'conflict', message: 'x' };

/** A writer over one policy `standard`, whose API server keeps what is applied. */
function stage(stored?: BaselinePolicyStatus): {
  readonly writer: StatusWriter;
  readonly progress: PolicyProgressTracker;
  readonly clock: ManualClock;
  readonly written: BaselinePolicyStatus[];
  readonly bugs: unknown[];
  readonly attempts: () => number;
  readonly refuse: (refusal: Refusal | undefined) => void;
  readonly unwritten: UnwrittenStatus[];
  readonly discover: (discovered: Discovered) => void;
} {
  const clock = new ManualClock();
  const written: BaselinePolicyStatus[] = [];
  const bugs: unknown[] = [];
  const caches = emptyCaches();
  const policies = caches.baselinePolicies;
  const metadata = { name: 'standard', uid: 'u', generation: 1 };
  policies.upsert({
    metadata: { ...metadata, resourceVersion: '1' },
    spec: {},
    ...(stored === undefined ? {} : { status: stored }),
  });
  const book = new CompiledPolicies({ discovered: KNOWN_DNS, dns: 'current' });
  for (const cached of policies.values()) {
    book.upsert(cached);
  }
  const progress = new PolicyProgressTracker();
  let attempts = 0;
  let refusal: Refusal | undefined;
  const unwritten: UnwrittenStatus[] = [];
  const kube: Pick<KubeClient, 'apply'> = {
    apply: (_type, object) => {
      attempts += 1;
      if (refusal !== undefined) {
        return Promise.resolve(failure(refusal));
      }
      written.push(object.status as BaselinePolicyStatus);
      return Promise.resolve(
        success({ ...object, metadata: { ...metadata, resourceVersion: String(written.length + 1) }, spec: {} }),
      );
    },
  };
  const guard = new ChangeGuard({
    caches,
    clock,
    limits: { removal: { count: 5, percent: 10 }, isolation: { count: 20, percent: 10 } },
  });
  const writer = new StatusWriter({
    kube: kube as KubeClient,
    clock,
    random: () => 1,
    baselinePolicies: policies,
    networkPolicies: caches.networkPolicies,
    compiledPolicies: book,
    progress: progress,
    guard,
    peerNamespaces: { has: () => true },
    nowTime: () => '2026-01-01T00:00:00Z',
    isPaused: () => false,
    kindProblem: () => undefined,
    onHeld: () => undefined,
    onBug: (_policy, cause) => void bugs.push(cause),
    onUnwritten: (_policy, cause) => void unwritten.push(cause),
  });
  const refuse = (refused: Refusal | undefined): void => {
    refusal = refused;
  };
  const discover = (discovered: Discovered): void => {
    book.setDiscovery({ discovered, dns: 'current' });
    writer.touch('standard');
  };
  return { writer, progress, clock, written, bugs, attempts: () => attempts, refuse, unwritten, discover };
}

function inPlace(): ReportedEntry {
  return {
    policy: 'standard',
    generation: 1,
    mode: 'Enforce',
    phase: 'Protected',
    inPlace: true,
    managed: [],
    reason: 'Protected',
    isWeakened: false,
  };
}

const seen = (entries: readonly ReportedEntry[]): Parameters<PolicyProgressTracker['noteReport']>[1] => ({
  entries,
  policies: [{ name: 'standard', uid: 'u', generation: 1 }],
});

const names = ['a', 'b', 'c', 'd'];

describe('R16 when a status is written', () => {
  test('R16 a long rollout tells of its progress, once a second', async () => {
    const { writer, progress, clock, written } = stage();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, names);
    writer.start();
    await clock.advance(0);
    for (const name of names) {
      progress.noteReport(name, seen([inPlace()]), clock.nowMs());
      writer.touch('standard');
      await clock.advance(500);
    }
    await clock.advance(1000);
    expect(written.map(({ namespaces }) => namespaces.protected)).toEqual([0, 2, 4]);
    expect(written.at(-1)?.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  test('R10 R16 a restart over a settled policy writes nothing while it looks through the namespaces, nor afterwards', async () => {
    const first = stage();
    first.progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, names);
    for (const name of names) {
      first.progress.noteReport(name, seen([inPlace()]), 0);
    }
    first.writer.start();
    await first.clock.advance(0);
    const { writer, progress, clock, written } = stage(first.written[0]);
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, names);
    writer.start();
    for (const name of names) {
      await clock.advance(1000);
      progress.noteReport(name, seen([inPlace()]), clock.nowMs());
      writer.touch('standard');
    }
    await clock.advance(5000);
    expect(written).toEqual([]);
  });

  test('R16 what happens while a namespace is Pending is told of within a second, not a minute later', async () => {
    const { writer, progress, clock, written } = stage();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, []);
    progress.noteReport(
      'a',
      seen([{ ...inPlace(), phase: 'Pending', reason: 'Retrying', message: 'x', inPlace: false }]),
      0,
    );
    writer.start();
    await clock.advance(2000);
    progress.noteReport('a', seen([inPlace()]), clock.nowMs());
    writer.touch('standard');
    await clock.advance(1000);
    expect(written.at(-1)?.namespaces).toMatchObject({ protected: 1, pending: 0 });
  });

  test('F17 a status that cannot be written is tried ever less often, and at once when something happens', async () => {
    const { writer, progress, clock, attempts, refuse } = stage();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, []);
    refuse(CONFLICT);
    writer.start();
    await clock.advance(600_000);
    expect(attempts()).toBeGreaterThan(15);
    expect(attempts()).toBeLessThan(30);
    refuse(undefined);
    const before = attempts();
    writer.touch('standard');
    await clock.advance(1000);
    expect(attempts()).toBe(before + 1);
  });

  test('F38 a status that cannot be made harms nothing else, is told of and is tried again', async () => {
    const { writer, progress, clock, written, bugs } = stage();
    const bug = new Error('bug');
    const namespaceStates = vi.spyOn(progress, 'namespaceStates').mockImplementation(() => {
      throw bug;
    });
    writer.start();
    await clock.advance(0);
    expect(bugs).toEqual([bug]);
    namespaceStates.mockRestore();
    await clock.advance(60_000);
    expect(written).toHaveLength(1);
  });

  test('the conditions of the metrics are the last computed ones, even if the status cannot be written', async () => {
    const { writer, progress, clock, refuse } = stage();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, ['a']);
    refuse(CONFLICT);
    writer.start();
    expect(writer.trueConditionsOf('standard')).toEqual([]);
    await clock.advance(1000);
    expect(writer.trueConditionsOf('standard')).toContain('Reconciling');
    progress.noteReport('a', seen([inPlace()]), clock.nowMs());
    writer.touch('standard');
    await clock.advance(5000);
    expect(writer.trueConditionsOf('standard')).toEqual(['Ready', 'AllProtected']);
  });

  test('R16 a namespace that stays Pending is told of a minute later, without any further event', async () => {
    const { writer, progress, clock, written } = stage();
    progress.expectAttempts({ name: 'standard', uid: 'u', generation: 1 }, []);
    progress.noteReport(
      'a',
      seen([{ ...inPlace(), phase: 'Pending', reason: 'Retrying', message: 'x', inPlace: false }]),
      0,
    );
    writer.start();
    await clock.advance(59_000);
    expect(written.at(-1)?.conditions[1]).toMatchObject({ type: 'AllProtected', status: 'True' });
    await clock.advance(2000);
    expect(written.at(-1)?.conditions[1]).toMatchObject({ type: 'AllProtected', status: 'False' });
  });
});

describe('F63 a status that cannot be stored as it is', () => {
  const invalid = (message: string): Refusal => ({ kind: 'invalid', status: 422, causes: [], message });

  test('R16 F63 is told once for each cause, however often it is tried, and again when it comes back', async () => {
    const { writer, clock, written, refuse, unwritten, discover } = stage();
    refuse(invalid('too long'));
    writer.start();
    await clock.advance(60_000);
    expect(unwritten).toEqual([{ kind: 'refused', message: 'too long' }]);
    refuse(invalid('too short'));
    await clock.advance(120_000);
    refuse(undefined);
    await clock.advance(120_000);
    expect(written).toHaveLength(1);
    refuse(invalid('too short'));
    discover({ apiServer: { endpoints: [{ address: '10.0.0.1', port: 443 }] } });
    await clock.advance(60_000);
    expect(unwritten.map((cause) => cause.kind === 'refused' && cause.message)).toEqual([
      'too long',
      'too short',
      'too short',
    ]);
  });

  test('R16 F63 a write that came too late is no refusal', async () => {
    const { writer, clock, refuse, unwritten } = stage();
    refuse(CONFLICT);
    writer.start();
    await clock.advance(60_000);
    expect(unwritten).toEqual([]);
  });

  test('R14 R16 F63 is written without the one odd value, which keeps its last good form, and says so once', async () => {
    const { writer, clock, written, unwritten, discover } = stage();
    const good = { apiServer: { endpoints: [{ address: '10.0.0.1', port: 443 }] } };
    writer.start();
    discover(good);
    await clock.advance(5_000);
    const odd = {
      apiServer: { endpoints: [{ address: 'a'.repeat(64), port: 443 }] },
      dns: { source: 'x', egress: [] },
    };
    discover(odd);
    await clock.advance(5_000);
    expect(written.at(-1)?.discovered).toEqual({ ...good, dns: odd.dns });
    writer.touch('standard');
    await clock.advance(5_000);
    expect(unwritten).toEqual([{ kind: 'leftOut', fields: ['discovered.apiServer'] }]);
  });
});
