import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import { discoveredSchema } from '../../api/baseline-policy.ts';
import { DEFAULT_EXCLUDED_NAMESPACES, FIELD_MANAGER, LABELS } from '../../api/names.ts';
import { validateBaselinePolicy } from '../../api/validation.ts';
import { fieldOf, itemsOf, textFieldsOf, textOf } from '../../base/json.ts';
import { isTerminatingNamespace, marksOf } from '../../domain/marks.ts';
import type { LivePolicy, OrphanCandidate } from '../../domain/planning/orphans.ts';
import { exclusionFor, type Labels, OPT_IN_SELECTOR } from '../../domain/selection.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { OperatorView } from './operator-lease.ts';

/** A Namespace, as far as commands look at it. */
export interface NamespaceView {
  readonly name: string;
  readonly labels: Labels;
  readonly isTerminating: boolean;
}

/** A NetworkPolicy with our label. */
export interface ManagedNetworkPolicyView extends OrphanCandidate {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly isTerminating: boolean;
}

/** A condition of a status. */
export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A BaselinePolicy. */
export interface BaselinePolicyView extends LivePolicy {
  readonly generation: number;
  readonly isDeleting: boolean;
  /** Undefined where it is not valid. */
  readonly spec: BaselinePolicySpec | undefined;
  readonly observedGeneration: number;
  readonly conditions: readonly ConditionView[];
  readonly namespaces: { readonly matched: number; readonly protected: number };
  /** What the operator found in the cluster; empty while it has not reported. */
  readonly discovered: Discovered;
}

/** One policy's entry of a NamespaceBaseline. */
export interface ReportEntryView {
  readonly policy: string;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly isInPlace: boolean;
  /** The NetworkPolicies that it lists. */
  readonly managed: readonly { readonly name: string; readonly uid: string }[];
  readonly wouldApply: readonly string[];
  readonly wouldRemove: readonly string[];
}

/** A NamespaceBaseline. */
export interface ReportView {
  readonly namespace: string;
  readonly entries: readonly ReportEntryView[];
  readonly conflicts: readonly { readonly name: string; readonly reason: string }[];
  readonly weakenedBy: readonly { readonly name: string; readonly why: string }[];
}

/**
 * What commands know of a cluster. A list that the user may not read is undefined, and a note says so. A field that the
 * schema requires but an object lacks is empty; fields that a newer operator adds are ignored.
 */
export interface ClusterFacts {
  readonly namespaces: readonly NamespaceView[] | undefined;
  readonly networkPolicies: readonly ManagedNetworkPolicyView[] | undefined;
  readonly reports: readonly ReportView[] | undefined;
  readonly policies: readonly BaselinePolicyView[] | undefined;
  /** Undefined where it was not asked for or may not be read. */
  readonly operator?: OperatorView | undefined;
  readonly notes: readonly string[];
}

/** The namespace that deploy/base and the chart install the operator in. */
export const USUAL_OPERATOR_NAMESPACE = 'nsbaseline-system';
/** The operator's configuration is not in the cluster; this is its default exclusion. */
export const USUAL_EXCLUSION = exclusionFor({
  operatorNamespace: USUAL_OPERATOR_NAMESPACE,
  globs: DEFAULT_EXCLUDED_NAMESPACES,
});

/** Selects the NetworkPolicies that can be ours. */
export const MANAGED_SELECTOR = `${LABELS.managedBy}=${FIELD_MANAGER}`;

/** {@link NamespaceView} */
export function namespaceViewOf({ metadata, status }: KubeObject): NamespaceView {
  const isTerminating = isTerminatingNamespace({ metadata, status });
  return { name: textOf(metadata.name), labels: textFieldsOf(metadata.labels), isTerminating };
}

/** {@link ManagedNetworkPolicyView} */
export function managedNetworkPolicyViewOf({ metadata }: KubeObject): ManagedNetworkPolicyView {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = metadata;
  return {
    ...marksOf(metadata),
    namespace: textOf(namespace),
    name: textOf(name),
    uid: textOf(uid),
    resourceVersion: textOf(resourceVersion),
    isTerminating: deletionTimestamp !== undefined,
  };
}

/** {@link BaselinePolicyView} */
export function baselinePolicyViewOf({ metadata, spec, status }: KubeObject): BaselinePolicyView {
  const name = textOf(metadata.name);
  const verdict = validateBaselinePolicy(name, spec);
  const valid = verdict.ok ? verdict.spec : undefined;
  const discovered = discoveredSchema.safeParse(fieldOf(status, 'discovered'));
  const counts = fieldOf(status, 'namespaces');
  return {
    name,
    uid: textOf(metadata.uid),
    selector: valid === undefined ? undefined : (valid.namespaceSelector ?? OPT_IN_SELECTOR),
    generation: metadata.generation ?? 0,
    isDeleting: metadata.deletionTimestamp !== undefined,
    spec: valid,
    observedGeneration: numberOf(fieldOf(status, 'observedGeneration'), -1),
    conditions: itemsOf(fieldOf(status, 'conditions')).map(conditionViewOf),
    namespaces: {
      matched: numberOf(fieldOf(counts, 'matched'), 0),
      protected: numberOf(fieldOf(counts, 'protected'), 0),
    },
    discovered: discovered.success ? discovered.data : {},
  };
}

/** {@link ReportView} */
export function reportViewOf({ metadata, status }: KubeObject): ReportView {
  return {
    namespace: textOf(metadata.namespace),
    entries: itemsOf(fieldOf(status, 'policies')).map(entryViewOf),
    conflicts: itemsOf(fieldOf(status, 'conflicts')).map((conflict) => ({
      name: textOf(fieldOf(conflict, 'name')),
      reason: textOf(fieldOf(conflict, 'reason')),
    })),
    weakenedBy: itemsOf(fieldOf(status, 'weakenedBy')).map((other) => ({
      name: textOf(fieldOf(other, 'name')),
      why: textOf(fieldOf(other, 'why')),
    })),
  };
}

function entryViewOf(entry: unknown): ReportEntryView {
  const text = (field: string): string => textOf(fieldOf(entry, field));
  const plan = fieldOf(entry, 'plan');
  return {
    policy: text('policy'),
    phase: text('phase'),
    reason: text('reason'),
    message: text('message'),
    isInPlace: fieldOf(entry, 'inPlace') === true,
    managed: itemsOf(fieldOf(entry, 'managed')).map((managed) => ({
      name: textOf(fieldOf(managed, 'name')),
      uid: textOf(fieldOf(managed, 'uid')),
    })),
    wouldApply: itemsOf(fieldOf(plan, 'apply')).map(textOf),
    wouldRemove: itemsOf(fieldOf(plan, 'remove')).map(textOf),
  };
}

function conditionViewOf(condition: unknown): ConditionView {
  const text = (field: string): string => textOf(fieldOf(condition, field));
  return { type: text('type'), status: text('status'), reason: text('reason'), message: text('message') };
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
