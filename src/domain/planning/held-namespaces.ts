import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import { LABELS } from '../../api/names.ts';
import { declaredFacts } from '../declared-facts.ts';
import { isolatedBy } from '../rendering/rendering.ts';
import { isSelected, labelOf } from '../selection.ts';
import { NO_NAMESPACES } from '../weakening/reach.ts';
import {
  type BaselinePolicyFacts,
  type Hold,
  type NamespaceFacts,
  NOTHING_REMEMBERED,
  type ObservedNetworkPolicy,
  type RecordedReport,
  type World,
} from '../world.ts';
import { isolatedDirections, unprotectionsIn } from './guard.ts';
import { planFor } from './plan.ts';

/** One namespace with what is in it. */
export interface NamespaceContents {
  readonly namespace: NamespaceFacts;
  readonly observed: readonly ObservedNetworkPolicy[];
  readonly report: RecordedReport | undefined;
}

/** A BaselinePolicy that was just read, with a valid spec. */
export interface DeclaredPolicy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  readonly spec: BaselinePolicySpec;
  readonly discovered: Discovered;
}

/** What a namespace depends on of a valid BaselinePolicy, where nothing is known of its former generations. */
export function declaredPolicyFacts(policy: DeclaredPolicy): BaselinePolicyFacts {
  const { name, uid, generation, isDeleting, spec, discovered } = policy;
  const declared = declaredFacts(name, spec, discovered);
  return {
    ...declared,
    name,
    uid,
    generation,
    isDeleting,
    isAccepted: true,
    isRemoving: isDeleting && declared.removesOnDelete,
    formerParts: undefined,
  };
}

/**
 * The namespaces that a change of `policy` would unprotect or newly isolate, whatever their number: those that
 * R9 (the guards) would hold. In the order of `namespaces`.
 */
export function heldNamespaces(
  namespaces: readonly NamespaceContents[],
  change: {
    readonly hold: Hold;
    readonly policy: BaselinePolicyFacts;
    /** Every BaselinePolicy, `policy` included. */
    readonly baselinePolicies: readonly BaselinePolicyFacts[];
  },
): readonly string[] {
  const { hold, policy } = change;
  const baselinePolicies = change.baselinePolicies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const isHeld =
    hold === 'RemovalHeld'
      ? (contents: NamespaceContents) => isUnprotectedBy(policy, worldOf(contents, baselinePolicies))
      : ({ namespace, observed }: NamespaceContents) => isNewlyIsolatedBy(policy, namespace, observed);
  return namespaces.filter(isHeld).map(({ namespace }) => namespace.name);
}

function isUnprotectedBy({ name }: BaselinePolicyFacts, world: World): boolean {
  return unprotectionsIn(world, planFor(world)).some(({ policy }) => policy === name);
}

/** Whether the policy would isolate a namespace in a direction in which no managed default-deny does, and which did not opt in by label (R9). */
export function isNewlyIsolatedBy(
  policy: BaselinePolicyFacts,
  namespace: NamespaceFacts,
  observed: readonly ObservedNetworkPolicy[],
): boolean {
  const { selector, mode, isDeleting } = policy;
  const isOptedIn = labelOf(namespace.labels, LABELS.enabled) === 'true';
  if (mode !== 'Enforce' || isDeleting || selector === undefined || isOptedIn || !isSelected(selector, namespace)) {
    return false;
  }
  const now = isolatedDirections(observed);
  return isolatedBy(policy.parts).some((direction) => !now.includes(direction));
}

function worldOf(contents: NamespaceContents, baselinePolicies: World['baselinePolicies']): World {
  return {
    ...NOTHING_REMEMBERED,
    ...contents,
    baselinePolicies,
    isEquivalent: () => false,
    namespaces: NO_NAMESPACES,
  };
}
