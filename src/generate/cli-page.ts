import { runCommandLine } from '../cli/command-line.ts';
import { COMMANDS } from '../cli/commands/commands.ts';

/** As wide as a page of code shows without scrolling, in columns. */
const COLUMNS = 110;

/** The help of every command; their files are loaded for it, which takes a moment. */
const HELPS = await Promise.all(COMMANDS.map(async ({ name }) => ({ name, help: await helpOf(name) })));

/** The text of docs/cli.md: the help of every command. */
export function cliPage(): string {
  return [
    '# The command line',
    '',
    'Generated from the help of each command by `src/generate/main.ts`; do not edit. [configuration.md](configuration.md#exit-codes-of-every-command) has every exit code.',
    '',
    ...HELPS.flatMap(({ name, help }) => [`## nsbaseline ${name}`, '', '```', help.trimEnd(), '```', '']),
  ].join('\n');
}

async function helpOf(name: string): Promise<string> {
  let help = '';
  await runCommandLine(['help', name], {
    programName: 'nsbaseline',
    executable: 'nsbaseline',
    env: {},
    columns: COLUMNS,
    print: (text) => {
      help += text;
    },
    writeError: (text) => {
      help += text;
    },
  });
  return help;
}
