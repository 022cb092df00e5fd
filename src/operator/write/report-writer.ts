import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { NamespaceReport } from '../../domain/reporting/report.ts';
import type { RecordedReport } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import { HELD_RECHECK_MS } from '../queue/retry-policy.ts';
import { isAllowed, type Permission, permissionText } from '../startup/access.ts';
import type { ReportRights } from '../state/report-rights.ts';
import type { ServedKinds } from '../state/served-kinds.ts';
import type { CachedNamespace, CachedReport } from '../watch/cached-objects.ts';
import { NAMESPACE_BASELINES } from '../watch/resources.ts';
import { namespaceBaselineObject } from './manifests.ts';
import type { ReportRateLimit } from './report-rate-limit.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly reports: ObjectCache<CachedReport>;
  readonly namespaces: ObjectCache<CachedNamespace>;
  /** Shared by the writers of all priorities. */
  readonly rateLimit: ReportRateLimit;
  readonly servedKinds: Pick<ServedKinds, 'isPaused'>;
  /** Shared by the writers of all priorities. */
  readonly rights: Pick<ReportRights, 'refused' | 'settled'>;
}

/**
 * The result of a write: the NamespaceBaseline is up to date, or may be written only after `waitMs`, since another client
 * keeps changing it (R6, repair) or its CRD is not the one that is needed.
 */
export type ReportWrite = { readonly kind: 'upToDate' } | { readonly kind: 'early'; readonly waitMs: number };

/** There is nothing to write. */
export const UNCHANGED: ReportWrite = { kind: 'upToDate' };

/**
 * Writes a NamespaceBaseline when its content changes (R10 restart, R16 status), never in a hot loop (R6, repair), and
 * removes it with the last BaselinePolicy of the namespace. The first write is an apply, as all later ones are: the fields
 * of a POST would belong to another manager than those of an apply, and so could never be taken back
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
 */
export class ReportWriter {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Brings the NamespaceBaseline from `recorded`, its last known content, to `report`. A namespace that is going is no error. */
  async write(
    namespace: string,
    report: NamespaceReport | undefined,
    recorded: RecordedReport | undefined,
  ): Promise<Result<ReportWrite, KubeError>> {
    const { rateLimit, rights } = this.#dependencies;
    if (recorded?.hash === report?.hash) {
      rights.settled(namespace);
      return success(UNCHANGED);
    }
    const waitMs = this.#waitMs(namespace);
    if (waitMs > 0) {
      return success({ kind: 'early', waitMs });
    }
    const written =
      report === undefined ? await this.#remove(namespace, recorded) : await this.#apply(namespace, report, recorded);
    if (!written.ok) {
      return this.#failed(namespace, written.error, report === undefined ? ['delete'] : ['patch', 'create', 'update']);
    }
    rights.settled(namespace);
    rateLimit.wrote(namespace, { before: recorded?.hash, wanted: report?.hash, stored: written.value });
    return success(UNCHANGED);
  }

  /** Forgets a namespace that is gone. */
  forget(namespace: string): void {
    this.#dependencies.rateLimit.forget(namespace);
    this.#dependencies.rights.settled(namespace);
  }

  /** How long the next write has to wait, in milliseconds. */
  #waitMs(namespace: string): number {
    const { rateLimit, servedKinds } = this.#dependencies;
    return servedKinds.isPaused(NAMESPACE_BASELINES) ? HELD_RECHECK_MS : rateLimit.waitMs(namespace);
  }

  /** `verbs` are those that the write may have needed. */
  async #failed(
    namespace: string,
    error: KubeError,
    verbs: readonly string[],
  ): Promise<Result<ReportWrite, KubeError>> {
    if (this.#isGone(namespace, error)) {
      return success(UNCHANGED);
    }
    await this.#noteRefusal(namespace, error, verbs);
    return failure(error);
  }

  /** A missing permission is a matter of the whole operator; a 403 of admission or of a quota is none. */
  async #noteRefusal(namespace: string, error: KubeError, verbs: readonly string[]): Promise<void> {
    if (error.kind !== 'forbidden') {
      return;
    }
    const { kube, rights } = this.#dependencies;
    for (const verb of verbs) {
      const permission: Permission = {
        verb,
        group: NAMESPACE_BASELINES.group,
        resource: NAMESPACE_BASELINES.plural,
        namespace,
      };
      const allowed = await isAllowed(kube, permission);
      if (allowed.ok && !allowed.value) {
        rights.refused(namespace, permissionText(permission));
        return;
      }
    }
  }

  /** Returns the digest of the content that the server stored. */
  async #apply(
    namespace: string,
    report: NamespaceReport,
    recorded: RecordedReport | undefined,
  ): Promise<Result<string, KubeError>> {
    const { kube, reports } = this.#dependencies;
    const owner = recorded === undefined ? { namespace } : { namespace, uid: recorded.uid };
    const applied = await kube.apply(NAMESPACE_BASELINES, namespaceBaselineObject(report.status, owner));
    if (!applied.ok) {
      return applied;
    }
    const stored = reports.assume(applied.value)?.hash ?? '';
    return stored === report.hash ? success(stored) : this.#replace(report, applied.value);
  }

  /** Another client has added entries, which an apply leaves to it; but only the operator has anything to say here. */
  async #replace(report: NamespaceReport, stored: KubeObject): Promise<Result<string, KubeError>> {
    const { kube, reports } = this.#dependencies;
    const replaced = await kube.replace(NAMESPACE_BASELINES, { ...stored, status: report.status });
    if (!replaced.ok) {
      return replaced;
    }
    return success(reports.assume(replaced.value)?.hash ?? '');
  }

  async #remove(namespace: string, recorded: RecordedReport | undefined): Promise<Result<undefined, KubeError>> {
    if (recorded === undefined) {
      return success(undefined);
    }
    const { kube, reports } = this.#dependencies;
    const { uid } = recorded;
    const removed = await kube.remove({ type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }, { uid });
    if (!removed.ok && removed.error.kind !== 'notFound') {
      return removed;
    }
    reports.assumeDeleted({ namespace, name: NAMESPACE_BASELINE_NAME, uid });
    return success(undefined);
  }

  /** R12 (one namespace's failure): the NamespaceBaseline goes with its namespace. A missing CRD is another matter. */
  #isGone(namespace: string, error: KubeError): boolean {
    const isLive = this.#dependencies.namespaces.get({ namespace: '', name: namespace })?.isTerminating === false;
    return error.kind === 'namespaceTerminating' || (error.kind === 'notFound' && !isLive);
  }
}
