/** `make soak`: random events, tampering and faults on a real API server, every one of them accounted for. `-o json` prints the report as JSON. */
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';
import { progressLine, reportText } from './tables.ts';

const EXIT_INTERRUPTED = 130;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    operators: { type: 'string', default: '2' },
    output: { type: 'string', short: 'o' },
  },
});
const seed = numberIn(values.seed ?? '', { what: 'SEED', atLeast: 0 }) ?? Math.floor(Math.random() * 1_000_000);
const minutes = numberIn(values.minutes, { what: 'MINUTES', atLeast: 0.1 }) ?? 10;
const operators = numberIn(values.operators, { what: 'OPERATORS', atLeast: 1 }) ?? 2;
const isJson = values.output === 'json';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever insists does not wait; what runs ends by itself when we are gone.
    if (interruption.signal.aborted) {
      process.exit(EXIT_INTERRUPTED);
    }
    interruption.abort();
  });
}

process.stderr.write(`seed ${seed}, ${minutes} minutes, ${operators} operators\n`);
const report = await soak({
  durationMs: minutes * 60_000,
  seed,
  operators,
  signal: interruption.signal,
  onProgress: (progress) => void process.stderr.write(`${progressLine(progress)}\n`),
});
process.stdout.write(`${isJson ? JSON.stringify(report) : reportText(report)}\n`);
const reportExitCode = report.isGood ? 0 : 1;
process.exitCode = interruption.signal.aborted ? EXIT_INTERRUPTED : reportExitCode;

/** Undefined for an empty text; it ends the process where the text is no such number. */
function numberIn(
  text: string,
  { what, atLeast }: { readonly what: string; readonly atLeast: number },
): number | undefined {
  if (text === '') {
    return undefined;
  }
  const number = Number(text);
  if (Number.isFinite(number) && number >= atLeast) {
    return number;
  }
  process.stderr.write(`${what}=${text}: write a number from ${atLeast} on\n`);
  process.exit(2);
}
