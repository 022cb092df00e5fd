import type { Command } from 'commander';
import { EXIT_CODES, type ExitCodeName } from '../../app/exit-codes.ts';
import type { CommandContext } from './command-context.ts';

/** The width of the help where there is no terminal, in columns. */
const USUAL_COLUMNS = 80;
/** A description beside a command or a code is wrapped only where this much of the line is left for it, in columns. */
const NARROWEST_COLUMN = 24;

/** The width at which help is wrapped, in columns. */
export function helpColumns({ columns }: Pick<CommandContext, 'columns'>): number {
  return columns === undefined || columns <= 0 ? USUAL_COLUMNS : columns;
}

/** Adds `text` to the end of a command's help, and what its exit codes mean; both wrapped at the width of the terminal. */
export function addHelp(
  command: Command,
  context: Pick<CommandContext, 'columns'>,
  help: { readonly text: string; readonly exitCodes: readonly ExitCodeName[] },
): Command {
  const text = `\n${help.text.trim()}\n\n${exitCodesText(help.exitCodes)}`;
  return command.addHelpText('after', wrappedText(text, helpColumns(context)));
}

function exitCodesText(names: readonly ExitCodeName[]): string {
  return [
    'Exit codes:',
    ...names.map((name) => `  ${EXIT_CODES[name].code}  ${EXIT_CODES[name].meaning.replaceAll('`', '')}`),
  ].join('\n');
}

/**
 * Text at most `columns` wide. Paragraphs are filled; an indented line keeps its indent, and its last column is wrapped
 * below itself; a line of one column is a command to copy, which is never broken. Pure.
 */
export function wrappedText(text: string, columns: number): string {
  return paragraphsOf(text)
    .flatMap((lines) => {
      const [first = ''] = lines;
      return first.startsWith(' ') || first === ''
        ? lines.flatMap((line) => wrappedRow(line, columns))
        : filled(lines, columns);
    })
    .join('\n');
}

/** Lines that are filled together come together; every other line is by itself. */
function paragraphsOf(text: string): readonly (readonly string[])[] {
  const paragraphs: string[][] = [];
  let isOpen = false;
  for (const line of text.split('\n')) {
    const isProse = line !== '' && !line.startsWith(' ');
    const last = paragraphs.at(-1);
    if (isProse && isOpen && last !== undefined) {
      last.push(line);
    } else {
      paragraphs.push([line]);
    }
    isOpen = isProse;
  }
  return paragraphs;
}

function filled(lines: readonly string[], columns: number): readonly string[] {
  return wrappedWords(lines.join(' '), columns);
}

function wrappedRow(line: string, columns: number): readonly string[] {
  const [, head = '', tail = ''] = /^(\s*\S(?:.*\S)?\s{2,})(\S.*)$/.exec(line) ?? [];
  if (line.length <= columns || head === '' || columns - head.length < NARROWEST_COLUMN) {
    return [line];
  }
  return wrappedWords(tail, columns - head.length).map((part, at) =>
    at === 0 ? head + part : ' '.repeat(head.length) + part,
  );
}

function wrappedWords(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
