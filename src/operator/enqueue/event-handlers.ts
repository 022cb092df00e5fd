import { CONDITIONS } from '../../api/names.ts';
import type { BaselinePolicyFacts } from '../../domain/world.ts';
import type { Log } from '../../telemetry/log.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { TimeToProtect } from '../progress/time-to-protect.ts';
import type { ChangeGuard } from '../reconcile/change-guard.ts';
import type { CompiledPolicies } from '../reconcile/compiled-policies.ts';
import type { Caches } from '../watch/caches.ts';
import { type StatusWriter, statusOf } from '../write/status-writer.ts';
import { affectedNamespaces, isUnprotected, selectedNamespaces } from './enqueue-mapping.ts';
import type { WorkQueue } from './work-queue.ts';

interface Dependencies {
  readonly caches: Caches;
  readonly book: CompiledPolicies;
  readonly ledger: PolicyProgressTracker;
  readonly queue: WorkQueue;
  /** Of policy names, for their finalizers. */
  readonly finalizers: WorkQueue;
  readonly guard: ChangeGuard;
  /** Has the guard count what the plan of a namespace would unprotect. */
  readonly assess: (namespace: string) => void;
  readonly statusWriter: StatusWriter;
  readonly stopwatch: TimeToProtect;
  readonly log: Log;
}

/** Who hears of every change that the watches bring. */
export interface NamespaceEventHandler {
  namespaceChanged(name: string): void;
  /** A NetworkPolicy, anybody's. */
  networkPolicyChanged(namespace: string): void;
  /** Its NamespaceBaseline. */
  reportChanged(namespace: string): void;
  baselinePolicyChanged(name: string): void;
  discoveryChanged(state: DiscoveryState): void;
}

/**
 * What follows from each event: which namespaces are to be looked at, and how urgently. Events only name a key; what is
 * to be done is decided from the caches when its turn comes. Until {@link EventHandlers.begin} nothing is queued, since the
 * first pass looks at every namespace anyway. Whatever could unprotect many namespaces is assessed in all of them before
 * the first is queued (R9).
 */
export class EventHandlers implements NamespaceEventHandler {
  readonly #dependencies: Dependencies;
  #isLive = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Every cache is filled: from here on events count, beginning with a pass over all namespaces (R10). */
  begin(): void {
    const { caches, queue, finalizers, ledger, book } = this.#dependencies;
    this.#isLive = true;
    for (const policy of book.facts) {
      // Also where it is at work without selecting: its status counts those too, and must not be written before.
      const affected = [...affectedNamespaces({ name: policy.name, before: undefined, after: policy }, caches, ledger)];
      ledger.expectAttempts(
        policy,
        affected.filter((name) => caches.namespaces.get({ namespace: '', name }) !== undefined),
      );
      this.#review(policy.name, undefined);
      finalizers.add(policy.name, 'resync');
    }
    const names = [...caches.namespaces.values()].map(({ name }) => name);
    for (const name of names) {
      this.#dependencies.assess(name);
    }
    for (const policy of book.facts) {
      this.#confirm(policy.name);
    }
    for (const name of names) {
      this.#queue(name);
    }
    finalizers.start();
    queue.start();
  }

  /** A Namespace was created, changed or deleted. */
  namespaceChanged(name: string): void {
    if (!this.#isLive) {
      return;
    }
    this.#dependencies.assess(name);
    this.#queue(name, { isNewcomer: true });
  }

  /** A NamespaceBaseline was changed by someone else, which is to be undone at once. */
  reportChanged(namespace: string): void {
    this.networkPolicyChanged(namespace);
  }

  /** A NetworkPolicy, anybody's, was changed by someone else: to be undone at once (R6). */
  networkPolicyChanged(namespace: string): void {
    if (!this.#isLive) {
      return;
    }
    const { queue, caches } = this.#dependencies;
    if (caches.namespaces.get({ namespace: '', name: namespace })?.isTerminating !== true) {
      queue.add(namespace, 'fresh');
    }
  }

