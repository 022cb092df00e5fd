import { type BaselinePolicySpec, DEFAULT_GRACE_MS, type Discovered } from '../../api/baseline-policy.ts';
import { type Problem, type Validation, validateBaselinePolicy } from '../../api/validation.ts';
import { declaredFacts } from '../../domain/declared-facts.ts';
import type { DiscoveryProblem } from '../../domain/reporting/policy-status.ts';
import { type OpenRules, openRulesOf } from '../../domain/weakening/own-rules.ts';
import type { BaselinePolicyFacts } from '../../domain/world.ts';
import { type DiscoveryState, discoveryProblemFor } from '../discovery/discovery.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';

/** One BaselinePolicy, validated and rendered. */
export interface CompiledPolicy {
  readonly cached: CachedBaselinePolicy;
  readonly facts: BaselinePolicyFacts;
  readonly problems: readonly Problem[];
  /** The newest spec that was accepted. */
  readonly accepted: BaselinePolicySpec | undefined;
  readonly discoveryProblem: DiscoveryProblem | undefined;
  /** The rules of the accepted spec that open a direction for everyone and are not acknowledged. */
  readonly openRules: readonly OpenRules[];
}

/**
 * Every BaselinePolicy, validated and rendered once per change instead of once per namespace. A policy that becomes invalid
 * keeps the rendered set of its last good spec (R11, invalid policy), unless it was deleted and recreated under its name.
 */
export class CompiledPolicies {
  readonly #compiled = new Map<string, CompiledPolicy>();
  /** The uids of policies whose deletion removes their objects. */
  readonly #removing = new Set<string>();
  /** By name, what came of the last spec: most events of a policy are of its status. */
  readonly #verdicts = new Map<string, { readonly spec: unknown; readonly verdict: Validation }>();
  #discovery: DiscoveryState;
  #inOrder: readonly BaselinePolicyFacts[] = [];

  constructor(discovery: DiscoveryState) {
    this.#discovery = discovery;
  }

  /** Compiles a policy as it is now, and returns whether anything that namespaces depend on has changed. */
  upsert(cached: CachedBaselinePolicy): boolean {
    const before = this.#compiled.get(cached.name);
    const compiled = this.#compile(cached, before?.cached.uid === cached.uid ? before : undefined);
    this.#compiled.set(cached.name, compiled);
    this.#sort();
    return before === undefined || !isSameForNamespaces(before.facts, compiled.facts);
  }

  /** Forgets a policy that is gone, and returns whether there was one. */
  delete(name: string): boolean {
    this.#removing.delete(this.#compiled.get(name)?.cached.uid ?? '');
    this.#verdicts.delete(name);
    const wasThere = this.#compiled.delete(name);
    this.#sort();
    return wasThere;
  }

  /** Notes the decision that the deletion of this policy removes its objects (R8, deletion). */
  decideRemoval({ name, uid }: { readonly name: string; readonly uid: string }): void {
    const compiled = this.#compiled.get(name);
    if (compiled?.cached.uid !== uid) {
      return;
    }
    this.#removing.add(uid);
    this.upsert(compiled.cached);
  }

  /** Notes a result of discovery, and returns the policies that render another set for it. */
  setDiscovery(discovery: DiscoveryState): readonly string[] {
    this.#discovery = discovery;
    return [...this.#compiled.values()].flatMap(({ cached }) => (this.upsert(cached) ? [cached.name] : []));
  }

  /** Every policy in the order of names, as plans need it. */
  get facts(): readonly BaselinePolicyFacts[] {
    return this.#inOrder;
  }

  /** One policy, or undefined when there is none of this name. */
  entry(name: string): CompiledPolicy | undefined {
    return this.#compiled.get(name);
  }

  /** The result of discovery, as it is stored in every status (R14, discovery). */
  get discovered(): Discovered {
    return this.#discovery.discovered;
  }

  #sort(): void {
    this.#inOrder = [...this.#compiled.values()].map(({ facts }) => facts).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #compile(cached: CachedBaselinePolicy, before: CompiledPolicy | undefined): CompiledPolicy {
    try {
      return this.#validated(cached, before);
    } catch (cause) {
      return failedPolicy(cached, before, cause);
    }
  }

