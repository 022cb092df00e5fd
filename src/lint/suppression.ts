import { isLintCode, type LintCode } from './lint-rules.ts';

/** A comment that turns findings off, for the document of a file that it stands in. */
export interface Suppression {
  readonly codes: readonly LintCode[];
  readonly reason: string;
  /** The line of the comment, from 1. */
  readonly line: number;
  /** The first and the last line of its document. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A comment that was meant to turn findings off and does not. */
export interface SuppressionProblem {
  readonly line: number;
  readonly message: string;
}

/** The comments of a text that turn findings off, and those that fail to. */
export interface Suppressions {
  readonly suppressions: readonly Suppression[];
  readonly problems: readonly SuppressionProblem[];
}

/** How such a comment looks. */
export const SUPPRESSION_FORM = '# nsbaseline-lint-disable CODE[,CODE…]: why';

const COMMENT = /(?:^|\s)#\s*nsbaseline-lint-disable\b([^:]*)(?::(.*))?$/;
/** Where a document ends; in YAML three dashes at the start of a line are nothing else. */
const DOCUMENT_START = /^---(?:\s|$)/;

/**
 * Finds `# nsbaseline-lint-disable CODE: why` in the text of a YAML file. It is for the document that it stands in, and
 * needs a reason, so that whoever reads the file knows why the finding may stay.
 */
export function suppressionsIn(text: string): Suppressions {
  const suppressions: Suppression[] = [];
  const problems: SuppressionProblem[] = [];
  const lines = text.split(/\r?\n/);
  const starts = [
    1,
    ...lines.flatMap((line, index) => (DOCUMENT_START.test(line) ? [index + 1] : [])),
    lines.length + 1,
  ];
  for (const [index, line] of lines.entries()) {
    const comment = COMMENT.exec(line);
    if (comment === null) {
      continue;
    }
    const at = index + 1;
    const codes = (comment[1] ?? '').split(/[\s,]+/).filter((code) => code !== '');
    const unknown = codes.find((code) => !isLintCode(code));
    const reason = (comment[2] ?? '').trim();
    const problem = problemOf(codes, unknown, reason);
    if (problem !== undefined) {
      problems.push({ line: at, message: problem });
      continue;
    }
    const firstLine = starts.findLast((start) => start <= at) ?? 1;
    const lastLine = (starts.find((start) => start > at) ?? lines.length + 1) - 1;
    suppressions.push({ codes: codes.filter(isLintCode), reason, line: at, firstLine, lastLine });
  }
  return { suppressions, problems };
}

/** Whether a finding of this code on this line is turned off. */
export function isSuppressed(
  suppressions: readonly Suppression[],
  finding: { readonly code: LintCode; readonly line: number },
): boolean {
  return suppressions.some(
    ({ codes, firstLine, lastLine }) =>
      codes.includes(finding.code) && firstLine <= finding.line && finding.line <= lastLine,
  );
}

function problemOf(codes: readonly string[], unknown: string | undefined, reason: string): string | undefined {
  if (codes.length === 0) {
    return `names no code; write ${SUPPRESSION_FORM}`;
  }
  if (unknown !== undefined) {
    return `${unknown.slice(0, 64)} is no code of a finding; nsbaseline lint --list names them`;
  }
  return reason === '' ? `gives no reason; write ${SUPPRESSION_FORM}` : undefined;
}
