import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fieldsOf, parsedJson, textOf } from '../../src/base/json.ts';

/** What the operator of the demo runs with. */
export interface OperatorOptions {
  /** Credentials of its own service account. */
  readonly kubeconfigPath: string;
  /** Its log goes here, one JSON object a line. */
  readonly logPath: string;
  /** The process that owns the control plane: a kept operator ends with it. */
  readonly controlPlaneProcessId: number;
}

/** The real operator as a process of its own. It ends with `stop`, and by itself when this process ends in any way. */
export interface DemoOperator {
  /** Resolves when it has logged this message; throws when it ends before, when `signal` is aborted, or after 30 s. */
  said(message: string, signal: AbortSignal): Promise<void>;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number>;
  /** The last lines of its log, as text for people. */
  lastLines(count: number): Promise<readonly string[]>;
  /** Asks it to end in order and resolves when it has. */
  stop(): Promise<void>;
  /** Lets it outlive this process; from now on it ends with the control plane. */
  keep(): Promise<void>;
}

const HOST = fileURLToPath(new URL('operator-host.ts', import.meta.url));
const LOOK_INTERVAL_MS = 20;
const START_LIMIT_MS = 30_000;

/** Starts `nsbaseline run` and does not wait for it. */
export function startDemoOperator(options: OperatorOptions): DemoOperator {
  // A session of its own, so that Ctrl-C reaches only us, and everything ends in order.
  const host = spawn(process.execPath, [HOST, JSON.stringify(options)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  host.stdin.on('error', () => undefined);
  let exitCode: number | undefined;
  const exited = new Promise<number>((resolve) => {
    const end = (code: number): void => {
      exitCode = code;
      resolve(code);
    };
    host.on('exit', (code) => {
      end(code ?? 1);
    });
    host.on('error', () => {
      end(1);
    });
  });
  const log = async (): Promise<readonly string[]> => {
    const text = await readFile(options.logPath, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  return {
    exited,
    async said(message, signal) {
      const deadlineMs = performance.now() + START_LIMIT_MS;
      while (!(await log()).some((line) => fieldsIn(line).msg === message)) {
        if (exitCode !== undefined) {
          throw new Error(`The operator ended with exit code ${exitCode} before it said "${message}".`);
        }
        if (performance.now() > deadlineMs) {
          throw new Error(`The operator did not say "${message}" within ${START_LIMIT_MS / 1000} s.`);
        }
        await pause(LOOK_INTERVAL_MS, undefined, { signal });
      }
    },
    lastLines: async (count) => (await log()).slice(-count).map(readableLine),
    async stop() {
      host.stdin.end();
      await exited;
    },
    async keep() {
      await new Promise<void>((resolve) => {
        host.stdin.end('keep\n', () => {
          resolve();
        });
      });
      host.unref();
    },
  };
}

const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['level', 'msg', 'time', 'pid', 'hostname']);

/** A line of the operator's log as people read it: level, message, then its fields; any other line as it is. */
export function readableLine(line: string): string {
  const fields = fieldsIn(line);
  if (fields.msg === undefined) {
    return line;
  }
  const rest = Object.entries(fields)
    .filter(([name]) => !TOLD_OTHERWISE.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [textOf(fields.level).padEnd(5), textOf(fields.msg), ...rest].join(' ');
}

/** What is not JSON, such as the trace of a crash, has no fields. */
function fieldsIn(line: string): Readonly<Record<string, unknown>> {
  return fieldsOf(parsedJson(line));
}
