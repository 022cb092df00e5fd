import { spawn } from 'node:child_process';

/** A program to run; nothing is passed through a shell. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Instead of the environment of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  readonly timeoutMs?: number;
}

/** How it ended; it could not be started at all where `exitCode` is 127. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never throws for how that was. */
export function commandResult(command: Command): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      env: command.environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(command.timeoutMs === undefined ? {} : { timeout: command.timeoutMs }),
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
        for (const line of text.split('\n')) {
          if (line.trim() !== '') {
            command.onLine?.(line.trim());
          }
        }
      });
    }
    child.on('error', (error) => {
      resolve({ exitCode: 127, stdout: '', stderr: error.message });
    });
    child.on('close', (code) => {
      resolve({ exitCode: code ?? 1, ...said });
    });
    // It may end before it has read everything; its exit code then says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(command.stdin ?? '');
  });
}

/** What a program said on stdout. Throws with its last words when it failed. */
export async function commandOutput(command: Command): Promise<string> {
  const result = await commandResult(command);
  if (result.exitCode === 0) {
    return result.stdout;
  }
  const words = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${command.program} ${command.args.join(' ')} ended with ${result.exitCode}:\n${words}`);
}
