import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import { type Problem, validateBaselinePolicy } from '../../api/validation.ts';
import { renderedParts } from '../../domain/rendering/rendering.ts';
import { OPT_IN_SELECTOR } from '../../domain/selection.ts';
import type { BaselinePolicyFacts } from '../../domain/world.ts';
import { type DiscoveryProblem, type DiscoveryState, discoveryProblemFor } from '../discovery/discovery.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';

/** One BaselinePolicy as the operator goes by it. */
interface Page {
  readonly cached: CachedBaselinePolicy;
  readonly facts: BaselinePolicyFacts;
  readonly problems: readonly Problem[];
  /** The newest spec that was accepted. */
  readonly accepted: BaselinePolicySpec | undefined;
  readonly discoveryProblem: DiscoveryProblem | undefined;
}

/**
 * Every BaselinePolicy with what it renders, validated and rendered once per change instead of once per namespace. A
 * policy that turns invalid keeps what its last good spec rendered (R11); one that is deleted and created again under
 * its name starts anew, since it has another uid.
 */
export class CompiledPolicies {
  readonly #pages = new Map<string, Page>();
  /** The uids of policies whose deletion takes their objects along. */
  readonly #removing = new Set<string>();
  #discovery: DiscoveryState;
  #inOrder: readonly BaselinePolicyFacts[] = [];

  constructor(discovery: DiscoveryState) {
    this.#discovery = discovery;
  }

  /** Takes in a policy as it is now; gives back whether anything that namespaces depend on changed. */
  upsert(cached: CachedBaselinePolicy): boolean {
    const before = this.#pages.get(cached.name);
    const page = this.#pageFor(cached, before?.cached.uid === cached.uid ? before : undefined);
    this.#pages.set(cached.name, page);
    this.#sort();
    return before === undefined || !isSameForNamespaces(before.facts, page.facts);
  }

  /** Takes out a policy that is gone; gives back whether there was one. */
  delete(name: string): boolean {
    this.#removing.delete(this.#pages.get(name)?.cached.uid ?? '');
    const wasThere = this.#pages.delete(name);
    this.#sort();
    return wasThere;
  }

  /** It was decided that this policy's deletion takes its objects along (R8). */
  decideRemoval({ name, uid }: { readonly name: string; readonly uid: string }): void {
    const page = this.#pages.get(name);
    if (page?.cached.uid !== uid) {
      return;
    }
    this.#removing.add(uid);
    this.upsert(page.cached);
  }

  /** Takes in what is known of the cluster now; gives back the policies that render something else for it. */
  setDiscovery(discovery: DiscoveryState): readonly string[] {
    this.#discovery = discovery;
    return [...this.#pages.values()].flatMap(({ cached }) => (this.upsert(cached) ? [cached.name] : []));
  }

  /** Every policy in the order of names: what plans are made from. */
  get facts(): readonly BaselinePolicyFacts[] {
    return this.#inOrder;
  }

  /** What is known of one policy. */
  entry(name: string): Page | undefined {
    return this.#pages.get(name);
  }

  /** What is known of the cluster, as it is stored in every status (R14). */
  get discovered(): Discovered {
    return this.#discovery.discovered;
  }

  #sort(): void {
    this.#inOrder = [...this.#pages.values()].map(({ facts }) => facts).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #pageFor(cached: CachedBaselinePolicy, before: Page | undefined): Page {
    try {
      return this.#workedOut(cached, before);
    } catch (cause) {
      return pageOfBug(cached, before, cause);
    }
  }

  #workedOut(cached: CachedBaselinePolicy, before: Page | undefined): Page {
    const verdict = validateBaselinePolicy(cached.name, cached.spec);
    const accepted = verdict.ok ? verdict.spec : before?.accepted;
    const problems = verdict.ok ? [] : verdict.problems;
    const { name, uid, generation, isDeleting } = cached;
    // Whoever changes his mind before all is gone keeps the rest.
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
      return { cached, accepted, problems, facts, discoveryProblem: undefined };
    }
    return {
      cached,
      accepted,
      problems,
      facts: { ...identity, ...this.#rendering(name, accepted) },
      discoveryProblem: discoveryProblemFor(accepted, this.#discovery),
    };
  }

  #rendering(
    name: string,
    spec: BaselinePolicySpec,
  ): Pick<BaselinePolicyFacts, 'mode' | 'keepsOnOptOut' | 'removesOnDelete' | 'selector' | 'parts'> {
    return {
      mode: spec.mode ?? 'Enforce',
      keepsOnOptOut: spec.removal?.onOptOut === 'Keep',
      removesOnDelete: spec.removal?.onDelete === 'Remove',
      selector: spec.namespaceSelector ?? OPT_IN_SELECTOR,
      parts: renderedParts(name, spec, this.#discovery.discovered),
    };
  }
}

/** What a policy wants of which nothing was ever accepted. */
const NOTHING_ACCEPTED = {
  mode: 'Enforce',
  keepsOnOptOut: false,
  removesOnDelete: false,
  selector: undefined,
  parts: undefined,
  formerParts: undefined,
} as const;

/** What goes wrong here with one policy is told as that policy's problem: its last good set stays (R11), and the others go on. */
function pageOfBug(cached: CachedBaselinePolicy, before: Page | undefined, cause: unknown): Page {
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
  return { cached, accepted: before?.accepted, problems, facts, discoveryProblem: before?.discoveryProblem };
}

function isSameForNamespaces(before: BaselinePolicyFacts, after: BaselinePolicyFacts): boolean {
  const essence = (facts: BaselinePolicyFacts): string =>
    JSON.stringify({ ...facts, parts: facts.parts?.map((part) => part.hash) });
  return essence(before) === essence(after);
}

/** Rendered anew for the same generation, as after a discovery, a policy has no other former set than it had. */
function formerPartsOf(cached: CachedBaselinePolicy, before: Page | undefined): BaselinePolicyFacts['parts'] {
  return before?.cached.generation === cached.generation ? before.facts.formerParts : before?.facts.parts;
}
