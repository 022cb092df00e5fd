import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../control-plane/cache.ts';
import { EVENTUALLY_MS } from '../deadlines.ts';
import { metricSum } from '../measuring/metric-sum.ts';
import { type Program, startProgram } from '../measuring/program.ts';

/** A line of the operator's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The real operator as a process of its own. */
export interface OperatorProcess extends Pick<Program, 'processId' | 'exited' | 'consumption'> {
  /** Every log line so far. */
  readonly log: readonly LogLine[];
  /** Resolves with the first line, past or to come, that has this message; rejects when the process ends or the deadline passes before. */
  said(message: string, deadlineMs?: number): Promise<LogLine>;
  /** The body of `/metrics`, `/readyz` or `/livez`, and its status. */
  page(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The sum of a metric over the series whose labels contain all of `labels`. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** SIGSTOP stops it where it stands, SIGCONT lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGTERM by default; resolves with the exit code when it has ended, -1 where a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Hundreds of starts of one program: what Node has compiled once it need not compile again. */
const QUICK_START = { NODE_COMPILE_CACHE: join(cacheDirectory(process.env), 'compiled') };
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Starts `nsbaseline run` with the credentials of a kubeconfig, on a free port, and does not wait for it to be ready. */
export function startOperator(options: {
  readonly kubeconfigPath: string;
  readonly arguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): OperatorProcess {
  const flags = [
    'run',
    '--kubeconfig',
    options.kubeconfigPath,
    '--listen',
    '127.0.0.1:0',
    '--log-format',
    'json',
    '--log-level',
    'debug',
    ...(options.arguments ?? []),
  ];
  const log: LogLine[] = [];
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...QUICK_START, ...options.env };
  const program = startProgram([MAIN, ...flags], env, (line) => {
    log.push(parsedLine(line));
  });
  const said = async (message: string, deadlineMs = EVENTUALLY_MS): Promise<LogLine> =>
    parsedLine(
      await program.said((line) => line.includes(message) && parsedLine(line).msg === message, {
        text: message,
        deadlineMs,
      }),
    );
  const page = async (path: string): Promise<{ status: number; body: string }> => {
    const { port } = await said('serving metrics and probes');
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    processId: program.processId,
    log,
    exited: program.exited,
    consumption: () => program.consumption(),
    said,
    page,
    metric: async (name, labels = {}) => metricSum((await page('/metrics')).body, name, labels),
    signal: (signal) => {
      program.signal(signal);
    },
    stop: (signal = 'SIGTERM') => program.stop(signal),
  };
}

function parsedLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'raw', msg: text };
  }
}
