import type { Log } from '../observe/log.ts';
import type { PolicyFacts } from '../baseline/world.ts';
import type { Caches } from './caches.ts';
import type { DiscoveryState } from './discovery.ts';
import type { Ledger } from './ledger.ts';
import { affectedNamespaces, isUnprotected, selectedNamespaces } from './mapping.ts';
import type { PolicyBook } from './policy-book.ts';
import type { KeyedQueue, Priority } from './queue.ts';
import type { StatusWriter } from './status-writer.ts';
import type { Stopwatch } from './stopwatch.ts';

interface Dependencies {
  readonly caches: Caches;
  readonly book: PolicyBook;
  readonly ledger: Ledger;
  readonly queue: KeyedQueue;
  readonly statusWriter: StatusWriter;
  readonly stopwatch: Stopwatch;
  readonly log: Log;
}

/**
 * What follows from each event: which namespaces are to be looked at, and how urgently. Events only name a key; what is
 * to be done is decided from the caches when its turn comes. Until {@link Reactions.begin} nothing is queued, since the
 * first pass looks at every namespace anyway.
 */
export class Reactions {
  readonly #dependencies: Dependencies;
  #isLive = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Every cache is filled: from here on events count, beginning with a pass over all namespaces (R10). */
  begin(): void {
    const { caches, queue, ledger, book } = this.#dependencies;
    this.#isLive = true;
    for (const policy of book.facts) ledger.expect(policy, selectedNamespaces(policy, caches));
    for (const { name } of caches.namespaces.values()) this.#look(name);
    queue.start();
  }

  /** A Namespace was created, changed or deleted. */
  namespaceChanged(name: string): void {
    if (this.#isLive) this.#look(name);
  }

  /** A NetworkPolicy, anybody's, or a NamespaceBaseline was changed by someone else: to be undone at once (R6). */
  contentChanged(namespace: string): void {
    if (!this.#isLive) return;
    const { queue, caches } = this.#dependencies;
    if (caches.namespaces.get({ namespace: '', name: namespace })?.isTerminating !== true) queue.add(namespace, 'fresh');
  }

  /** A BaselinePolicy was created, changed or deleted. */
  policyChanged(name: string): void {
    const { caches, book } = this.#dependencies;
    const cached = caches.policies.get({ namespace: '', name });
    const before = book.page(name)?.facts;
    const isNews = cached === undefined ? book.erase(name) : book.write(cached);
    const after = book.page(name)?.facts;
    this.#warnOfProblems(name, before);
    if (this.#isLive && isNews) this.#follow({ name, before, after });
  }

  #follow(change: { readonly name: string; readonly before: PolicyFacts | undefined; readonly after: PolicyFacts | undefined }): void {
    const { caches, ledger, statusWriter } = this.#dependencies;
    for (const namespace of affectedNamespaces(change, caches, ledger)) this.#add(namespace, 'resync');
    if (change.after === undefined) ledger.close(change.name);
    else ledger.expect(change.after, selectedNamespaces(change.after, caches));
    statusWriter.touch(change.name);
  }

  #warnOfProblems(name: string, before: PolicyFacts | undefined): void {
    const page = this.#dependencies.book.page(name);
    if (page === undefined || page.problems.length === 0 || before?.generation === page.facts.generation) return;
    this.#dependencies.log.warn({ policy: name, reason: 'InvalidSpec', problems: page.problems.slice(0, 10) }, 'baseline policy is invalid');
  }

  /** The cluster's DNS or API server is elsewhere now; rewrites for it queue behind fresh namespaces (R14). */
  discoveryChanged(state: DiscoveryState): void {
    const { caches, book, ledger, statusWriter } = this.#dependencies;
    for (const name of book.discover(state)) {
      if (!this.#isLive) continue;
      const facts = book.page(name)?.facts;
      for (const namespace of affectedNamespaces({ name, before: facts, after: facts }, caches, ledger)) this.#add(namespace, 'resync');
    }
    for (const { name } of book.facts) statusWriter.touch(name);
  }

  #look(namespace: string): void {
    const { caches, book } = this.#dependencies;
    const isUrgent = isUnprotected(namespace, book.facts, caches);
    if (isUrgent) this.#dependencies.stopwatch.start(namespace);
    this.#add(namespace, isUrgent ? 'fresh' : 'resync');
  }

  #add(namespace: string, priority: Priority): void {
    this.#dependencies.queue.add(namespace, priority);
  }
}
