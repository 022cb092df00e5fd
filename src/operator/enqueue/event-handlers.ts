import { CONDITIONS } from '../../api/names.ts';
import type { BaselinePolicyFacts, World } from '../../domain/world.ts';
import type { Log } from '../../telemetry/log.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import { auditLines } from '../progress/policy-audit.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { TimeToProtect } from '../progress/time-to-protect.ts';
import type { WorkQueue } from '../queue/work-queue.ts';
import type { ChangeGuard, HeldChange } from '../state/change-guard.ts';
import type { CompiledPolicies } from '../state/compiled-policies.ts';
import type { PeerNamespaces } from '../state/peer-namespaces.ts';
import type { Caches } from '../watch/caches.ts';
import type { WatchEventHandlers } from '../watch/watches.ts';
import { type StatusWriter, statusOf } from '../write/status-writer.ts';
import { affectedNamespaces, isUnprotected, selectedNamespaces } from './enqueue-mapping.ts';

interface Dependencies {
  readonly caches: Caches;
  readonly compiled: CompiledPolicies;
  readonly progress: PolicyProgressTracker;
  /** Namespaces by name. */
  readonly namespaces: WorkQueue;
  /** Policies by name, for their finalizers. */
  readonly deletions: WorkQueue;
  readonly guard: ChangeGuard;
  readonly peerNamespaces: Pick<PeerNamespaces, 'namespaceChanged'>;
  /** What the caches have of a namespace now; undefined when it does not exist. */
  readonly snapshotOf: (namespace: string) => World | undefined;
  readonly statusWriter: StatusWriter;
  readonly timeToProtect: TimeToProtect;
  /** Called once for each held change that was confirmed. */
  readonly onApproved: (policy: BaselinePolicyFacts, approved: HeldChange) => void;
  readonly log: Log;
}

/** Receives every event: of the watches, and of discovery. */
export interface ClusterEventHandlers extends WatchEventHandlers {
  discoveryChanged(state: DiscoveryState): void;
}

/**
 * The leader's event handlers: they add the keys of the affected namespaces and policies to the queues. An event only
 * names a key; the reconcile decides from the caches. Before {@link EventHandlers.start} nothing is queued, since the
 * first pass covers every namespace. A change that could unprotect many namespaces is assessed in all of them before the
 * first is queued (R9, removal limit).
 */
export class EventHandlers implements ClusterEventHandlers {
  readonly #dependencies: Dependencies;
  #isStarted = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts with a pass over all namespaces (R10, restart). The caches must be filled. */
  start(): void {
    const { caches, namespaces, deletions, progress, compiled } = this.#dependencies;
    for (const cached of caches.baselinePolicies.values()) {
      compiled.upsert(cached);
      this.#warnOfProblems(cached.name, undefined);
    }
    this.#isStarted = true;
    for (const policy of compiled.facts) {
      // Also namespaces that it no longer selects: its status counts them, and must not be written before they were reconciled.
      const affected = [
        ...affectedNamespaces({ name: policy.name, before: undefined, after: policy }, caches, progress),
      ];
      progress.expectAttempts(
        policy,
        affected.filter((name) => caches.namespaces.get({ namespace: '', name }) !== undefined),
      );
      this.#review(policy.name, undefined);
      deletions.add(policy.name, 'resync');
    }
    const names = [...caches.namespaces.values()].map(({ name }) => name);
    for (const name of names) {
      this.#assess(name);
    }
    for (const policy of compiled.facts) {
      this.#confirm(policy.name);
    }
    for (const name of names) {
      this.#queue(name);
    }
    for (const { namespace } of caches.reports.values()) {
      if (caches.namespaces.get({ namespace: '', name: namespace }) === undefined) {
        namespaces.add(namespace, 'resync');
      }
    }
    deletions.start();
    namespaces.start();
  }

  /** A Namespace was created, changed or deleted. */
  namespaceChanged(name: string): void {
    if (!this.#isStarted) {
      return;
    }
    this.#assess(name);
    this.#queue(name, { isNew: true });
    const { compiled, peerNamespaces, statusWriter } = this.#dependencies;
    if (peerNamespaces.namespaceChanged(name)) {
      for (const policy of compiled.facts) {
        statusWriter.touch(policy.name);
      }
    }
  }

  /** Another client changed a NamespaceBaseline: its namespace is reconciled at once. */
  reportChanged(namespace: string): void {
    this.networkPolicyChanged(namespace);
  }

  /** Another client changed a NetworkPolicy: its namespace is reconciled at once (R6, repair). */
  networkPolicyChanged(namespace: string): void {
    if (!this.#isStarted) {
      return;
    }
    const { namespaces, caches } = this.#dependencies;
    if (caches.namespaces.get({ namespace: '', name: namespace })?.isTerminating !== true) {
      namespaces.add(namespace, 'fresh');
    }
  }

  /** A BaselinePolicy was created, changed or deleted. */
  baselinePolicyChanged(name: string): void {
    const { caches, compiled, deletions, guard, statusWriter, log } = this.#dependencies;
    const cached = caches.baselinePolicies.get({ namespace: '', name });
    const before = compiled.entry(name)?.facts;
    const hasChanged = cached === undefined ? compiled.delete(name) : compiled.upsert(cached);
    const after = compiled.entry(name)?.facts;
    this.#warnOfProblems(name, before);
    if (!this.#isStarted) {
      return;
    }
    for (const { message, ...fields } of auditLines(before, after)) {
      log.info(fields, message);
    }
    if (before !== undefined && before.uid !== after?.uid) {
      guard.close(before);
    }
    this.#review(name, before);
    // Fresh: NetworkPolicies created before the finalizer is in place would be left behind by a deletion (R8, deletion).
    deletions.add(name, 'fresh');
    if (hasChanged) {
      this.#queueAffected({ name, before, after });
    }
    this.#confirm(name);
    // Also when another client wrote the status.
    statusWriter.touch(name);
  }

