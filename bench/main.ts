/**
 * `make bench`: how fast the operator is and how much it takes, against a real API server and etcd, with the floor of
 * each figure in the same run. Progress goes to stderr, the table (or JSON with `-o json`) to stdout.
 *
 *     node bench/main.ts [--runs 3] [--scale 1] [-o json] [--save file] [scenario...]
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { benchOptions } from './command-line.ts';
import { type Figure, summariesOf } from './figure.ts';
import { thisMachine } from './machine.ts';
import { ProtectedClusters } from './protected-clusters.ts';
import type { BenchResult } from './result.ts';
import type { Scenario } from './scenario.ts';
import { scenariosNamed } from './scenarios/all.ts';
import { screenTable } from './table.ts';

const { scenarios, runs, scale, isJson, savedTo } = benchOptions(process.argv.slice(2));
const chosen = scenariosNamed(scenarios);
const estates = new ProtectedClusters();
const figures: Figure[] = [];
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const beganMs = performance.now();

function say(text: string): void {
  const seconds = String(Math.round((performance.now() - beganMs) / 1000));
  process.stderr.write(`${seconds.padStart(5)} s  ${text}\n`);
}

async function measure(scenario: Scenario, run: number): Promise<void> {
  say(`${scenario.name}, run ${run + 1} of ${runsOf(scenario)}`);
  const sized = (count: number): number => Math.max(1, Math.round(count * scale));
  figures.push(
    ...(await scenario.run({
      sized,
      estates,
      say: (text) => {
        say(`  ${text}`);
      },
    })),
  );
}

function runsOf({ isLong }: Scenario): number {
  return isLong === true ? 1 : runs;
}

function result(): BenchResult {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit,
    machine: thisMachine(),
    runs,
    scale,
    figures: summariesOf(figures),
  };
}

/** Long scenarios are measured in the first round only. */
async function measureAll(run: number): Promise<void> {
  for (const scenario of chosen.filter((each) => run < runsOf(each))) {
    await measure(scenario, run);
    if (savedTo !== undefined) {
      writeFileSync(savedTo, `${JSON.stringify(result(), null, 2)}\n`);
    }
  }
}

try {
  for (let run = 0; run < runs; run += 1) {
    await measureAll(run);
  }
} finally {
  await estates.end();
}
process.stdout.write(isJson ? `${JSON.stringify(result(), null, 2)}\n` : `${screenTable(result().figures)}\n`);
