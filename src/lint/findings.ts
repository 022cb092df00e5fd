import type { Cluster } from '../policy/index.ts';
import type { Found, Severity } from './finding.ts';
import { lintContext } from './lint-context.ts';
import { LINT_CODES, LINT_RULES, type LintCode } from './lint-rules.ts';

/** A finding with its rule. */
export interface Finding extends Found {
  readonly code: LintCode;
  readonly severity: Severity;
}

/** What to lint, and by which rules. */
export interface LintInput {
  readonly cluster: Cluster;
  /** A NetworkPolicy as it was written; undefined where that is not known. */
  readonly writtenOf: (namespace: string, name: string) => unknown;
  /** All rules when absent. */
  readonly codes?: readonly LintCode[];
}

/** Everything that the rules find, rule by rule and the most serious rules first. Pure; any cluster is safe to ask about. */
export function findingsOf({ cluster, writtenOf, codes = LINT_CODES }: LintInput): readonly Finding[] {
  const context = lintContext(cluster, writtenOf);
  return codes.flatMap((code) => {
    const { severity, check } = LINT_RULES[code];
    return [...check(context)].map((found): Finding => ({ ...found, code, severity }));
  });
}
