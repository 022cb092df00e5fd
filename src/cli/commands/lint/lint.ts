import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ExitCodeName, exitCode } from '../../../app/exit-codes.ts';
import { SEVERITIES, type Severity } from '../../../lint/finding.ts';
import { isLintCode, LINT_CODES, type LintCode } from '../../../lint/lint-rules.ts';
import { SUPPRESSION_FORM } from '../../../lint/suppression.ts';
import { buildInfo } from '../../../telemetry/version.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addHelp } from '../../frame/help-text.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { type JudgedCluster, judgedClusterOf } from '../../objects/judged-cluster.ts';
import { addObjectFlags, type ObjectFlags } from '../../objects/object-flags.ts';
import { failForProblems, type ObjectsRun, withObjects } from '../../objects/read-objects.ts';
import { readingViewOf } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';
import { printableJson } from '../../views/printable.ts';
import { structuredText } from '../../views/structured-output.ts';
import { checkstyleText, githubText } from './lint-annotations.ts';
import { type LintRows, lintRows, SuppressionComments } from './lint-rows.ts';
import { sarifLog } from './lint-sarif.ts';
import { lintText, ruleListText } from './lint-text.ts';

interface LintFlags extends ObjectFlags {
  readonly only?: readonly LintCode[];
  readonly skip?: readonly LintCode[];
  readonly list?: true;
  readonly failOn: Severity | 'never';
  readonly output: 'table' | 'json' | 'yaml' | 'sarif' | 'github' | 'checkstyle';
}

type LintRun = ObjectsRun & { readonly flags: LintFlags };

/** `lint`: what may be wrong with NetworkPolicies, with what to write instead. It only reads. */
export function defineLint(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description(
      'Finds what may be wrong with NetworkPolicies, of files or of a cluster, and says what to write instead.',
    )
    .addOption(new Option('--only <codes>', 'look for these only, with commas').argParser(codesOf))
    .addOption(new Option('--skip <codes>', 'do not look for these, with commas').argParser(codesOf))
    .option('--list', 'print the codes and what they find')
    .addOption(
      new Option('--fail-on <severity>', 'exit 5 where something this serious, or more, is found')
        .choices([...SEVERITIES, 'never'])
        .default('error'),
    );
  addObjectFlags(command, 'only what is in this namespace; objects of files that name none are in it')
    .addOption(
      new Option('-o, --output <format>', 'what it looks like')
        .choices(['table', 'json', 'yaml', 'sarif', 'github', 'checkstyle'])
        .default('table'),
    )
    .action((flags: LintFlags) => lint({ name: 'lint', flags, context, terminal }));
  addHelp(command, context, {
    text: lintHelp(context),
    exitCodes: ['ok', 'failed', 'usage', 'unreachable', 'found'],
  });
}

async function lint(run: Omit<LintRun, 'onText'>): Promise<void> {
  const { flags, context, terminal } = run;
  if (flags.list === true) {
    context.print(ruleListText({ isColoured: isColoured(terminal, context.env) }));
    context.exit(exitCode('ok'));
    return;
  }
  const comments = new SuppressionComments();
  const reading: LintRun = {
    ...run,
    onText: (text) => {
      comments.add(text);
    },
  };
  await withObjects(reading, (read) => {
    const problem = failForProblems(run, read.problems);
    return problem ?? report(run, judgedClusterOf(read), comments);
  });
}

function report(run: LintRun, judged: JudgedCluster, comments: SuppressionComments): ExitCodeName {
  const { flags, context } = run;
  const codes = (flags.only ?? LINT_CODES).filter((code) => flags.skip?.includes(code) !== true);
  const found = lintRows(judged, { codes, namespace: flags.namespace }, comments);
  if (flags.output === 'table' || flags.output === 'github') {
    // What the API server refuses is among the findings.
    for (const note of judged.notes.filter((text) => !judged.refusalNotes.includes(text))) {
      context.writeError(`note: ${note}\n`);
    }
  }
  context.print(outputText(run, judged, found));
  const worst = SEVERITIES.findIndex((severity) => found.rows.some((row) => row.severity === severity));
  const limit = SEVERITIES.findIndex((severity) => severity === flags.failOn);
  return worst !== -1 && worst <= limit ? 'found' : 'ok';
}

function outputText(
  { flags, context, terminal }: LintRun,
  judged: JudgedCluster,
  { rows, suppressedCount }: LintRows,
): string {
  switch (flags.output) {
    case 'table':
      return lintText(rows, suppressedCount, { isColoured: isColoured(terminal, context.env) });
    case 'sarif':
      return `${printableJson(JSON.stringify(sarifLog(rows, buildInfo.version), null, 2))}\n`;
    case 'github':
      return githubText(rows);
    case 'checkstyle':
      return checkstyleText(rows);
    default:
      return structuredText(
        {
          apiVersion: OUTPUT_API_VERSION,
          kind: 'LintReport',
          findings: rows,
          suppressed: suppressedCount,
          reading: readingViewOf(judged),
        },
        flags.output,
      );
  }
}

function codesOf(text: string): readonly LintCode[] {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !isLintCode(word));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`${unknown} is no code; --list names them.`);
  }
  return words.filter(isLintCode);
}

function lintHelp({ programName }: CommandContext): string {
  return `
With -f no cluster is asked. Whether a selector selects anything, and which ports pods declare, is only known where pods
or workloads are among the objects: --with-cluster brings those of the cluster, and reports about the files alone.

A comment in a file turns findings off for the document that it stands in; it needs a reason:
  ${SUPPRESSION_FORM}

Examples:
  ${programName} lint -f manifests/ -R
  ${programName} lint -n shop
  helm template shop chart/ | ${programName} lint -f -
  ${programName} lint -f manifests/ -R -o sarif --fail-on warning > findings.sarif
  ${programName} lint --list`;
}
