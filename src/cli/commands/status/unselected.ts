import { ALWAYS_EXCLUDED_NAMESPACES } from '../../../api/names.ts';
import { isExcluded, isMatch, OPT_IN_SELECTOR } from '../../../domain/selection.ts';
import { type BaselinePolicyView, type ClusterFacts, USUAL_EXCLUSION } from '../../cluster/cluster-facts.ts';
import { countText } from '../../views/count-text.ts';
import { tableText } from '../../views/text-table.ts';

/** A namespace that no BaselinePolicy selects. */
export interface UnselectedNamespace {
  readonly namespace: string;
  readonly reason: UnselectedReason;
}

/**
 * Why: `AlwaysExcluded` cannot be selected, `ExcludedByDefault` cannot with the operator's default configuration,
 * `NoPolicy` can.
 */
export type UnselectedReason = 'AlwaysExcluded' | 'ExcludedByDefault' | 'NoPolicy';

/** The namespaces that no valid BaselinePolicy selects, by name; undefined where namespaces or policies are not known. Pure. */
export function unselectedNamespaces({
  namespaces,
  policies,
}: Pick<ClusterFacts, 'namespaces' | 'policies'>): readonly UnselectedNamespace[] | undefined {
  if (namespaces === undefined || policies === undefined) {
    return undefined;
  }
  const selectors = policies.flatMap(({ selector, isDeleting }) =>
    selector === undefined || isDeleting ? [] : [selector],
  );
  return namespaces
    .filter(({ isTerminating }) => !isTerminating)
    .flatMap(({ name, labels }) => {
      const exclusion = exclusionReason(name);
      const isChosen = exclusion === undefined && selectors.some((selector) => isMatch(selector, labels));
      return isChosen ? [] : [{ namespace: name, reason: exclusion ?? ('NoPolicy' as const) }];
    })
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

/** A table of them and a last line that counts. */
export function unselectedText(
  unselected: readonly UnselectedNamespace[],
  look: { readonly isColoured: boolean },
): string {
  const open = unselected.filter(({ reason }) => reason === 'NoPolicy').length;
  const excluded = unselected.length - open;
  const counted = `${countText(open, 'namespace is', 'namespaces are')} selected by no BaselinePolicy; ${excluded} more ${excluded === 1 ? 'is' : 'are'} excluded.\n`;
  if (unselected.length === 0) {
    return counted;
  }
  const rows = unselected.map(({ namespace, reason }) => [namespace, reason]);
  return `${tableText(['NAMESPACE', 'REASON'], rows, look)}\n${counted}`;
}

/**
 * How a namespace that no policy selects can be opted in, as sentences to follow; empty where the opt-in label would
 * change nothing.
 */
export function optInAdvice(namespace: string, policies: readonly BaselinePolicyView[] | undefined): string {
  switch (exclusionReason(namespace)) {
    case 'AlwaysExcluded':
      return 'It is always excluded: no BaselinePolicy can select it.';
    case 'ExcludedByDefault':
      return "It is excluded by the operator's default configuration (--exclude-namespaces).";
    default:
      return isLabelUseful(policies)
        ? `To opt it in: kubectl label namespace ${namespace} nsbaseline.io/enabled=true`
        : '';
  }
}

/** Only a policy that selects by the opt-in label alone is certain to select the namespace once it has the label. */
function isLabelUseful(policies: readonly BaselinePolicyView[] | undefined): boolean {
  return (policies ?? []).some(
    ({ selector, isDeleting }) => !isDeleting && selector !== undefined && isMatch(selector, OPT_IN_LABELS),
  );
}

const OPT_IN_LABELS = OPT_IN_SELECTOR.matchLabels ?? {};

function exclusionReason(namespace: string): Exclude<UnselectedReason, 'NoPolicy'> | undefined {
  if (ALWAYS_EXCLUDED_NAMESPACES.some((name) => name === namespace)) {
    return 'AlwaysExcluded';
  }
  return isExcluded(namespace, USUAL_EXCLUSION) ? 'ExcludedByDefault' : undefined;
}
