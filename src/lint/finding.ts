import type { ObjectName } from '../policy/index.ts';
import type { LintContext } from './lint-context.ts';

/** How much a finding matters: an `error` breaks or refuses something, a `warning` opens or misleads, a `note` is about upkeep. */
export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a check found: the object, the field, what is wrong with it and what to write instead. */
export interface Found {
  readonly object: ObjectName;
  /** Where in the object, such as `spec.egress[0].to[1]`; empty for the whole object. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** One row of the table of rules: what is looked for, and how. */
export interface LintRule {
  readonly severity: Severity;
  /** What the rule finds, in one line. */
  readonly title: string;
  readonly check: (context: LintContext) => Iterable<Found>;
}
