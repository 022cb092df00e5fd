import { spawn } from 'node:child_process';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './process-id.ts';

const POLL_MS = 100;

/**
 * A server that somebody else starts, by a launcher that notes its process id and arguments. So it can be told to stop,
 * go on and end, and be started again as it was.
 */
export class ServerProcess {
  readonly #program: string;
  readonly #directory: string;

  constructor({ program, directory }: { readonly program: string; readonly directory: string }) {
    this.#program = program;
    this.#directory = directory;
  }

  /** Puts the launcher into the folder `bin`; running it is running `executable`. */
  async writeLauncher(executable: string): Promise<void> {
    const lines = [
      '#!/bin/sh',
      `printf '%s\\n' "$$" > ${quoted(this.#recordOf('pid'))}`,
      `printf '%s\\n' "$@" > ${quoted(this.#recordOf('args'))}`,
      `exec ${quoted(executable)} "$@"`,
    ];
    await writeFile(this.#launcher, lines.join('\n') + '\n');
    await chmod(this.#launcher, 0o755);
  }

  /** Starts it again with the arguments that it had last; resolves at once. */
  async start(): Promise<void> {
    spawn(this.#launcher, [...(await this.#arguments())], { stdio: 'ignore' });
  }

  /** The value of an argument `--name=value` that it was last started with; throws where there is none. */
  async argument(name: string): Promise<string> {
    const found = (await this.#arguments()).find((candidate) => candidate.startsWith(`--${name}=`));
    if (found === undefined) {
      throw new Error(`${this.#program} was started without --${name}`);
    }
    return found.slice(name.length + 3);
  }

  /** SIGSTOP or SIGCONT; throws when it does not run. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await this.#processId();
    if (pid === undefined) {
      throw new Error(`${this.#program} does not run`);
    }
    process.kill(pid, signal);
  }

  /** Resolves when it has ended; harmless when it had ended before. */
  async kill(): Promise<void> {
    const pid = await this.#processId();
    if (pid === undefined) {
      return;
    }
    process.kill(pid, 'SIGKILL');
    await poll(() => Promise.resolve(!isAlive(pid)), 10_000, `process ${pid} did not end`);
    await rm(this.#recordOf('pid'), { force: true });
  }

  get #launcher(): string {
    return join(this.#directory, 'bin', this.#program);
  }

  #recordOf(record: 'pid' | 'args'): string {
    return join(this.#directory, `${this.#program}.${record}`);
  }

  async #arguments(): Promise<readonly string[]> {
    return (await readFile(this.#recordOf('args'), 'utf8')).trimEnd().split('\n');
  }

  async #processId(): Promise<number | undefined> {
    const recorded = await readFile(this.#recordOf('pid'), 'utf8').catch(() => '');
    const pid = Number(recorded.trim());
    return Number.isInteger(pid) && pid > 1 && isAlive(pid) ? pid : undefined;
  }
}

/** Resolves as soon as `isDone` says so; rejects with the complaint when it has not by the limit. */
export async function poll(isDone: () => Promise<boolean>, limitMs: number, complaint: string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) {
      throw new Error(`${complaint} within ${limitMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
