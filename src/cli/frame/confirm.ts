import type { ExitCodeName } from '../../app/exit-codes.ts';
import { type CommandRun, fail } from './command-run.ts';
import { isYes } from './terminal.ts';

/** What a person decides on. */
export interface Confirmation {
  /** What would happen, as it follows "would", such as `delete 3 NetworkPolicies`; the question is made of it. */
  readonly intent: string;
  /** Written after a no, such as `nothing was deleted`. */
  readonly refusal: string;
}

/**
 * Whether to go on: `true` with `--yes` or after a clear yes, else the exit code. Without a terminal it asks nothing and
 * nothing is done.
 */
export async function confirmed(
  run: CommandRun<{ readonly yes?: true }>,
  { intent, refusal }: Confirmation,
): Promise<true | ExitCodeName> {
  if (run.flags.yes === true) {
    return true;
  }
  if (!run.terminal.canAsk) {
    const advice = 'add --yes to go on, or --dry-run to only look';
    return fail(run, `would ${intent}. Standard input is no terminal, so ${refusal}: ${advice}`, 'usage');
  }
  const question = intent.replace(/^./, (first) => first.toUpperCase());
  if (isYes(await run.terminal.ask(`${question}? [y/N] `))) {
    return true;
  }
  run.context.writeError(`${refusal}\n`);
  return 'failed';
}
