import type { KindProblem } from '../../domain/reporting/policy-status.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import type { Check, CheckResult } from '../../telemetry/checks.ts';
import type { ScopedCaches } from '../watch/caches.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES } from '../watch/resources.ts';
import { type CrdProblem, crdNameOf, crdProblemText } from '../watch/served-crds.ts';

/**
 * Whether the API server serves both kinds of the operator with every field, by the watch on their CRDs. The operator
 * writes no object of a kind that it does not: an older CRD prunes what it does not know from the whole object on every
 * write, so that the write of a status would lose fields of the spec
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning).
 */
export class ServedKinds implements Check {
  readonly name = 'crds';
  readonly #caches: ScopedCaches['crds'];
  readonly #hasSynced: () => boolean;

  constructor(caches: ScopedCaches['crds'], hasSynced: () => boolean) {
    this.#caches = caches;
    this.#hasSynced = hasSynced;
  }

  /** For `/readyz`. Before the caches are synced it passes, since another check waits for those. */
  check(): CheckResult {
    const texts = this.texts();
    return { ok: texts.length === 0, message: texts.length === 0 ? 'every field is served' : texts.join('; ') };
  }

  /** What is wrong with each CRD, with the command that mends it; empty when nothing is. */
  texts(): readonly string[] {
    return [BASELINE_POLICIES, NAMESPACE_BASELINES].flatMap((type) => {
      const problem = this.#problemOf(type);
      return problem === undefined ? [] : [crdProblemText(problem)];
    });
  }

  /** Whether no object of this kind is to be written now. */
  isPaused(type: ResourceType): boolean {
    return this.#problemOf(type) !== undefined;
  }

  /** What the conditions of a BaselinePolicy say of it; undefined when both kinds are served with every field. */
  problem(): KindProblem | undefined {
    const texts = this.texts();
    return texts.length === 0 ? undefined : { reason: 'CrdOutdated', message: texts.join('; ') };
  }

  #problemOf(type: ResourceType): CrdProblem | undefined {
    if (!this.#hasSynced()) {
      return undefined;
    }
    const crd = crdNameOf(type);
    const found = this.#caches.flatMap((cache) => cache.get({ namespace: '', name: crd }) ?? []);
    return found.length === 0 ? { kind: 'missing', crd } : found[0]?.problem;
  }
}
