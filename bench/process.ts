import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a process takes: memory in MiB, the CPU time since its start in milliseconds. */
export interface Consumption {
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  readonly cpuMs: number;
}

/** A program that is measured, in a process of its own. */
export interface Measured {
  /** When it was started, on the scale of `performance.now()`. */
  readonly startedMs: number;
  /** Resolves with the first line that holds this text, past or to come; rejects when it ends before. */
  said(text: string): Promise<string>;
  /** Read from /proc: Linux only. */
  consumption(): Promise<Consumption>;
  /** SIGTERM, and SIGKILL to what does not mind it; resolves when it has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** What the floor can do; see bench/programs/floor.ts. */
export type FloorMode = 'react' | 'write' | 'edit' | 'mend' | 'list';

/** Linux counts CPU time in these (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const TICKS_PER_SECOND = 100;
const GRACE_MS = 30_000;
/** As the image and bin/nsbaseline start it. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--disable-warning=DEP0040'];
const ENVIRONMENT = { ...process.env, MALLOC_ARENA_MAX: '1' };

/** The executable as `make build` leaves it. */
export const EXECUTABLE = fileURLToPath(new URL('../bin/nsbaseline', import.meta.url));

/** The operator as it is shipped, with its defaults: the bundle of `make build`. */
export function startOperator(kubeconfigPath: string, nodeFlags: readonly string[] = []): Measured {
  return startProgram([
    ...NODE_FLAGS,
    ...nodeFlags,
    bundle('nsbaseline.js'),
    'run',
    '--kubeconfig',
    kubeconfigPath,
    '--listen',
    '127.0.0.1:0',
    '--log-format',
    'json',
  ]);
}

/** The floor, bundled alike. */
export function startFloor(mode: FloorMode, kubeconfigPath: string): Measured {
  return startProgram([...NODE_FLAGS, bundle('bench/floor.js'), mode, kubeconfigPath]);
}

/** What only imports what the operator does. */
export function startEmpty(): Measured {
  return startProgram([...NODE_FLAGS, bundle('bench/empty.js')]);
}

function bundle(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
}

function startProgram(nodeArguments: readonly string[]): Measured {
  const startedMs = performance.now();
  const child = spawn(process.execPath, nodeArguments, { stdio: ['ignore', 'pipe', 'pipe'], env: ENVIRONMENT });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const take = (line: string): void => {
    lines.push(line);
    for (const look of waiting) {
      look();
    }
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void exited.then(() => process.off('exit', killWithUs));
  return {
    startedMs,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((candidate) => candidate.includes(text));
          if (line === undefined) {
            return;
          }
          waiting.delete(look);
          resolve(line);
        };
        void exited.then(() => {
          reject(new Error(`it ended without saying "${text}":\n${lines.slice(-10).join('\n')}`));
        });
        waiting.add(look);
        look();
      }),
    consumption: () => consumptionOf(child.pid ?? 0),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function consumptionOf(processId: number): Promise<Consumption> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${processId}/status`, 'utf8'),
    readFile(`/proc/${processId}/stat`, 'utf8'),
  ]);
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? 0) / 1024;
  // The name of the program, in parentheses, may have blanks in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssMiB: mebibytes('VmRSS'), peakRssMiB: mebibytes('VmHWM'), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}
