import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, API_VERSION } from '../../../../src/api/names.ts';
import { confirmationFor } from '../../../../src/domain/planning/guard.ts';
import { EventHandlers } from '../../../../src/operator/enqueue/event-handlers.ts';
import { PolicyProgressTracker } from '../../../../src/operator/progress/policy-progress.ts';
import { TimeToProtect } from '../../../../src/operator/progress/time-to-protect.ts';
import { WorkQueue } from '../../../../src/operator/queue/work-queue.ts';
import { ChangeGuard } from '../../../../src/operator/state/change-guard.ts';
import { CompiledPolicies } from '../../../../src/operator/state/compiled-policies.ts';
import { PeerNamespaces } from '../../../../src/operator/state/peer-namespaces.ts';
import type { Caches } from '../../../../src/operator/watch/caches.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES } from '../../../../src/operator/watch/resources.ts';
import { StatusWriter } from '../../../../src/operator/write/status-writer.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';
import { SILENT_LOG } from '../../../fixtures/silence.ts';
import { eventually, OPTED_IN } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();

interface Stage {
  readonly handlers: EventHandlers;
  readonly caches: Caches;
  /** The keys that were worked on, with their priority, in order; each once. */
  readonly worked: string[];
  readonly deletions: string[];
  /** Every namespace that the guard was asked about, before the first was worked on. */
  readonly assessed: string[];
  readonly progress: PolicyProgressTracker;
  /** Starts the writer of statuses, and resolves after what it has to write by then. */
  readonly statuses: () => Promise<void>;
  /** Each confirmed change: its policy, its kind and its namespaces. */
  readonly approved: string[];
}

/** Handlers over the caches of the scene after a sync; nothing has begun. */
async function stage(): Promise<Stage> {
  await scene.sync();
  const { caches, kube } = scene;
  const clock = new ManualClock();
  const random = (): number => 0;
  const book = new CompiledPolicies({ discovered: KNOWN_DNS, dns: 'current' });
  const progress = new PolicyProgressTracker();
  const limit = { count: 5, percent: 10 };
  const guard = new ChangeGuard({ caches, clock, limits: { removal: limit, isolation: limit } });
  const worked: string[] = [];
  const deletions: string[] = [];
  const assessed: string[] = [];
  const approved: string[] = [];
  const work = (key: string, { priority }: { readonly priority: string }): Promise<{ readonly kind: 'forget' }> => {
    worked.push(`${key} ${priority}`);
    return Promise.resolve({ kind: 'forget' });
  };
  const onError = ({ cause }: { readonly cause: unknown }): never => {
    throw cause;
  };
  const queue = new WorkQueue({ clock, random, workers: 1, work, onError });
  const finalizers = new WorkQueue({
    clock,
    random,
    workers: 1,
    work: (policy) => {
      deletions.push(policy);
      return Promise.resolve({ kind: 'forget' });
    },
    onError,
  });
  const peerNamespaces = new PeerNamespaces(caches.namespaces);
  const statusWriter = new StatusWriter({
    kube,
    clock,
    random,
    ...caches,
    compiledPolicies: book,
    progress,
    guard,
    peerNamespaces,
    nowTime: () => '2026-01-01T00:00:00Z',
    isPaused: () => false,
    kindProblem: () => undefined,
    onBug: () => undefined,
    onUnwritten: () => undefined,
    onHeld: () => undefined,
  });
  const handlers = new EventHandlers({
    caches,
    compiled: book,
    progress,
    namespaces: queue,
    deletions: finalizers,
    guard,
    peerNamespaces,
    snapshotOf: (namespace) => {
      assessed.push(namespace);
      return undefined;
    },
    statusWriter,
    timeToProtect: new TimeToProtect(clock),
    onApproved: ({ name }, { hold, namespaces }) => {
      approved.push(`${name} ${hold} ${namespaces.join(' ')}`);
    },
    log: SILENT_LOG,
  });
  for (const { name } of caches.baselinePolicies.values()) {
    handlers.baselinePolicyChanged(name);
  }
  let isWriting = false;
  const statuses = async (): Promise<void> => {
    if (!isWriting) {
      statusWriter.start();
      isWriting = true;
    }
    await clock.advance(2_000);
    await settled();
  };
  return { handlers, caches, worked, deletions, assessed, progress, approved, statuses };
}

const sorted = (names: readonly string[]): readonly string[] => [...names].sort();

