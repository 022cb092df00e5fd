import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** What a process takes: memory in bytes, and the CPU time since its start in milliseconds. */
export interface Consumption {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  readonly cpuMs: number;
}

/** A program in a process of its own, which dies with this one. */
export interface Program {
  /** The id of its process; 0 when it could not be started. */
  readonly processId: number;
  /** When it was started, on the scale of `performance.now()`. */
  readonly startedMs: number;
  /** The exit code, once it has ended and all it said was read; -1 where a signal ended it. */
  readonly exited: Promise<number>;
  /**
   * Resolves with the first line, past or to come, that fits; rejects when the program ends before, or when the deadline
   * passes. Without a deadline it waits as long as the program runs.
   */
  said(isWanted: (line: string) => boolean, wanted: Wanted): Promise<string>;
  /** Read from /proc: Linux only (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
  consumption(): Promise<Consumption>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal, and SIGKILL to a program that outlives its grace; resolves with the exit code. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<number>;
}

interface Wanted {
  /** For the message of the rejection. */
  readonly text: string;
  readonly deadlineMs?: number;
}

const TICKS_PER_SECOND = 100;
/** How many lines an error shows. */
const LAST_LINES = 20;

/** Starts Node with these arguments. `onLine` gets every line of both its outputs. */
export function startProgram(
  nodeArguments: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => undefined,
): Program {
  const startedMs = performance.now();
  const child = spawn(process.execPath, nodeArguments, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const lines: string[] = [];
  const looking = new Set<() => void>();
  const take = (line: string): void => {
    lines.push(line);
    onLine(line);
    for (const look of looking) {
      look();
    }
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  const exited = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void exited.then(() => process.off('exit', killWithUs));

  const said: Program['said'] = (isWanted, { text, deadlineMs }) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        looking.delete(look);
      };
      const giveUp = (why: string): void => {
        end();
        reject(new Error(`it did not say "${text}": ${why}\n${lines.slice(-LAST_LINES).join('\n')}`));
      };
      let next = 0;
      const look = (): void => {
        const line = lines.slice(next).find(isWanted);
        next = lines.length;
        if (line !== undefined) {
          end();
          resolve(line);
        }
      };
      const timer =
        deadlineMs === undefined
          ? undefined
          : setTimeout(() => {
              giveUp(`not within ${deadlineMs} ms`);
            }, deadlineMs);
      looking.add(look);
      void exited.then((code) => {
        giveUp(`it ended with ${code}`);
      });
      look();
    });

  return {
    processId: child.pid ?? 0,
    startedMs,
    exited,
    said,
    consumption: () => consumptionOf(child.pid ?? 0),
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM', graceMs) {
      child.kill(signal);
      const timer = graceMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), graceMs);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

async function consumptionOf(processId: number): Promise<Consumption> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${processId}/status`, 'utf8'),
    readFile(`/proc/${processId}/stat`, 'utf8'),
  ]);
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? 0) * 1024;
  // The name of the program, in parentheses, may have blanks in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssBytes: bytes('VmRSS'), peakRssBytes: bytes('VmHWM'), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}
