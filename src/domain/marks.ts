import { BOUNDS } from '../api/bounds.ts';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../api/names.ts';
import { fieldOf, textOf } from '../base/json.ts';
import { keptText } from '../base/text.ts';

/** What the labels and annotations of a NetworkPolicy say about whose it is (R5). */
export interface Marks {
  /** Whether it carries our managed-by label. */
  readonly isLabelled: boolean;
  /** The value of our policy label; empty when it has none. */
  readonly policyLabel: string;
  /** The value of our policy-uid annotation; empty when it has none. */
  readonly policyUid: string;
  /** The value of our purpose annotation; empty when it has none. */
  readonly purpose: string;
  /** Whether its owner hands it over (R5). */
  readonly isAdoptable: boolean;
  /** Whether it was left behind on purpose (R4). */
  readonly isKept: boolean;
}

/**
 * The marks of a NetworkPolicy with these labels and annotations, which may be anything: an annotation can have 256 KiB.
 * A value that is longer than any that the operator writes is cut, so it equals none of them.
 */
export function marksOf({ labels, annotations }: { readonly labels?: unknown; readonly annotations?: unknown }): Marks {
  return {
    isLabelled: fieldOf(labels, LABELS.managedBy) === FIELD_MANAGER,
    policyLabel: keptText(textOf(fieldOf(labels, LABELS.policy)), BOUNDS.nameLength),
    policyUid: keptText(textOf(fieldOf(annotations, ANNOTATIONS.policyUid)), BOUNDS.uidLength),
    purpose: keptText(textOf(fieldOf(annotations, ANNOTATIONS.purpose)), LONGEST_PURPOSE),
    isAdoptable: fieldOf(annotations, ANNOTATIONS.adopt) === 'true',
    isKept: fieldOf(annotations, ANNOTATIONS.kept) === 'true',
  };
}

/** Whether an object carries all marks of this BaselinePolicy, and was not left behind on purpose (R2, R4). */
export function isMarkedBy(
  marks: Pick<Marks, 'isLabelled' | 'policyLabel' | 'policyUid' | 'isKept'>,
  { name, uid }: { readonly name: string; readonly uid: string },
): boolean {
  return marks.isLabelled && marks.policyLabel === name && marks.policyUid === uid && !marks.isKept;
}

/** More characters than any purpose that is rendered: a sentence with two names in it. */
const LONGEST_PURPOSE = 256;

/** Whether a Namespace is on its way out: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */
export function isTerminatingNamespace(namespace: {
  readonly metadata: { readonly deletionTimestamp?: unknown };
  readonly status?: unknown;
}): boolean {
  return namespace.metadata.deletionTimestamp !== undefined || fieldOf(namespace.status, 'phase') === 'Terminating';
}