describe('events and what they enqueue', () => {
  test('R10 nothing is worked on before the start, and every namespace after it, unprotected ones first', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    await scene.people.namespace('team-b');
    const { handlers, worked, assessed, progress, deletions } = await stage();
    handlers.namespaceChanged('team-a');
    expect(worked).toEqual([]);
    handlers.start();
    await settled();
    expect(worked[0]).toBe('team-a fresh');
    expect(worked).toContain('team-b resync');
    expect(assessed).toContain('team-b');
    expect(deletions).toEqual(['standard']);
    expect(progress.namespaceStates('standard', 0)).toMatchObject({ unattemptedCount: 1 });
  });

  test('R6 a NetworkPolicy that was changed is checked at once, but not in a terminating namespace', async () => {
    await scene.people.namespace('team-a');
    const { handlers, worked } = await stage();
    handlers.start();
    await settled();
    worked.length = 0;
    handlers.networkPolicyChanged('team-a');
    await settled();
    expect(worked).toEqual(['team-a fresh']);
  });

  test('R9 a changed policy has every namespace assessed before the first is worked on', async () => {
    await scene.people.namespace('team-a', OPTED_IN);
    await scene.people.namespace('team-b', OPTED_IN);
    const { handlers, worked, assessed } = await stage();
    handlers.start();
    await settled();
    worked.length = 0;
    assessed.length = 0;
    await scene.people.baselinePolicy('standard', {});
    await scene.sync();
    handlers.baselinePolicyChanged('standard');
    expect(sorted(assessed)).toEqual(['team-a', 'team-b']);
    await settled();
    expect(sorted(worked)).toEqual(['team-a resync', 'team-b resync']);
  });

  test('R14 a new result of discovery concerns the policies that render another set for it', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    const { handlers, worked } = await stage();
    handlers.start();
    await settled();
    worked.length = 0;
    const dns = { source: 'x', egress: [{ to: [{ ipBlock: { cidr: '10.0.0.10/32' } }] }] };
    handlers.discoveryChanged({ discovered: { dns }, dns: 'current' });
    await settled();
    handlers.discoveryChanged({ discovered: { dns }, dns: 'current' });
    await settled();
    expect(worked).toEqual(['team-a resync']);
  });

  test('R14 what waits for a DNS is assessed, and worked on before all resyncs, once it is believed', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.baselinePolicy('without', { allow: { dns: { enabled: false } } });
    await scene.people.namespace('team-a', OPTED_IN);
    const { handlers, worked, assessed } = await stage();
    handlers.discoveryChanged({ discovered: {}, dns: 'notFound' });
    handlers.start();
    await settled();
    worked.length = 0;
    assessed.length = 0;
    handlers.discoveryChanged({ discovered: KNOWN_DNS, dns: 'current' });
    expect(assessed).toEqual(['team-a']);
    await settled();
    expect(worked).toEqual(['team-a fresh']);
  });

  test('R9 a confirmation is reported once, and its namespaces are worked on', async () => {
    await scene.people.namespace('team-a');
    const { handlers, worked, approved } = await stage();
    handlers.start();
    await settled();
    worked.length = 0;
    const { metadata } = await scene.people.baselinePolicy('everything', { namespaceSelector: {} });
    await scene.sync();
    handlers.baselinePolicyChanged('everything');
    const confirmation = confirmationFor({
      uid: metadata.uid ?? '',
      generation: 1,
      namespaces: ['default', 'team-a'],
    });
    await scene.admin.apply(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'everything', annotations: { [ANNOTATIONS.confirmIsolation]: confirmation } },
    });
    await scene.sync();
    handlers.baselinePolicyChanged('everything');
    handlers.baselinePolicyChanged('everything');
    expect(approved).toEqual(['everything IsolationHeld default team-a']);
  });

  test('F12 a NamespaceBaseline without a namespace is worked on after the start', async () => {
    await scene.people.namespace('team-a');
    await scene.admin.create(NAMESPACE_BASELINES, {
      apiVersion: API_VERSION,
      kind: 'NamespaceBaseline',
      metadata: { namespace: 'team-a', name: 'baseline' },
      status: { phase: 'Protected', policies: [], conditions: [] },
    });
    const { handlers, caches, worked } = await stage();
    const uid = caches.namespaces.get({ namespace: '', name: 'team-a' })?.uid ?? '';
    caches.namespaces.assumeDeleted({ namespace: '', name: 'team-a', uid });
    handlers.start();
    await settled();
    expect(worked).toContain('team-a resync');
  });

  test('a namespace that makes a declared peer found has the statuses made again', async () => {
    await scene.people.baselinePolicy('standard', {});
    const { handlers, statuses } = await stage();
    handlers.start();
    await statuses();
    await eventually(() => scene.people.condition('standard', 'PeersNotFound')).toBe('True PeersNotFound');
    await scene.people.namespace('monitoring');
    await scene.sync();
    handlers.namespaceChanged('monitoring');
    await statuses();
    await eventually(() => scene.people.condition('standard', 'PeersNotFound')).toBe('');
  });
});
