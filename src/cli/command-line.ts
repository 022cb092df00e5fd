import { COMMANDS } from './commands/commands.ts';
import { COMPLETE_COMMAND } from './commands/completion/completion-scripts.ts';
import type { CommandContext } from './frame/command-context.ts';
import { runProgram } from './frame/program.ts';

/** Runs nsbaseline with these words and returns the exit code; see {@link runProgram}. */
export function runCommandLine(words: readonly string[], world: Omit<CommandContext, 'exit'>): Promise<number> {
  return runProgram(words, world, {
    commands: COMMANDS,
    completion: {
      word: COMPLETE_COMMAND,
      async answer(program, before, context) {
        const { printCompletions } = await import('./commands/completion/completion.ts');
        await printCompletions(program, before, context);
      },
    },
  });
}
