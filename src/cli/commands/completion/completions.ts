import type { Command, Option } from 'commander';

/** One way to go on. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What can stand where the cursor is. */
export interface Completions {
  readonly candidates: readonly Candidate[];
  /** The name of a file can stand there. */
  readonly isFile: boolean;
  /** A name of something in the cluster can stand there, which has to be asked for. */
  readonly wanted?: WantedNames;
}

/** Names that only the cluster knows. */
export interface WantedNames {
  readonly kind: NameKind;
  /** What they begin with. */
  readonly prefix: string;
}

/** Of what there are names. */
export type NameKind = 'namespace' | 'policy';

/** How far a command line has come. */
interface Position {
  readonly command: Command;
  /** How many arguments of `command` are there already. */
  readonly argumentCount: number;
  /** The option that waits for its value. */
  readonly awaiting: Option | undefined;
}

/**
 * What the last of `words` can become; the others stand before it on the command line, without the program's name.
 * The value after `--flag=` is completed without the flag. Bash makes a word of its own of the `=`.
 */
export function completionsFor(program: Command, words: readonly string[]): Completions {
  const current = words.at(-1) ?? '';
  const position = words.slice(0, -1).reduce(next, { command: program, argumentCount: 0, awaiting: undefined });
  if (position.awaiting !== undefined) {
    return valuesOf(position.awaiting, current.replace(/^=/, ''));
  }
  const [flag, value] = splitAtEquals(current);
  const option = value === undefined ? undefined : optionNamed(position.command, flag);
  if (option !== undefined) {
    return valuesOf(option, value ?? '');
  }
  if (current.startsWith('-')) {
    return matching(optionsOf(position.command), current);
  }
  const isPolicy = position.command.registeredArguments[position.argumentCount]?.name() === 'policy';
  const fixed = matching(
    [...(position.argumentCount === 0 ? commandsOf(position.command) : []), ...argumentsOf(position)],
    current,
  );
  return isPolicy ? { ...fixed, wanted: { kind: 'policy', prefix: current } } : fixed;
}

function next(position: Position, word: string): Position {
  if (position.awaiting !== undefined) {
    return word === '=' ? position : { ...position, awaiting: undefined };
  }
  if (word.startsWith('-')) {
    return { ...position, awaiting: valueTaker(position.command, word) };
  }
  const isHelp = word === 'help' && position.command.parent === null && position.argumentCount === 0;
  if (isHelp) {
    return position;
  }
  const command =
    position.argumentCount === 0 ? position.command.commands.find((candidate) => candidate.name() === word) : undefined;
  return command === undefined
    ? { ...position, argumentCount: position.argumentCount + 1 }
    : { command, argumentCount: 0, awaiting: undefined };
}

function valueTaker(command: Command, word: string): Option | undefined {
  const option = optionNamed(command, word);
  return option?.required === true ? option : undefined;
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return command.options.find((option) => option.long === flag || option.short === flag);
}

function splitAtEquals(word: string): readonly [string, string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}

/** An option whose value is called a path takes a file, one whose value is called a namespace the name of one. */
function valuesOf(option: Option, current: string): Completions {
  if (option.flags.endsWith('<path>')) {
    return { candidates: [], isFile: true };
  }
  if (option.flags.endsWith('<namespace>')) {
    return { candidates: [], isFile: false, wanted: { kind: 'namespace', prefix: current } };
  }
  return matching(
    (option.argChoices ?? []).map((value) => ({ value, description: '' })),
    current,
  );
}

function optionsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) =>
      option.long == null ? [] : [{ value: option.long, description: firstSentence(option.description) }],
    );
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ value: child.name(), description: child.summary() || firstSentence(child.description()) }));
}

function argumentsOf({ command, argumentCount }: Position): readonly Candidate[] {
  return (command.registeredArguments[argumentCount]?.argChoices ?? []).map((value) => ({ value, description: '' }));
}

function matching(candidates: readonly Candidate[], prefix: string): Completions {
  return { candidates: candidates.filter((candidate) => candidate.value.startsWith(prefix)), isFile: false };
}

function firstSentence(text: string): string {
  return text.split(/\.(?:\s|$)/, 1)[0] ?? '';
}
