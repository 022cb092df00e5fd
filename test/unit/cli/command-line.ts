import { runCommandLine } from '../../../src/cli/command-line.ts';

/** What a command line printed, wrote to standard error and exited with. */
export async function outcomeOf(
  words: readonly string[],
  {
    executable = 'nsbaseline',
    env = {},
    columns,
  }: { readonly executable?: string; readonly env?: Record<string, string>; readonly columns?: number } = {},
) {
  let printed = '';
  let complaint = '';
  const code = await runCommandLine(words, {
    programName: executable === 'nsbaseline' ? executable : 'kubectl baseline',
    executable,
    env,
    columns,
    print: (text) => {
      printed += text;
    },
    writeError: (text) => {
      complaint += text;
    },
  });
  return { code, printed, complaint };
}
