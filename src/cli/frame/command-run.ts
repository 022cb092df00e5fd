import type { ExitCodeName } from '../../app/exit-codes.ts';
import { systemClock } from '../../base/clock.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { CommandContext } from './command-context.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** One run of a command that talks to a cluster. */
export interface CommandRun<Flags = unknown> {
  /** The name of the command, such as `prune`. */
  readonly name: string;
  readonly flags: Flags;
  readonly session: ClusterSession;
  readonly context: CommandContext;
  readonly terminal: Terminal;
}

/** Writes `nsbaseline prune: <text>` to standard error and returns the exit code. `text` must be printable. */
export function fail({ name, context }: Pick<CommandRun, 'name' | 'context'>, text: string, code: ExitCodeName) {
  context.writeError(`${context.programName} ${name}: ${text}\n`);
  return code;
}

/** Runs `work` with a progress line on standard error, which is removed afterwards. */
export async function withProgress<Value>(
  { context, terminal }: Pick<CommandRun, 'context' | 'terminal'>,
  work: (progress: Progress) => Promise<Value>,
): Promise<Value> {
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.writeError(text);
    },
    isShown: terminal.showsProgress,
  });
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}
