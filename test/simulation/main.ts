import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { accountOf, type Broken, brokenBy } from './broken-histories.ts';
import { historyOf } from './histories.ts';
import type { History } from './steps.ts';

/** So many seeds are given to a worker at once. */
const PORTION = 20;
const PROGRESS_EVERY_MS = 3_000;
/** After so many the rest is not worth the time. */
const MOST_BROKEN = 10;

interface Portion {
  readonly from: number;
  readonly count: number;
}

/** One seed after another; a broken one is told at once. */
function serve(port: NonNullable<typeof parentPort>): void {
  port.on('message', ({ from, count }: Portion) => {
    const run = async (): Promise<void> => {
      for (let seed = from; seed < from + count; seed += 1) {
        const broken = await brokenBy(historyOf(seed));
        if (broken !== undefined) {
          port.postMessage(broken);
        }
      }
      port.postMessage(count);
    };
    run().catch((thrown: unknown) => {
      throw thrown;
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs the seeds on all cores; resolves with how many broke a rule. */
async function runAll({ from, count }: Portion): Promise<number> {
  const startedMs = performance.now();
  const state = { next: from, done: 0, broken: 0 };
  const workers = Array.from(
    { length: Math.min(availableParallelism(), Math.ceil(count / PORTION)) },
    () => new Worker(new URL(import.meta.url)),
  );
  const progress = (): string => {
    const seconds = (performance.now() - startedMs) / 1000;
    const rate = state.done / seconds;
    const left = rate > 0 ? `, ${Math.ceil((count - state.done) / rate)} s left` : '';
    return `${state.done} of ${count} seeds, ${state.broken} broken, ${rate.toFixed(0)} a second${left}`;
  };
  const ticker = setInterval(() => {
    say(progress());
  }, PROGRESS_EVERY_MS);
  const takeNext = (): Portion | undefined => {
    const portion = { from: state.next, count: Math.min(PORTION, from + count - state.next) };
    if (portion.count <= 0 || state.broken >= MOST_BROKEN) {
      return undefined;
    }
    state.next += portion.count;
    return portion;
  };
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        const portion = takeNext();
        if (portion === undefined) {
          resolve();
        } else {
          worker.postMessage(portion);
        }
      };
      worker.on('error', reject);
      worker.on('message', (message: Broken | number) => {
        if (typeof message === 'number') {
          state.done += message;
          give();
          return;
        }
        state.broken += 1;
        say(`\n${message.story}\n`);
      });
      give();
    });
  await Promise.all(workers.map(work)).finally(() => {
    clearInterval(ticker);
    return Promise.all(workers.map((worker) => worker.terminate()));
  });
  say(progress());
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  say(
    state.broken === 0
      ? `No rule was broken in ${state.done} seeds from ${from} on (${seconds} s).`
      : `${state.broken} of ${state.done} seeds from ${from} on broke a rule (${seconds} s).`,
  );
  return state.broken;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '100000' },
      history: { type: 'string' },
    },
  });
  if (values.history !== undefined) {
    const broken = await brokenBy(JSON.parse(values.history) as History);
    say(broken?.story ?? (await accountOf(JSON.parse(values.history) as History)));
    process.exitCode = broken === undefined ? 0 : 1;
    return;
  }
  const portion = { from: Number(values.from), count: Number(values.seeds) };
  if (
    !Number.isSafeInteger(portion.from) ||
    !Number.isSafeInteger(portion.count) ||
    portion.from < 0 ||
    portion.count < 1
  ) {
    throw new Error('SEEDS and FROM are whole numbers, SEEDS at least 1');
  }
  process.exitCode = (await runAll(portion)) === 0 ? 0 : 1;
}

if (isMainThread) {
  await main();
} else if (parentPort !== null) {
  serve(parentPort);
}
