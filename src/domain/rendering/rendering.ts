import type { BaselinePolicySpec, Discovered, Rule } from '../../api/baseline-policy.ts';
import { DIRECTIONS, type Direction, type NetworkPolicyPeer, type RenderedSpec } from '../../api/network-policy.ts';
import { PARTS, type PartRole } from '../../api/parts.ts';
import { specHash } from './comparison.ts';
import { OPENINGS, type Opening } from './openings.ts';

/** One NetworkPolicy of a baseline, the same in every namespace. */
export interface RenderedPart {
  /** The built-in part's name or the rule's own. */
  readonly part: string;
  readonly role: PartRole;
  /** `<policy>.<part>`, the NetworkPolicy's name. */
  readonly name: string;
  /** One sentence that says what it is for. */
  readonly purpose: string;
  /** Every field present, empty lists too (a forced apply does not change a field that it does not mention). */
  readonly spec: RenderedSpec;
  /** {@link specHash} of `spec`. */
  readonly hash: string;
  /** Peers of `spec` of which one is enough, as of several presets: the same objects. */
  readonly alternatives?: readonly NetworkPolicyPeer[];
}

/**
 * The NetworkPolicies that a BaselinePolicy declares, default-deny first. They name no namespace: every selected namespace
 * gets the same. Only isolated directions are written, since a NetworkPolicy that selects a pod for a direction isolates
 * it there, an "allow" too; a part without a rule in the isolated directions is left out, and no part has a rule without
 * peers that was not declared so.
 *
 * `spec` must have passed validation; `discovered` is what is known of the cluster (R14, discovery).
 */
export function renderedParts(
  policy: string,
  spec: BaselinePolicySpec,
  discovered: Discovered,
): readonly RenderedPart[] {
  const isolated = spec.isolate ?? DIRECTIONS;
  const directions = DIRECTIONS.filter((direction) => isolated.includes(direction));
  const { allow = {}, rules = [] } = spec;
  const render = (part: string, role: PartRole, opening: Opening): readonly RenderedPart[] => {
    const rendered = renderedSpec(opening, directions, role);
    if (rendered === undefined) {
      return [];
    }
    const { purpose, alternatives } = opening;
    const common = { part, role, name: `${policy}.${part}`, purpose, spec: rendered, hash: specHash(rendered) };
    return [alternatives === undefined ? common : { ...common, alternatives }];
  };
  const builtIn = PARTS.flatMap(({ name, role, isOn }) => {
    const opening = isOn(allow) ? OPENINGS[name](allow, discovered) : undefined;
    return opening === undefined ? [] : render(name, role, opening);
  });
  return [...builtIn, ...rules.flatMap((rule) => render(rule.name, 'other', ruleOpening(policy, rule)))];
}

/** The directions in which a rendered set isolates; none for no set. */
export function isolatedBy(parts: readonly RenderedPart[] | undefined): readonly Direction[] {
  return parts?.find(({ role }) => role === 'deny')?.spec.policyTypes ?? [];
}

function renderedSpec(opening: Opening, directions: readonly Direction[], role: PartRole): RenderedSpec | undefined {
  const ingress = directions.includes('Ingress') ? (opening.ingress ?? []) : [];
  const egress = directions.includes('Egress') ? (opening.egress ?? []) : [];
  const policyTypes =
    role === 'deny'
      ? directions
      : directions.filter((direction) => (direction === 'Ingress' ? ingress : egress).length > 0);
  if (policyTypes.length === 0) {
    return undefined;
  }
  return { podSelector: opening.podSelector ?? {}, policyTypes, ingress, egress };
}

function ruleOpening(policy: string, rule: Rule): Opening {
  return {
    purpose: `Rule ${rule.name} of BaselinePolicy ${policy}.`,
    ...(rule.podSelector === undefined ? {} : { podSelector: rule.podSelector }),
    ingress: rule.ingress ?? [],
    egress: rule.egress ?? [],
  };
}
