import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCodeName } from '../../../app/exit-codes.ts';
import type { PortOf } from '../../../policy/index.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { fail } from '../../frame/command-run.ts';
import { addHelp } from '../../frame/help-text.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { wordList } from '../../frame/word-list.ts';
import { numberedPort } from '../../objects/asked-port.ts';
import { type JudgedCluster, judgedClusterOf } from '../../objects/judged-cluster.ts';
import { addObjectFlags, type ObjectFlags } from '../../objects/object-flags.ts';
import { failForProblems, type ObjectsRun, withObjects } from '../../objects/read-objects.ts';
import { readingViewOf } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';
import { printable } from '../../views/printable.ts';
import { structuredText } from '../../views/structured-output.ts';
import { type AskedMatrix, askedMatrix, type Grouping } from './matrix-cells.ts';
import type { MatrixRow } from './matrix-schema.ts';
import { truthTable } from './truth-table.ts';

const VERDICTS: readonly MatrixRow['verdict'][] = ['allowed', 'denied', 'undefined', 'mixed'];

interface MatrixFlags extends ObjectFlags {
  readonly ports?: readonly PortOf[];
  readonly by: Grouping;
  readonly output: 'table' | 'json' | 'yaml' | 'csv';
  readonly failOn?: readonly MatrixRow['verdict'][];
}

type MatrixRun = ObjectsRun & { readonly flags: MatrixFlags };

/** More cells than this are neither read by people nor held in memory as JSON. */
const MOST_CELLS = 5_000_000;

/** `matrix`: who may connect to whom, for every pair of pods and every port. It only reads. */
export function defineMatrix(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description('Shows who may connect to whom: the verdict for every pair of pods and every port.')
    .addOption(
      new Option(
        '--ports <ports>',
        'the ports to ask about, such as 80/tcp,53/udp (default: those that the containers of the destination declare)',
      ).argParser(portsOf),
    )
    .addOption(
      new Option('--by <group>', 'what counts as one').choices(['pod', 'workload', 'namespace']).default('pod'),
    );
  addObjectFlags(command, 'only pairs with an end in this namespace (default: every pair)')
    .addOption(
      new Option('-o, --output <format>', 'what it looks like')
        .choices(['table', 'json', 'yaml', 'csv'])
        .default('table'),
    )
    .addOption(
      new Option(
        '--fail-on <verdicts>',
        'exit 5 where a cell has one of these verdicts: allowed, denied, undefined or mixed, with commas',
      ).argParser(wordList(VERDICTS, 'Write allowed, denied, undefined or mixed, or several with commas.')),
    )
    .action((flags: MatrixFlags) => printMatrix({ name: 'matrix', flags, context, terminal }));
  addHelp(command, context, {
    text: matrixHelp(context),
    exitCodes: ['ok', 'failed', 'usage', 'unreachable', 'found'],
  });
}

async function printMatrix(run: MatrixRun): Promise<void> {
  await withObjects(run, (read) => failForProblems(run, read.problems) ?? judge(run, judgedClusterOf(read)));
}

function judge(run: MatrixRun, judged: JudgedCluster): ExitCodeName {
  const { flags, context } = run;
  const { ports, by, namespace } = flags;
  const asked = askedMatrix(judged, { ports, by, namespace });
  if (by === 'pod' && asked.podCellCount > MOST_CELLS) {
    const advice = 'ask for one namespace with -n, for fewer ports with --ports, or for --by workload';
    return fail(run, `there are ${asked.podCellCount} cells, more than ${MOST_CELLS}: ${advice}`, 'usage');
  }
  if (flags.output === 'table' || flags.output === 'csv') {
    for (const note of judged.notes) {
      context.writeError(`note: ${note}\n`);
    }
  }
  const found = new Set<MatrixRow['verdict']>();
  printCells(run, judged, observed(asked, found));
  return flags.failOn?.some((verdict) => found.has(verdict)) === true ? 'found' : 'ok';
}

/** The cells, with every verdict that they have in `found` once they were read. */
function* observed(asked: AskedMatrix, found: Set<MatrixRow['verdict']>): Iterable<MatrixRow> {
  for (const cell of asked.cells()) {
    found.add(cell.verdict);
    yield cell;
  }
}

function printCells({ flags, context, terminal }: MatrixRun, judged: JudgedCluster, cells: Iterable<MatrixRow>): void {
  switch (flags.output) {
    case 'table':
      context.print(truthTable(cells, { isColoured: isColoured(terminal, context.env) }));
      return;
    case 'csv':
      context.print('from,to,protocol,port,egress,ingress,verdict\n');
      for (const cell of cells) {
        context.print(`${Object.values(cell).map(csvField).join(',')}\n`);
      }
      return;
    default:
      context.print(
        structuredText(
          {
            apiVersion: OUTPUT_API_VERSION,
            kind: 'Matrix',
            by: flags.by,
            cells: [...cells],
            reading: readingViewOf(judged),
          },
          flags.output,
        ),
      );
  }
}

/** By RFC 4180; a field that a spreadsheet would take for a formula begins with an apostrophe. */
function csvField(value: string | number): string {
  const text = printable(String(value));
  const harmless = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function portsOf(text: string): readonly PortOf[] {
  return text.split(',').map((item) => {
    const port = numberedPort(item);
    if (port === undefined) {
      throw new InvalidArgumentError('Write ports such as 80/tcp,53/udp.');
    }
    return port;
  });
}

function matrixHelp({ programName }: CommandContext): string {
  return `
The egress of the source and the ingress of the destination are judged each on its own, and together. A pod to itself is
always allowed. A workload without live pods is judged by its template. In the table, equal rows and equal columns are
one. With -f no cluster is asked, unless --with-cluster lays the files over it.

Examples:
  ${programName} matrix -n shop
  ${programName} matrix --by workload --ports 80/tcp,53/udp
  ${programName} matrix -f manifests/ -R -o csv
  ${programName} matrix --by namespace --ports 443/tcp -o json
  kustomize build | ${programName} matrix -f - --fail-on undefined`;
}
