import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { RecordedReport } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { Log } from '../../telemetry/log.ts';
import { STRAY_RECHECK_MS } from '../queue/retry-policy.ts';
import type { QueueAction } from '../queue/work-queue.ts';
import type { Caches } from '../watch/caches.ts';
import { NAMESPACE_BASELINES, NAMESPACES } from '../watch/resources.ts';

interface Dependencies {
  readonly kube: Pick<KubeClient, 'get' | 'remove'>;
  readonly caches: Pick<Caches, 'namespaces' | 'reports'>;
  /** Called for each one that was removed. */
  readonly onRemoved: () => void;
}

/**
 * Removes NamespaceBaselines whose namespace does not exist. An API server admits an object into a namespace that its own
 * cache still has, so an etcd restore can leave one that nothing else removes, and that shows a namespace as Protected.
 * Nothing is asked before {@link STRAY_RECHECK_MS} have passed, since every deleted namespace looks like this for a
 * moment; nothing is removed while a cache is in doubt (R13), or unless the API server says that there is no such namespace.
 */
export class StrayReports {
  readonly #dependencies: Dependencies;
  /** The uids of reports that had no namespace when last seen, by namespace. */
  readonly #suspected = new Map<string, string>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks at a namespace that is not in the cache, and returns when to look again. */
  async check(namespace: string, log: Log): Promise<QueueAction> {
    const { namespaces, reports } = this.#dependencies.caches;
    const report = this.#strayReport(namespace);
    if (report === undefined) {
      this.#suspected.delete(namespace);
      return { kind: 'forget' };
    }
    const isSuspected = this.#suspected.get(namespace) === report.uid;
    this.#suspected.set(namespace, report.uid);
    if (isSuspected && !namespaces.isStale && !reports.isStale) {
      await this.#removeIfStray(namespace, report, log);
    }
    return { kind: 'after', delayMs: STRAY_RECHECK_MS };
  }

  #strayReport(namespace: string): RecordedReport | undefined {
    const { namespaces, reports } = this.#dependencies.caches;
    return namespaces.get({ namespace: '', name: namespace }) === undefined
      ? reports.inNamespace(namespace)[0]
      : undefined;
  }

  async #removeIfStray(namespace: string, { uid }: RecordedReport, log: Log): Promise<void> {
    const { kube, caches, onRemoved } = this.#dependencies;
    const live = await kube.get({ type: NAMESPACES, name: namespace });
    if (live.ok || live.error.kind !== 'notFound') {
      return;
    }
    const removed = await kube.remove({ type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }, { uid });
    if (removed.ok) {
      log.warn({ namespace, uid }, 'namespace baseline of a namespace that does not exist was removed');
      onRemoved();
    } else if (removed.error.kind !== 'notFound') {
      log.warn({ namespace, uid, error: removed.error }, 'namespace baseline of a namespace that does not exist stays');
      return;
    }
    caches.reports.assumeDeleted({ namespace, name: NAMESPACE_BASELINE_NAME, uid });
  }
}
