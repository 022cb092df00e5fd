import type { Drift } from '../baseline/plan.ts';
import type { KubeError } from '../kube/kube-error.ts';

/** How one reconcile ended: the rows of the outcome table in docs/reconcile.md. */
export type ReconcileResult = 'success' | 'waiting' | 'retry' | 'refused' | 'terminal' | 'panic';

/** What the operator tells whoever measures it. Nothing here may throw or wait. */
export interface Observations {
  reconciled(result: ReconcileResult, durationMs: number): void;
  wrote(write: { readonly kind: 'NetworkPolicy' | 'NamespaceBaseline' | 'BaselinePolicy'; readonly verb: 'create' | 'apply' | 'remove'; readonly result: 'success' | KubeError['kind'] }): void;
  repaired(drift: Drift): void;
  /** From the first sight of a namespace that was to be protected to the answer to its last write. */
  protectedAfter(durationMs: number): void;
}
