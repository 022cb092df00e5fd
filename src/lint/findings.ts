import type { Found, Severity } from './finding.ts';
import { type LintInput, lintContext } from './lint-context.ts';
import { LINT_CODES, LINT_RULES, type LintCode } from './lint-rules.ts';

/** A finding with its rule. */
export interface Finding extends Found {
  readonly code: LintCode;
  readonly severity: Severity;
}

/** Everything that the rules find, rule by rule and the most serious rules first. Pure; any cluster is safe to ask about. */
export function findingsOf(input: LintInput, codes: readonly LintCode[] = LINT_CODES): readonly Finding[] {
  const context = lintContext(input);
  return codes.flatMap((code) => {
    const { severity, check } = LINT_RULES[code];
    return [...check(context)].map((found): Finding => ({ ...found, code, severity }));
  });
}
