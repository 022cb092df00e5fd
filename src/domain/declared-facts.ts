import { type BaselinePolicySpec, type Discovered, graceMsOf } from '../api/baseline-policy.ts';
import { dnsDoubtFor } from './discovery/dns-doubt.ts';
import { renderedParts } from './rendering/rendering.ts';
import { OPT_IN_SELECTOR } from './selection.ts';
import type { BaselinePolicyFacts } from './world.ts';

/** The facts of a BaselinePolicy that follow from its spec. */
export type DeclaredFacts = Pick<
  BaselinePolicyFacts,
  'mode' | 'keepsOnOptOut' | 'graceMs' | 'removesOnDelete' | 'selector' | 'parts' | 'dnsDoubt'
>;

/** What a valid spec declares, an absent field with its default. */
export function declaredFacts(name: string, spec: BaselinePolicySpec, discovered: Discovered): DeclaredFacts {
  return {
    mode: spec.mode ?? 'Enforce',
    keepsOnOptOut: spec.removal?.onOptOut === 'Keep',
    graceMs: graceMsOf(spec.removal),
    removesOnDelete: spec.removal?.onDelete === 'Remove',
    selector: spec.namespaceSelector ?? OPT_IN_SELECTOR,
    parts: renderedParts(name, spec, discovered),
    dnsDoubt: dnsDoubtFor(spec, discovered),
  };
}
