import { z } from 'zod';
import { allowSchema } from './allow.ts';
import { about, filledList, keyedBy, list, text, unique } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { modeSchema } from './mode.ts';
import { type Direction, directionSchema, labelSelectorSchema } from './network-policy.ts';
import { type Rule, ruleNameSchema, ruleSchema } from './policy-rule.ts';
import { type SchemaRule, withRules } from './schema-rule.ts';

export { type Allow, allowSchema } from './allow.ts';
export * from './baseline-policy-status.ts';
export { type Mode, modeSchema } from './mode.ts';
export { type Rule, ruleSchema } from './policy-rule.ts';

/** What happens to managed NetworkPolicies that are no longer wanted. */
export const removalActionSchema = z.enum(['Remove', 'Keep']);

/** The default of `removal.grace`. */
const DEFAULT_GRACE = '10s';

/** Whole seconds up to 3600, or whole minutes up to 60. */
const GRACE_PATTERN = /^(([0-9]|[1-9][0-9]{1,2}|[1-2][0-9]{3}|3[0-5][0-9]{2}|3600)s|([0-9]|[1-5][0-9]|60)m)$/;

const graceSchema = text(BOUNDS.durationLength).regex(
  GRACE_PATTERN,
  'is not a time such as 10s or 2m: whole seconds up to 3600s, or whole minutes up to 60m',
);

const removalSchema = z.strictObject({
  onOptOut: about(
    removalActionSchema.optional(),
    'When a namespace is no longer selected: Remove deletes the managed NetworkPolicies there, Keep leaves them in place, marked as kept and no longer repaired.',
    'Remove',
  ),
  onDelete: about(
    removalActionSchema.optional(),
    'When this BaselinePolicy is deleted: Keep leaves its NetworkPolicies in place, Remove deletes them first. Keep is safer: deleting the policy then opens nothing.',
    'Keep',
  ),
  grace: about(
    graceSchema.optional(),
    'How long an opt-out, by whatever cause, waits before anything is removed: whole seconds or minutes up to one hour, such as 10s or 2m. A label that is back within that time changes nothing. 0s removes at once.',
    DEFAULT_GRACE,
  ),
});

/** How long an opt-out waits, in milliseconds: `removal.grace`, or its default. */
export function graceMsOf(removal: { readonly grace?: string | undefined } | undefined): number {
  const grace = removal?.grace ?? DEFAULT_GRACE;
  return Number.parseInt(grace, 10) * (grace.endsWith('m') ? 60_000 : 1000);
}

/** How long an opt-out waits where nothing is declared, in milliseconds. */
export const DEFAULT_GRACE_MS = graceMsOf(undefined);

/** A policy may not allow traffic in a direction that it does not isolate: any NetworkPolicy that selects a pod for a direction isolates it. */
function isolatedDirectionRule(
  direction: Direction,
  field: 'ingress' | 'egress',
): SchemaRule<{ isolate?: Direction[] | undefined; rules?: Rule[] | undefined }> {
  return {
    cel: `!has(self.rules) || !has(self.isolate) || self.isolate.size() == 0 || '${direction}' in self.isolate || !self.rules.exists(rule, has(rule.${field}))`,
    holds: ({ isolate, rules = [] }) =>
      isolate === undefined ||
      isolate.length === 0 ||
      isolate.includes(direction) ||
      !rules.some((rule) => rule[field] !== undefined),
    message: `a rule has ${field}, but this policy does not isolate ${direction}, and a NetworkPolicy that allows something isolates the pods that it selects; add ${direction} to isolate, or take ${field} out of the rule`,
    suggestion: ({ rules = [] }) => rules.flatMap((rule) => (rule[field] === undefined ? [] : [rule.name])).join(', '),
    field: 'rules',
  };
}

/** A leftover name would accept a rule that somebody adds under it later. */
const ACKNOWLEDGED_RULE: SchemaRule<{ acknowledge?: string[] | undefined; rules?: Rule[] | undefined }> = {
  cel: '!has(self.acknowledge) || self.acknowledge.all(name, has(self.rules) && self.rules.exists(rule, rule.name == name))',
  holds: ({ acknowledge = [], rules = [] }) => acknowledge.every((name) => rules.some((rule) => rule.name === name)),
  message: 'every name must be that of a rule in rules; correct the others, or take them out',
  suggestion: ({ acknowledge = [], rules = [] }) =>
    acknowledge.filter((name) => !rules.some((rule) => rule.name === name)).join(', '),
  field: 'acknowledge',
};

/** The baseline of a class of namespaces. Every field is optional: `{}` means all the defaults. */
export const baselinePolicySpecSchema = withRules(
  z.strictObject({
    namespaceSelector: about(
      labelSelectorSchema.optional(),
      'The namespaces that get this baseline, by their labels. {} selects every namespace. System namespaces and the namespaces that the operator is configured to exclude are never selected.',
      'namespaces labelled nsbaseline.io/enabled=true',
    ),
    mode: about(
      modeSchema.optional(),
      'Enforce keeps the NetworkPolicies in place. DryRun writes and deletes none, and reports in each NamespaceBaseline what Enforce would do. Paused does neither. In DryRun and Paused, existing NetworkPolicies stay as they are and are not repaired.',
      'Enforce',
    ),
    isolate: about(
      unique(
        filledList(
          about(directionSchema, 'A direction, seen from the pods.'),
          2,
          'an empty list would isolate nothing; leave isolate out for both directions, or name Ingress, Egress or both; to stop enforcing, write mode: Paused',
        ),
      ).optional(),
      'The directions that are closed except for the traffic that this and other NetworkPolicies allow. A direction that is not listed stays fully open, and nothing is rendered for it.',
      '[Ingress, Egress]',
    ),
    allow: about(
      allowSchema.optional(),
      'The traffic that is allowed in isolated namespaces, by purpose.',
      'DNS and monitoring',
    ),
    rules: about(
      keyedBy(list(about(ruleSchema, 'One NetworkPolicy of your own.'), BOUNDS.rules), 'name').optional(),
      'Further NetworkPolicies for each namespace, in the form of the NetworkPolicy API. Each rule becomes one NetworkPolicy.',
      'none',
    ),
    acknowledge: about(
      unique(list(about(ruleNameSchema, 'The name of a rule.'), BOUNDS.rules)).optional(),
      'The rules that open a direction for everyone on purpose, by name. A rule that does so and is not named here makes the condition OwnRuleOpen True; it is written all the same.',
      'none',
    ),
    removal: about(
      removalSchema.optional(),
      'What happens to managed NetworkPolicies that are no longer wanted.',
      'removed when a namespace opts out, kept when this policy is deleted',
    ),
  }),
  isolatedDirectionRule('Ingress', 'ingress'),
  isolatedDirectionRule('Egress', 'egress'),
  ACKNOWLEDGED_RULE,
);
/** {@link baselinePolicySpecSchema} */
export type BaselinePolicySpec = z.infer<typeof baselinePolicySpecSchema>;