  #verdictOn({ name, spec }: CachedBaselinePolicy): Validation {
    const known = this.#verdicts.get(name);
    if (known !== undefined && (known.spec === spec || JSON.stringify(known.spec) === JSON.stringify(spec))) {
      return known.verdict;
    }
    const verdict = validateBaselinePolicy(name, spec);
    this.#verdicts.set(name, { spec, verdict });
    return verdict;
  }

  #validated(cached: CachedBaselinePolicy, before: CompiledPolicy | undefined): CompiledPolicy {
    const verdict = this.#verdictOn(cached);
    const accepted = verdict.ok ? verdict.spec : before?.accepted;
    const problems = verdict.ok ? [] : verdict.problems;
    const { name, uid, generation, isDeleting } = cached;
    // A change of onDelete before everything is gone keeps the rest.
    const isRemoving =
      isDeleting && this.#removing.has(uid) && verdict.ok && verdict.spec.removal?.onDelete === 'Remove';
    const identity = {
      name,
      uid,
      generation,
      isDeleting,
      isRemoving,
      isAccepted: verdict.ok,
      formerParts: formerPartsOf(cached, before),
    };
    if (accepted === undefined) {
      const facts = { ...NOTHING_ACCEPTED, ...identity };
      return { cached, accepted, problems, facts, discoveryProblem: undefined, openRules: [] };
    }
    const declared = declaredFacts(name, accepted, this.#discovery.discovered);
    return {
      cached,
      accepted,
      problems,
      facts: { ...identity, ...declared },
      discoveryProblem: discoveryProblemFor(accepted, this.#discovery),
      openRules: openRulesOf(declared.parts ?? [], accepted.acknowledge),
    };
  }
}

/** The facts of a policy without an accepted spec. */
const NOTHING_ACCEPTED = {
  mode: 'Enforce',
  keepsOnOptOut: false,
  graceMs: DEFAULT_GRACE_MS,
  removesOnDelete: false,
  selector: undefined,
  parts: undefined,
  dnsDoubt: undefined,
  formerParts: undefined,
} as const;

/** An unexpected throw is reported as a problem of that policy: its last good set stays (R11, invalid policy), and the others go on. */
function failedPolicy(
  cached: CachedBaselinePolicy,
  before: CompiledPolicy | undefined,
  cause: unknown,
): CompiledPolicy {
  const { name, uid, generation, isDeleting } = cached;
  const facts = {
    ...NOTHING_ACCEPTED,
    ...before?.facts,
    name,
    uid,
    generation,
    isDeleting,
    isRemoving: false,
    isAccepted: false,
  };
  const problems = [
    {
      path: 'spec',
      message: `the operator fails on it, which is a bug of the operator: ${cause instanceof Error ? cause.message : 'no reason is known'}`,
    },
  ];
  const { accepted, discoveryProblem, openRules = [] } = before ?? {};
  return { cached, accepted, problems, facts, discoveryProblem, openRules };
}

function isSameForNamespaces(before: BaselinePolicyFacts, after: BaselinePolicyFacts): boolean {
  const essence = (facts: BaselinePolicyFacts): string =>
    JSON.stringify({ ...facts, parts: facts.parts?.map((part) => part.hash) });
  return essence(before) === essence(after);
}

/** Another rendering of the same generation, as after a discovery, keeps the former set it had. */
function formerPartsOf(cached: CachedBaselinePolicy, before: CompiledPolicy | undefined): BaselinePolicyFacts['parts'] {
  return before?.cached.generation === cached.generation ? before.facts.formerParts : before?.facts.parts;
}
