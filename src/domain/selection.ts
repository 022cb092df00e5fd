import { matchesGlob } from 'node:path';
import { ALWAYS_EXCLUDED_NAMESPACES, LABELS } from '../api/names.ts';
import type { LabelSelector } from '../api/network-policy.ts';

/** Labels as an object carries them; keys may be any string, `constructor` included. */
export type Labels = Readonly<Record<string, string>>;

/** The selector of a BaselinePolicy without a namespaceSelector: the namespaces that opted in. */
export const OPT_IN_SELECTOR: LabelSelector = { matchLabels: { [LABELS.enabled]: 'true' } };

/**
 * Whether a label selector matches, as the API server would decide: all requirements must hold, an empty selector
 * matches everything, and `NotIn` and `DoesNotExist` hold when the key is absent
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors).
 */
export function isMatch(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labelOf(labels, key) !== value) {
      return false;
    }
  }
  return (selector.matchExpressions ?? []).every((requirement) => isRequirementMet(requirement, labels));
}

/**
 * Whether a selector of namespaces requires no label that some of them lack: it is empty, or only leaves some out (`NotIn`,
 * `DoesNotExist`). Every namespace has the label kubernetes.io/metadata.name
 * (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name).
 */
export function isBroadSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return (
    Object.keys(matchLabels).length === 0 &&
    matchExpressions.every(
      ({ key, operator }) =>
        operator === 'NotIn' || operator === 'DoesNotExist' || (operator === 'Exists' && key === LABELS.namespaceName),
    )
  );
}

function isRequirementMet(
  requirement: NonNullable<LabelSelector['matchExpressions']>[number],
  labels: Labels,
): boolean {
  const value = labelOf(labels, requirement.key);
  const isListed = value !== undefined && (requirement.values ?? []).includes(value);
  switch (requirement.operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** The value of a label, never an inherited property of `labels`. */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** The namespaces that no policy may select (R1, selection). */
export interface Exclusion {
  readonly names: ReadonlySet<string>;
  readonly globs: readonly string[];
}

/** The exclusion of the configuration, always with the system namespaces and the operator's own. */
export function exclusionFor(configured: {
  readonly operatorNamespace: string;
  readonly globs: readonly string[];
}): Exclusion {
  return { names: new Set([...ALWAYS_EXCLUDED_NAMESPACES, configured.operatorNamespace]), globs: configured.globs };
}

/** Whether no policy may select a namespace. Globs are those of {@link matchesGlob}; a name has no slashes. */
export function isExcluded(name: string, exclusion: Exclusion): boolean {
  return exclusion.names.has(name) || exclusion.globs.some((glob) => matchesGlob(name, glob));
}

/** The fields of a namespace that decide its selection. */
export interface SelectableNamespace {
  readonly labels: Labels;
  readonly isTerminating: boolean;
  readonly isExcluded: boolean;
}

/** How many namespaces could be selected and are not: those that exist, are not excluded, and match no policy that stays. */
export function unselectedCount(
  namespaces: Iterable<SelectableNamespace>,
  policies: readonly { readonly selector: LabelSelector | undefined; readonly isDeleting: boolean }[],
): number {
  const selectors = policies.flatMap(({ selector, isDeleting }) =>
    selector === undefined || isDeleting ? [] : [selector],
  );
  let count = 0;
  for (const { labels, isTerminating, isExcluded: isLeftOut } of namespaces) {
    if (!isTerminating && !isLeftOut && !selectors.some((selector) => isMatch(selector, labels))) {
      count += 1;
    }
  }
  return count;
}

/** Whether a policy with this selector selects the namespace (R1, selection). */
export function isSelected(selector: LabelSelector, namespace: SelectableNamespace): boolean {
  return !namespace.isTerminating && !namespace.isExcluded && isMatch(selector, namespace.labels);
}
