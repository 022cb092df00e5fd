import { quantityText } from '../test/support/measuring/number-text.ts';
import type { Summary } from './figure.ts';
import type { BenchResult } from './result.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { markdownTable } from './table.ts';

/** The page that tells people how fast the operator is, out of one measurement; `findings` is what a person has to say of it. */
export function performancePage(result: BenchResult, findings: string): string {
  const { machine, date, commit, runs, figures } = result;
  return [
    '# Performance',
    '',
    '<!-- Generated from docs/performance.json and docs/performance-findings.md by bench/publish.ts. -->',
    '',
    '![How long nsbaseline takes, in times of a writer that decides nothing](performance.svg)',
    '',
    'Every figure has its *floor* from the same run: a bare writer over the same HTTP client that makes the same requests in the same order with as many watches open, and decides nothing. What counts is the ratio. Milliseconds hold for the machine they were measured on, which the API server, etcd and the measuring program share with the operator.',
    '',
    `Measured on ${date} at ${commit}: ${machine.cores} × ${machine.processor}, ${machine.memoryGiB} GiB, Node ${machine.node}, Kubernetes ${machine.kubernetes} with etcd, both with their default limits. Medians of ${runs} runs; what takes minutes was run once.`,
    '',
    markdownTable(figures),
    '',
    '## What is measured',
    '',
    ...SCENARIOS.map(({ name, what }) => `- \`${name}\`: ${what}`),
    '',
    'The operator is the bundle of `make build` with its default flags and the service account of `deploy/base`. Label and policy are timed by a third process that watches both; the requests are counted by the audit log of the API server.',
    '',
    '## Run by run',
    '',
    ...figures.flatMap(runsLine),
    '',
    '## How to repeat it',
    '',
    '```sh',
    'make bench                                  # everything, some 45 minutes on 2 cores',
    'make bench ARGS="trickle burst" RUNS=5      # some scenarios',
    'make bench ARGS=hostile SCALE=3.3           # 10,000 hostile objects instead of 3,000',
    'make bench SCALE=0.05                       # small, to see that it works',
    'make bench ARGS="--save docs/performance.json" && node bench/publish.ts',
    '```',
    '',
    'A machine that is busy otherwise gives figures that mean nothing.',
    '',
    findings.trim(),
    '',
  ].join('\n');
}

function runsLine(summary: Summary): readonly string[] {
  const { scenario, what, unit, values, floors } = summary;
  if (values.length < 2) {
    return [];
  }
  const listed = (numbers: readonly number[]): string => numbers.map((value) => quantityText(value, unit)).join(', ');
  return [`- ${scenario}, ${what}: ${listed(values)}${floors === undefined ? '' : `; floor ${listed(floors)}`}`];
}
