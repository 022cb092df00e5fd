import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../control-plane/cache.ts';
import { EVENTUALLY_MS } from '../deadlines.ts';

/** A line of the operator's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The real operator as a process of its own. */
export interface OperatorProcess {
  /** The id of its process; 0 when it could not be started. */
  readonly processId: number;
  /** Every log line so far. */
  readonly log: readonly LogLine[];
  /** The exit code, once it has ended; -1 where a signal ended it. */
  readonly exited: Promise<number>;
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
  const child = spawn(process.execPath, [MAIN, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...QUICK_START, ...options.env },
  });
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  const take = (text: string): void => {
    log.push(parsedLine(text));
    for (const look of waiting) {
      look();
    }
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code) => {
      resolve(code ?? -1);
    });
  });
  // A test process that dies must not leave an operator behind.
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void exited.then(() => process.off('exit', killWithUs));

  const said = (message: string, deadlineMs = EVENTUALLY_MS): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        waiting.delete(look);
        finish();
      };
      const look = (): void => {
        const line = log.find(({ msg }) => msg === message);
        if (line !== undefined) {
          settle(() => {
            resolve(line);
          });
        }
      };
      const giveUp = (why: string): void => {
        settle(() => {
          reject(
            new Error(
              `the operator did not say "${message}": ${why}\n${log
                .slice(-20)
                .map((line) => JSON.stringify(line))
                .join('\n')}`,
            ),
          );
        });
      };
      const timer = setTimeout(() => {
        giveUp(`not within ${deadlineMs} ms`);
      }, deadlineMs);
      waiting.add(look);
      void exited.then((code) => {
        giveUp(`it ended with ${code}`);
      });
      look();
    });
  const page = async (path: string): Promise<{ status: number; body: string }> => {
    const { port } = await said('serving metrics and probes');
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    processId: child.pid ?? 0,
    log,
    exited,
    said,
    page,
    metric: async (name, labels = {}) => metricSum((await page('/metrics')).body, name, labels),
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

function parsedLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'raw', msg: text };
  }
}

function metricSum(page: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const series = page.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return series
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
