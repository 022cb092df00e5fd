import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { NamespaceReport } from '../../domain/reporting/report.ts';
import type { RecordedReport } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { writeResultFor } from '../../telemetry/write-result.ts';
import type { CachedNamespace, CachedReport } from '../watch/cached-objects.ts';
import { NAMESPACE_BASELINES } from '../watch/resources.ts';
import { namespaceBaselineObject } from './manifests.ts';
import type { Throttle } from './network-policy-writer.ts';
import type { ReportRateLimit } from './report-rate-limit.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly records: ObjectCache<CachedReport>;
  readonly namespaces: ObjectCache<CachedNamespace>;
  readonly metrics: Metrics;
  /** Shared by everybody who writes NamespaceBaselines. */
  readonly pace: ReportRateLimit;
}

/** What came of writing a NamespaceBaseline: it says what it shall, or will when it may be written again (R6). */
export type ReportWrite = { readonly kind: 'settled' } | { readonly kind: 'early'; readonly waitMs: number };

/** There is nothing to write. */
export const UNCHANGED: ReportWrite = { kind: 'settled' };

/**
 * Writes NamespaceBaselines: only when they would say something else (R10, R16), never in a hot loop (R6), and removes them with their last policy.
 * The first write is an apply like all later ones: what a POST had set would belong to another manager than what an apply
 * leaves out, and so would stay (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
 */
export class ReportWriter {
  readonly #dependencies: Dependencies;
  readonly #admit: Throttle;

  constructor(dependencies: Dependencies, admit: Throttle) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Makes the NamespaceBaseline say what the report says; `record` is how it stands. A namespace that is going is no error. */
  async write(
    namespace: string,
    report: NamespaceReport | undefined,
    record: RecordedReport | undefined,
  ): Promise<Result<ReportWrite, KubeError>> {
    if (record?.hash === report?.hash) {
      return success(UNCHANGED);
    }
    const waitMs = this.#dependencies.pace.waitMs(namespace);
    if (waitMs > 0) {
      return success({ kind: 'early', waitMs });
    }
    const written =
      report === undefined ? await this.#remove(namespace, record) : await this.#apply(namespace, report, record);
    if (!written.ok) {
      return this.#isGone(namespace, written.error) ? success(UNCHANGED) : failure(written.error);
    }
    this.#dependencies.pace.wrote(namespace, { before: record?.hash, wanted: report?.hash, stored: written.value });
    return success(UNCHANGED);
  }

  /** The namespace is gone, and nothing is remembered of it. */
  forget(namespace: string): void {
    this.#dependencies.pace.forget(namespace);
  }

  /** Gives back the digest of what is stored then. */
  async #apply(
    namespace: string,
    report: NamespaceReport,
    record: RecordedReport | undefined,
  ): Promise<Result<string, KubeError>> {
    const { kube, records, metrics } = this.#dependencies;
    const owner = record === undefined ? { namespace } : { namespace, uid: record.uid };
    const applied = await this.#admit(() =>
      kube.apply(NAMESPACE_BASELINES, namespaceBaselineObject(report.status, owner)),
    );
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'apply', result: writeResultFor(applied) });
    if (!applied.ok) {
      return applied;
    }
    const stored = records.assume(applied.value)?.hash ?? '';
    return stored === report.hash ? success(stored) : this.#replace(report, applied.value);
  }

  /** Somebody put in entries of his own, which an apply leaves to him: nobody but us has anything to say here. */
  async #replace(report: NamespaceReport, stored: KubeObject): Promise<Result<string, KubeError>> {
    const { kube, records, metrics } = this.#dependencies;
    const replaced = await this.#admit(() => kube.replace(NAMESPACE_BASELINES, { ...stored, status: report.status }));
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'replace', result: writeResultFor(replaced) });
    if (!replaced.ok) {
      return replaced;
    }
    return success(records.assume(replaced.value)?.hash ?? '');
  }

  async #remove(namespace: string, record: RecordedReport | undefined): Promise<Result<undefined, KubeError>> {
    if (record === undefined) {
      return success(undefined);
    }
    const { kube, records, metrics } = this.#dependencies;
    const { uid } = record;
    const removed = await this.#admit(() =>
      kube.remove({ type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }, { uid }),
    );
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'remove', result: writeResultFor(removed) });
    if (!removed.ok && removed.error.kind !== 'notFound') {
      return removed;
    }
    records.assumeDeleted({ namespace, name: NAMESPACE_BASELINE_NAME, uid });
    return success(undefined);
  }

  /** R12: the namespace is terminating or gone, and its NamespaceBaseline goes with it; a missing CRD is another matter. */
  #isGone(namespace: string, error: KubeError): boolean {
    const isThere = this.#dependencies.namespaces.get({ namespace: '', name: namespace })?.isTerminating === false;
    return error.kind === 'namespaceTerminating' || (error.kind === 'notFound' && !isThere);
  }
}
