import {
  addresses,
  type Direction,
  type Peer,
  ports,
  type Requirement,
  type Rule,
  requirementText,
  rulePorts,
  type Selector,
} from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import { DIRECTIONS, type LintContext, type LintedNetworkPolicy, rulesOf, selectsAll } from '../lint-context.ts';

/** Rules that allow everything, for pods that a default-deny isolates in that direction. */
export function* undoneDefaultDeny(context: LintContext): Iterable<Found> {
  for (const networkPolicy of context.networkPolicies) {
    for (const direction of DIRECTIONS) {
      const open = rulesOf(networkPolicy, direction).find(
        ({ rule }) => rule.peers === undefined && rule.ports === undefined,
      );
      const deny = context
        .networkPoliciesIn(networkPolicy.model.namespace)
        .find(({ model }) => selectsAll(model.podSelector) && model[direction]?.length === 0);
      if (open !== undefined && deny !== undefined) {
        yield {
          object: networkPolicy.name,
          path: open.path,
          message: `an empty rule allows all ${direction}, so ${deny.model.name} protects none of the pods that this NetworkPolicy selects`,
          fix: `name peers and ports, or leave the rule out; ${direction}: [] denies`,
        };
      }
    }
  }
}

/** Rules that allow nothing which another rule does not allow already. */
export function* subsumedRules(context: LintContext): Iterable<Found> {
  for (const namespace of new Set(context.networkPolicies.map(({ model }) => model.namespace))) {
    const placed = placedRules(context.networkPoliciesIn(namespace));
    for (const narrow of placed) {
      const wider = placed.find((wide) => isNeedlessBeside(narrow, wide));
      if (wider !== undefined) {
        const isOwn = wider.networkPolicy === narrow.networkPolicy;
        yield {
          object: narrow.networkPolicy.name,
          path: narrow.path,
          message: `allows nothing that ${wider.path}${isOwn ? '' : ` of ${wider.networkPolicy.model.name}`} does not allow already`,
          fix: 'leave the rule out, or narrow the other one',
        };
      }
    }
  }
}

/** NetworkPolicies of one namespace that say the same. */
export function* twins(context: LintContext): Iterable<Found> {
  const known = new Map<string, string>();
  for (const { model, name } of context.networkPolicies) {
    const { namespace, podSelector } = model;
    const said = JSON.stringify([
      namespace,
      podSelector.text,
      ...DIRECTIONS.map((direction) => rulesText(model[direction])),
    ]);
    const first = known.get(said);
    if (first === undefined) {
      known.set(said, model.name);
    } else {
      yield { object: name, path: 'spec', message: `says the same as ${first}`, fix: 'keep one of the two' };
    }
  }
}

interface PlacedRule {
  readonly networkPolicy: LintedNetworkPolicy;
  readonly rule: Rule;
  readonly path: string;
  readonly direction: Direction;
  /** Its place among the rules of the namespace. */
  readonly order: number;
}

function placedRules(networkPolicies: readonly LintedNetworkPolicy[]): readonly PlacedRule[] {
  return networkPolicies
    .flatMap((networkPolicy) =>
      DIRECTIONS.flatMap((direction) =>
        rulesOf(networkPolicy, direction).map((placed) => ({ ...placed, networkPolicy, direction })),
      ),
    )
    .map((placed, order) => ({ ...placed, order }));
}

/** Of two equal rules the first stays, so that one of them is reported. */
function isNeedlessBeside(narrow: PlacedRule, wide: PlacedRule): boolean {
  return narrow !== wide && isWithin(narrow, wide) && (wide.order < narrow.order || !isWithin(wide, narrow));
}

function isWithin(narrow: PlacedRule, wide: PlacedRule): boolean {
  return (
    narrow.direction === wide.direction &&
    isSelectorWithin(narrow.networkPolicy.model.podSelector, wide.networkPolicy.model.podSelector) &&
    isRuleWithin(narrow.rule, wide.rule)
  );
}

function isRuleWithin(narrow: Rule, wide: Rule): boolean {
  return arePortsWithin(narrow, wide) && arePeersWithin(narrow, wide);
}

/** Names are compared as names: which numbers they are depends on the pod. */
function arePortsWithin(narrow: Rule, wide: Rule): boolean {
  if (wide.ports === undefined) {
    return true;
  }
  return (
    narrow.ports !== undefined &&
    ports.covers(rulePorts(wide), rulePorts(narrow)) &&
    narrow.ports.every(
      (port) =>
        port.kind === 'numbers' ||
        wide.ports?.some((one) => one.kind === 'named' && one.name === port.name && one.protocol === port.protocol),
    )
  );
}

function arePeersWithin(narrow: Rule, wide: Rule): boolean {
  if (wide.peers === undefined) {
    return true;
  }
  return (
    narrow.peers !== undefined &&
    addresses.covers(wide.blocks, narrow.blocks) &&
    narrow.peers.every((peer) => peer.kind === 'block' || wide.peers?.some((one) => isPeerWithin(peer, one)) === true)
  );
}

/** A peer in the namespace of the policy is not compared with one by namespaceSelector, whose labels can change. */
function isPeerWithin(narrow: Peer, wide: Peer): boolean {
  if (narrow.kind !== 'pods' || wide.kind !== 'pods' || !isSelectorWithin(narrow.podSelector, wide.podSelector)) {
    return false;
  }
  if (narrow.namespaceSelector === undefined || wide.namespaceSelector === undefined) {
    const isEverywhere = wide.namespaceSelector !== undefined && selectsAll(wide.namespaceSelector);
    return isEverywhere || narrow.namespaceSelector === wide.namespaceSelector;
  }
  return isSelectorWithin(narrow.namespaceSelector, wide.namespaceSelector);
}

/** Whether whatever `narrow` selects `wide` selects too, since every requirement of `wide` follows from one of `narrow`. */
function isSelectorWithin(narrow: Selector, wide: Selector): boolean {
  return wide.requirements.every((wanted) => narrow.requirements.some((given) => implies(given, wanted)));
}

function implies(given: Requirement, wanted: Requirement): boolean {
  if (given.key !== wanted.key) {
    return false;
  }
  if (requirementText(given) === requirementText(wanted)) {
    return true;
  }
  switch (wanted.operator) {
    case 'Exists':
      return given.operator === 'In';
    case 'In':
      return given.operator === 'In' && given.values.every((value) => wanted.values.includes(value));
    case 'NotIn':
      return given.operator === 'In'
        ? !given.values.some((value) => wanted.values.includes(value))
        : given.operator === 'DoesNotExist' ||
            (given.operator === 'NotIn' && wanted.values.every((value) => given.values.includes(value)));
    case 'DoesNotExist':
      return false;
  }
}

function rulesText(rules: readonly Rule[] | undefined): string {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return rules === undefined ? '' : JSON.stringify(rules, plain);
}
