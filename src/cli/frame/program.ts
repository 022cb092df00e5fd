import { Command, CommanderError } from 'commander';
import { EXIT_CODES, type ExitCodeName, exitCode } from '../../app/exit-codes.ts';
import { buildInfo } from '../../telemetry/version.ts';
import type { CommandContext, CommandEntry } from './command-context.ts';
import { addHelp, helpColumns } from './help-text.ts';
import { withFlagsBehindCommand } from './kubectl-flags.ts';

/** What a program offers. */
export interface ProgramContents {
  /** In the order of the help. */
  readonly commands: readonly CommandEntry[];
  /** The hidden word that completion scripts call us with, and what answers them. */
  readonly completion: {
    readonly word: string;
    answer(program: Command, words: readonly string[], context: CommandContext): Promise<void>;
  };
}

/**
 * Runs the command that `words` (the command line without the program) name, and returns the exit code. It never
 * throws and never ends the process; only `run` and `status --watch` go on until they are stopped.
 */
export async function runProgram(
  words: readonly string[],
  world: Omit<CommandContext, 'exit'>,
  contents: ProgramContents,
): Promise<number> {
  let code = exitCode('ok');
  const context: CommandContext = {
    ...world,
    exit: (wanted) => {
      code = wanted;
    },
  };
  try {
    const [first, ...others] = words;
    if (first === contents.completion.word) {
      const program = await programFor(context, contents.commands, () => true);
      await contents.completion.answer(program, completedWords(others), context);
      return code;
    }
    const line = commandLineOf(words, contents.commands);
    const program = await programFor(context, contents.commands, isNamedBy(line));
    await program.parseAsync([...line], { from: 'user' });
    return code;
  } catch (error) {
    return codeFor(error, context);
  }
}

/** The words of a command line that is being typed, whose last word stays last. */
function completedWords(words: readonly string[]): readonly string[] {
  const typed = withFlagsBehindCommand(words.slice(0, -1));
  const isBeforeCommand = typed[0]?.startsWith('-') === true;
  return [...(isBeforeCommand ? [] : typed), ...words.slice(-1)];
}

/** Commander answers `help nope` with the help of everything; taken for the command `nope`, it is an error. */
function commandLineOf(words: readonly string[], commands: readonly CommandEntry[]): readonly string[] {
  const line = withFlagsBehindCommand(words);
  const [command, topic] = line;
  const isUnknownTopic = command === 'help' && topic !== undefined && !commands.some(({ name }) => name === topic);
  return isUnknownTopic && topic !== 'help' ? line.slice(1) : line;
}

/** Whether the words name a command, or ask for its help. */
function isNamedBy(words: readonly string[]): (entry: CommandEntry) => boolean {
  const names = words.filter((word) => !word.startsWith('-'));
  const wanted = names[0] === 'help' ? names[1] : names[0];
  return (entry) => entry.name === wanted;
}

/** The program. Commands that are not wanted have only what the list of commands shows. */
async function programFor(
  context: CommandContext,
  commands: readonly CommandEntry[],
  isWanted: (entry: CommandEntry) => boolean,
): Promise<Command> {
  const { programName } = context;
  const columns = helpColumns(context);
  const program = new Command(programName)
    .description('Keeps a NetworkPolicy baseline in every namespace you label.')
    .version(buildInfo.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({
      writeOut: (text) => {
        context.print(text);
      },
      writeErr: (text) => {
        context.writeError(text);
      },
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
    })
    .showHelpAfterError(`See '${programName} --help'.`)
    .exitOverride();
  addHelp(program, context, { text: rootHelp(context), exitCodes: allExitCodes() });
  for (const entry of commands) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .showHelpAfterError(`See '${programName} ${entry.name} --help'.`);
    if (isWanted(entry)) {
      (await entry.load())(command, context);
    }
  }
  return program;
}

function rootHelp({ programName }: CommandContext): string {
  return `
The flags of kubectl, such as -n and --context, can also stand before the command.

Examples:
  ${programName} status -A                  what is protected and what is not
  ${programName} --context staging status -A
  ${programName} run                        run the operator against the current context
  ${programName} help run                   every setting of the operator
  ${programName} version -o json`;
}

function allExitCodes(): readonly ExitCodeName[] {
  const isName = (name: string): name is ExitCodeName => Object.hasOwn(EXIT_CODES, name);
  return Object.keys(EXIT_CODES).filter(isName);
}

/** Commander has printed its message by then. */
function codeFor(error: unknown, context: CommandContext): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCode('ok') : exitCode('usage');
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.writeError(`${context.programName}: unexpected error: ${text}\n`);
  return exitCode('failed');
}
