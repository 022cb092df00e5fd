import { runCommandLine } from '../../../src/cli/command-line.ts';

/** What a command line printed, complained of and ended with. */
export async function outcomeOf(
  words: readonly string[],
  { executable = 'nsbaseline', env = {} }: { readonly executable?: string; readonly env?: Record<string, string> } = {},
) {
  let printed = '';
  let complaint = '';
  const code = await runCommandLine(words, {
    programName: executable === 'nsbaseline' ? executable : 'kubectl baseline',
    executable,
    env,
    print: (text) => {
      printed += text;
    },
    writeError: (text) => {
      complaint += text;
    },
  });
  return { code, printed, complaint };
}
