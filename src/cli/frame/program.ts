import { Command, CommanderError } from 'commander';
import { exitCode, exitCodesHelp } from '../../app/exit-codes.ts';
import { buildInfo } from '../../telemetry/version.ts';
import { COMMANDS } from '../commands/commands.ts';
import { COMPLETE_COMMAND } from '../commands/completion/completion-scripts.ts';
import type { CommandContext, CommandEntry } from './command-context.ts';

/**
 * Runs the command that `words` (the command line without the program) name, and returns the exit code. It never
 * throws and never ends the process; only `run` goes on until it is told to stop.
 */
export async function runCommandLine(words: readonly string[], world: Omit<CommandContext, 'finish'>): Promise<number> {
  let code = exitCode('ok');
  const context: CommandContext = {
    ...world,
    finish: (wanted) => {
      code = wanted;
    },
  };
  try {
    if (words[0] === COMPLETE_COMMAND) {
      const { printCompletions } = await import('../commands/completion/completion.ts');
      await printCompletions(await commandTree(context, () => true), words.slice(1), context);
      return code;
    }
    const program = await commandTree(context, isWantedBy(words));
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    return codeFor(error, context);
  }
}

/** The command of `words` and, for `help run`, the one that is asked about. */
function isWantedBy(words: readonly string[]): (entry: CommandEntry) => boolean {
  const names = words.filter((word) => !word.startsWith('-'));
  const wanted = names[0] === 'help' ? names[1] : names[0];
  return (entry) => entry.name === wanted;
}

/** The program with the commands that are wanted in full, and the others as far as the list of commands needs them. */
async function commandTree(context: CommandContext, isWanted: (entry: CommandEntry) => boolean): Promise<Command> {
  const program = new Command(context.programName)
    .description('Keeps a NetworkPolicy baseline in every namespace you label.')
    .version(buildInfo.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({
      writeOut: (text) => {
        context.print(text);
      },
      writeErr: (text) => {
        context.complain(text);
      },
    })
    .showHelpAfterError(`See ${context.programName} --help.`)
    .exitOverride()
    .addHelpText('after', rootHelp(context));
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).summary(entry.summary);
    if (isWanted(entry)) {
      (await entry.load())(command, context);
    }
  }
  return program;
}

function rootHelp({ programName }: CommandContext): string {
  return `
Examples:
  ${programName} run                            run the operator against the current context
  ${programName} run --log-level debug --listen 127.0.0.1:8080
  ${programName} help run                       every setting of the operator
  ${programName} version -o json

${exitCodesHelp()}`;
}

/** Commander has printed its message by then. */
function codeFor(error: unknown, context: CommandContext): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCode('ok') : exitCode('usage');
  }
  context.complain(
    `${context.programName}: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return exitCode('failed');
}
