import { LINT_CODES, LINT_RULES } from '../../../lint/lint-rules.ts';
import { type LintRow, SUPPRESSION_CODE } from './lint-schema.ts';
import { objectText } from './lint-text.ts';

/** What code scanning reads: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html */
export function sarifLog(rows: readonly LintRow[], version: string): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'nsbaseline', version, rules: sarifRules() } }, results: rows.map(sarifResult) }],
  };
}

function sarifRules(): readonly object[] {
  const rules = LINT_CODES.map((code) => sarifRule(code, LINT_RULES[code]));
  const comment = { severity: 'warning', title: 'a comment that turns no finding off' } as const;
  return [...rules, sarifRule(SUPPRESSION_CODE, comment)];
}

function sarifRule(id: string, { severity, title }: { readonly severity: string; readonly title: string }): object {
  return { id, shortDescription: { text: title }, defaultConfiguration: { level: severity } };
}

function sarifResult({ code, severity, message, fix, file, line, object, path }: LintRow): object {
  const logical =
    object === undefined
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: `${objectText(object)} ${path}`.trim(), kind: 'resource' }] };
  const physical =
    file === undefined
      ? {}
      : { physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region: { startLine: line ?? 1 } } };
  return {
    ruleId: code,
    level: severity,
    message: { text: `${message}. Fix: ${fix}.` },
    locations: [{ ...physical, ...logical }],
  };
}
