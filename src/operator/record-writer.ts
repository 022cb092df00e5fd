import { NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import { statusHash, type NamespaceReport } from '../baseline/report.ts';
import type { NamespaceRecord } from '../baseline/world.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { ObjectCache } from '../kube/object-cache.ts';
import { failure, success, type Result } from '../kube/result.ts';
import { namespaceBaselineObject } from './managed-object.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Admit } from './policy-writer.ts';
import type { CachedNamespace, CachedRecord } from './projections.ts';
import { NAMESPACE_BASELINES } from './resources.ts';
import { writeResultFor } from './write-result.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly records: ObjectCache<CachedRecord>;
  readonly namespaces: ObjectCache<CachedNamespace>;
  readonly metrics: Metrics;
}

/**
 * Writes NamespaceBaselines: only when they would say something else (R10, R16), and removes them with their last policy.
 * The first write is an apply like all later ones: what a POST had set would belong to another manager than what an apply
 * leaves out, and so would stay (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
 */
export class RecordWriter {
  readonly #dependencies: Dependencies;
  readonly #admit: Admit;

  constructor(dependencies: Dependencies, admit: Admit) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Makes the NamespaceBaseline say what the report says; `record` is how it stands. A namespace that is going is no error. */
  async write(namespace: string, report: NamespaceReport | undefined, record: NamespaceRecord | undefined): Promise<Result<void, KubeError>> {
    if (report === undefined) return record === undefined ? success(undefined) : this.#remove(namespace, record);
    if (record?.hash === report.hash) return success(undefined);
    const { kube, records, metrics } = this.#dependencies;
    const owner = record === undefined ? { namespace } : { namespace, uid: record.uid };
    const applied = await this.#admit(() => kube.apply(NAMESPACE_BASELINES, namespaceBaselineObject(report.status, owner)));
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'apply', result: writeResultFor(applied) });
    if (!applied.ok) return this.#isGone(namespace, applied.error) ? success(undefined) : failure(applied.error);
    records.recordWrite(applied.value);
    return statusHash(applied.value.status) === report.hash ? success(undefined) : this.#replace(report, applied.value);
  }

  /** Somebody put in entries of his own, which an apply leaves to him: nobody but us has anything to say here. */
  async #replace(report: NamespaceReport, stored: KubeObject): Promise<Result<void, KubeError>> {
    const { kube, records, metrics } = this.#dependencies;
    const replaced = await this.#admit(() => kube.replace(NAMESPACE_BASELINES, { ...stored, status: report.status }));
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'replace', result: writeResultFor(replaced) });
    if (replaced.ok) records.recordWrite(replaced.value);
    return replaced.ok ? success(undefined) : failure(replaced.error);
  }

  async #remove(namespace: string, record: NamespaceRecord): Promise<Result<void, KubeError>> {
    const { kube, records, metrics } = this.#dependencies;
    const { uid } = record;
    const removed = await this.#admit(() => kube.remove({ type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }, { uid }));
    metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb: 'remove', result: writeResultFor(removed) });
    if (!removed.ok && removed.error.kind !== 'notFound') return failure(removed.error);
    records.recordRemoval({ namespace, name: NAMESPACE_BASELINE_NAME, uid });
    return success(undefined);
  }

  /** R12: the namespace is terminating or gone, and its NamespaceBaseline goes with it; a missing CRD is another matter. */
  #isGone(namespace: string, error: KubeError): boolean {
    const isThere = this.#dependencies.namespaces.get({ namespace: '', name: namespace })?.isTerminating === false;
    return error.kind === 'namespaceTerminating' || (error.kind === 'notFound' && !isThere);
  }
}
