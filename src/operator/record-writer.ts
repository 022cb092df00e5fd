import { NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import type { NamespaceReport } from '../baseline/report.ts';
import type { NamespaceRecord } from '../baseline/world.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { ObjectCache } from '../kube/object-cache.ts';
import { failure, success, type Result } from '../kube/result.ts';
import { namespaceBaselineObject } from './managed-object.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Admit } from './policy-writer.ts';
import type { CachedRecord } from './projections.ts';
import { NAMESPACE_BASELINES } from './resources.ts';
import { writeResultFor } from './write-result.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly records: ObjectCache<CachedRecord>;
  readonly metrics: Metrics;
}

/** Writes NamespaceBaselines: only when they would say something else (R10, R16), and removes them with their last policy. */
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
    if (record === undefined) return this.#create(namespace, report);
    return record.hash === report.hash ? success(undefined) : this.#apply(report, { namespace, uid: record.uid });
  }

  async #create(namespace: string, report: NamespaceReport): Promise<Result<void, KubeError>> {
    const { kube } = this.#dependencies;
    const created = await this.#admit(() => kube.create(NAMESPACE_BASELINES, namespaceBaselineObject(report.status, { namespace })));
    // One stands there although the cache did not know. The name is ours alone, so it is written over.
    if (!created.ok && created.error.kind === 'alreadyExists') return this.#apply(report, { namespace });
    return this.#settle('create', created);
  }

  async #apply(report: NamespaceReport, owner: { readonly namespace: string; readonly uid?: string }): Promise<Result<void, KubeError>> {
    const { kube } = this.#dependencies;
    return this.#settle('apply', await this.#admit(() => kube.apply(NAMESPACE_BASELINES, namespaceBaselineObject(report.status, owner))));
  }

  #settle(verb: 'create' | 'apply', answer: Result<KubeObject, KubeError>): Result<void, KubeError> {
    this.#dependencies.metrics.wrote({ kind: NAMESPACE_BASELINES.kind, verb, result: writeResultFor(answer) });
    if (answer.ok) this.#dependencies.records.recordWrite(answer.value);
    return answer.ok || isGone(answer.error) ? success(undefined) : failure(answer.error);
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
}

/** R12: the namespace is terminating or gone, and its NamespaceBaseline goes with it. */
function isGone(error: KubeError): boolean {
  return error.kind === 'namespaceTerminating' || error.kind === 'notFound';
}
