import { spawn } from 'node:child_process';
import { median } from '../../test/support/measuring/statistics.ts';
import { readyMs } from '../operator-pages.ts';
import { EXECUTABLE, startOperator } from '../process.ts';
import { onBenchCluster, type Scenario } from '../scenario.ts';

const TIMES = 10;

/** Where people wait. */
export const starting: Scenario = {
  name: 'starting',
  what: 'The command line, and the operator on an idle cluster, against a Node that does nothing.',
  run: async ({ say }) => {
    say(`${TIMES} starts of each`);
    const nothingMs = await medianMs(() => ranMs(process.execPath, ['--eval', '0']));
    const helpMs = await medianMs(() => ranMs(EXECUTABLE, ['--help']));
    const operatorMs = await onBenchCluster((stage) =>
      medianMs(async () => {
        const operator = startOperator(stage.kubeconfigPath);
        const tookMs = (await readyMs(operator)) - operator.startedMs;
        await operator.stop();
        return tookMs;
      }),
    );
    return [
      {
        scenario: 'starting',
        what: 'nsbaseline --help',
        unit: 'ms',
        value: helpMs,
        floor: nothingMs,
        bar: { atMost: 150 },
      },
      {
        scenario: 'starting',
        what: 'nsbaseline run, to Ready',
        unit: 'ms',
        value: operatorMs,
        floor: nothingMs,
        bar: { atMost: 1000 },
      },
    ];
  },
};

async function medianMs(measure: () => Promise<number>): Promise<number> {
  const tookMs: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    tookMs.push(await measure());
  }
  return median(tookMs);
}

function ranMs(program: string, words: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', () => {
      resolve(performance.now() - startedMs);
    });
  });
}