  /** A deleted policy's NetworkPolicies go too, in every namespace that has any (R8, deletion). */
  removalDecided(policy: { readonly name: string; readonly uid: string }): void {
    const { compiled } = this.#dependencies;
    const { name } = policy;
    compiled.decideRemoval(policy);
    const facts = compiled.entry(name)?.facts;
    this.#queueAffected({ name, before: facts, after: facts });
    this.#confirm(name);
  }

  /** The addresses of DNS or the API server changed; rewrites for it queue behind fresh namespaces (R14, discovery). */
  discoveryChanged(state: DiscoveryState): void {
    const { caches, compiled, progress, namespaces, statusWriter } = this.#dependencies;
    const inDoubt = new Set(compiled.facts.filter(({ dnsDoubt }) => dnsDoubt !== undefined).map(({ name }) => name));
    const changed = compiled.setDiscovery(state);
    for (const name of this.#isStarted ? changed : []) {
      const facts = compiled.entry(name)?.facts;
      const affected = affectedNamespaces({ name, before: facts, after: facts }, caches, progress);
      if (inDoubt.has(name) && facts?.dnsDoubt === undefined) {
        this.#endDnsWait(affected);
      } else {
        for (const namespace of affected) {
          namespaces.add(namespace, 'resync');
        }
      }
    }
    for (const { name } of compiled.facts) {
      statusWriter.touch(name);
    }
  }

  /** What waited for DNS is as urgent as a namespace that was just selected, and may take another direction away. */
  #endDnsWait(affected: ReadonlySet<string>): void {
    for (const namespace of affected) {
      this.#assess(namespace);
    }
    for (const namespace of affected) {
      this.#queue(namespace);
    }
  }

  /** A CRD has come, gone or changed: every report, status and finalizer that may have waited for it is looked at again. */
  servedKindsChanged(): void {
    const { caches, compiled, deletions, namespaces, statusWriter } = this.#dependencies;
    if (!this.#isStarted) {
      return;
    }
    for (const { name } of compiled.facts) {
      statusWriter.touch(name);
      deletions.add(name, 'resync');
    }
    for (const { name } of caches.namespaces.values()) {
      namespaces.add(name, 'resync');
    }
  }

  #queueAffected(change: {
    readonly name: string;
    readonly before: BaselinePolicyFacts | undefined;
    readonly after: BaselinePolicyFacts | undefined;
  }): void {
    const { caches, progress, namespaces, statusWriter } = this.#dependencies;
    const affected = affectedNamespaces(change, caches, progress);
    for (const namespace of affected) {
      this.#assess(namespace);
    }
    for (const namespace of affected) {
      namespaces.add(namespace, 'resync');
    }
    if (change.after === undefined) {
      progress.delete(change.name);
    } else {
      progress.expectAttempts(change.after, selectedNamespaces(change.after, caches));
    }
    statusWriter.touch(change.name);
  }

  /** The change guard counts what the plans of this namespace would unprotect (R9, removal limit). */
  #assess(namespace: string): void {
    const { guard, snapshotOf, log } = this.#dependencies;
    try {
      guard.assess(namespace, snapshotOf(namespace));
    } catch (cause) {
      // Its reconcile throws too and is retried by itself; one namespace must stop neither a watch nor the start.
      log.error({ namespace, err: cause }, 'namespace could not be assessed');
    }
  }

  /** Each generation is reviewed once, and not again after a restart (R9, isolation limit). */
  #review(name: string, before: BaselinePolicyFacts | undefined): void {
    const { compiled, guard } = this.#dependencies;
    const entry = compiled.entry(name);
    if (entry === undefined || (before?.uid === entry.facts.uid && before.generation === entry.facts.generation)) {
      return;
    }
    const status = statusOf(entry.cached.status);
    const isKnown =
      status?.observedGeneration === entry.facts.generation &&
      !status.conditions.some(({ type }) => type === CONDITIONS.isolationHeld);
    guard.reviewIsolation(entry.facts, { spec: entry.accepted, isKnown });
  }

  #confirm(name: string): void {
    const { compiled, guard, namespaces, statusWriter, onApproved } = this.#dependencies;
    const entry = compiled.entry(name);
    if (entry === undefined) {
      return;
    }
    const { confirmedRemoval: removal, confirmedIsolation: isolation } = entry.cached;
    if (removal === '' && isolation === '') {
      return;
    }
    for (const approved of guard.confirm(entry.facts, { removal, isolation })) {
      onApproved(entry.facts, approved);
      for (const namespace of approved.namespaces) {
        namespaces.add(namespace, 'resync');
      }
    }
    statusWriter.touch(name);
  }

  #warnOfProblems(name: string, before: BaselinePolicyFacts | undefined): void {
    const entry = this.#dependencies.compiled.entry(name);
    if (entry === undefined || entry.problems.length === 0 || before?.generation === entry.facts.generation) {
      return;
    }
    this.#dependencies.log.warn(
      { policy: name, reason: 'InvalidSpec', problems: entry.problems.slice(0, 10) },
      'baseline policy is invalid',
    );
  }

  #queue(namespace: string, { isNew = false } = {}): void {
    const { caches, compiled, namespaces, timeToProtect } = this.#dependencies;
    const isUrgent = isUnprotected(namespace, compiled.facts, caches);
    if (isUrgent) {
      timeToProtect.start(namespace);
    }
    if (isUrgent && isNew) {
      namespaces.addNewestFirst(namespace);
    } else {
      namespaces.add(namespace, isUrgent ? 'fresh' : 'resync');
    }
  }
}