  /** A BaselinePolicy was created, changed or deleted. */
  baselinePolicyChanged(name: string): void {
    const { caches, book, finalizers } = this.#dependencies;
    const cached = caches.baselinePolicies.get({ namespace: '', name });
    const before = book.entry(name)?.facts;
    const isNews = cached === undefined ? book.delete(name) : book.upsert(cached);
    const after = book.entry(name)?.facts;
    this.#warnOfProblems(name, before);
    if (!this.#isLive) {
      return;
    }
    if (before !== undefined && before.uid !== after?.uid) {
      this.#dependencies.guard.close(before);
    }
    this.#review(name, before);
    // First in line: what a policy that removes its own has made before it is held would stay behind a deletion (R8).
    finalizers.add(name, 'fresh');
    if (isNews) {
      this.#follow({ name, before, after });
    }
    this.#confirm(name);
    // Also for a status that somebody else wrote.
    this.#dependencies.statusWriter.touch(name);
  }

  /** A policy's deletion takes its objects along: in every namespace that has any (R8). */
  removalDecided(name: string): void {
    const facts = this.#dependencies.book.entry(name)?.facts;
    this.#follow({ name, before: facts, after: facts });
    this.#confirm(name);
  }

  /** The cluster's DNS or API server is elsewhere now; rewrites for it queue behind fresh namespaces (R14). */
  discoveryChanged(state: DiscoveryState): void {
    const { caches, book, ledger, queue, statusWriter } = this.#dependencies;
    for (const name of book.setDiscovery(state)) {
      if (!this.#isLive) {
        continue;
      }
      const facts = book.entry(name)?.facts;
      for (const namespace of affectedNamespaces({ name, before: facts, after: facts }, caches, ledger)) {
        queue.add(namespace, 'resync');
      }
    }
    for (const { name } of book.facts) {
      statusWriter.touch(name);
    }
  }

  #follow(change: {
    readonly name: string;
    readonly before: BaselinePolicyFacts | undefined;
    readonly after: BaselinePolicyFacts | undefined;
  }): void {
    const { caches, ledger, queue, assess, statusWriter } = this.#dependencies;
    const affected = affectedNamespaces(change, caches, ledger);
    for (const namespace of affected) {
      assess(namespace);
    }
    for (const namespace of affected) {
      queue.add(namespace, 'resync');
    }
    if (change.after === undefined) {
      ledger.delete(change.name);
    } else {
      ledger.expectAttempts(change.after, selectedNamespaces(change.after, caches));
    }
    statusWriter.touch(change.name);
  }

  /** R9: each generation is looked at once, and one that was at work before a restart is not looked at again. */
  #review(name: string, before: BaselinePolicyFacts | undefined): void {
    const { book, guard } = this.#dependencies;
    const page = book.entry(name);
    if (page === undefined || (before?.uid === page.facts.uid && before.generation === page.facts.generation)) {
      return;
    }
    const status = statusOf(page.cached.status);
    const isKnown =
      status?.observedGeneration === page.facts.generation &&
      !status.conditions.some(({ type }) => type === CONDITIONS.isolationHeld);
    guard.reviewIsolation(page.facts, { spec: page.accepted, isKnown });
  }

  #confirm(name: string): void {
    const { book, guard, queue, statusWriter } = this.#dependencies;
    const page = book.entry(name);
    if (page === undefined) {
      return;
    }
    const { confirmedRemoval: removal, confirmedIsolation: isolation } = page.cached;
    if (removal === '' && isolation === '') {
      return;
    }
    for (const namespace of guard.confirm(page.facts, { removal, isolation })) {
      queue.add(namespace, 'resync');
    }
    statusWriter.touch(name);
  }

  #warnOfProblems(name: string, before: BaselinePolicyFacts | undefined): void {
    const page = this.#dependencies.book.entry(name);
    if (page === undefined || page.problems.length === 0 || before?.generation === page.facts.generation) {
      return;
    }
    this.#dependencies.log.warn(
      { policy: name, reason: 'InvalidSpec', problems: page.problems.slice(0, 10) },
      'baseline policy is invalid',
    );
  }

  #queue(namespace: string, { isNewcomer = false } = {}): void {
    const { caches, book, queue, stopwatch } = this.#dependencies;
    const isUrgent = isUnprotected(namespace, book.facts, caches);
    if (isUrgent) {
      stopwatch.start(namespace);
    }
    if (isUrgent && isNewcomer) {
      queue.addNewestFirst(namespace);
    } else {
      queue.add(namespace, isUrgent ? 'fresh' : 'resync');
    }
  }
}
