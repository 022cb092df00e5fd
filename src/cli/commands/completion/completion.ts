import { Argument, type Command } from 'commander';
import { exitCode } from '../../../app/exit-codes.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addHelp } from '../../frame/help-text.ts';
import { COMPLETE_COMMAND, completionScript, SHELLS, type Shell } from './completion-scripts.ts';
import { completionsFor } from './completions.ts';

/** `completion`: the script that a shell loads. */
export function defineCompletion(command: Command, context: CommandContext): void {
  command
    .description('Prints a script that makes a shell complete the commands, flags and values of this program.')
    .addArgument(new Argument('<shell>', 'the shell').choices([...SHELLS]))
    .action((shell: Shell) => {
      context.print(completionScript(shell, context.executable));
      context.exit(exitCode('ok'));
    });
  addHelp(command, context, { text: completionHelp(context), exitCodes: ['ok', 'usage'] });
}

/** Answers a completion script with what the last of `words` can become, names in the cluster included if it answers soon. */
export async function printCompletions(
  program: Command,
  words: readonly string[],
  context: Pick<CommandContext, 'print' | 'env'>,
): Promise<void> {
  const { candidates, isFile, wanted } = completionsFor(program, words);
  const names =
    wanted === undefined
      ? []
      : await (await import('./completion-names.ts')).namesInCluster(wanted, words, context.env);
  const lines = [...candidates, ...names.map((value) => ({ value, description: '' }))].map(({ value, description }) =>
    description === '' ? value : `${value}\t${description}`,
  );
  context.print([...lines, isFile ? ':0' : ':4', ''].join('\n'));
}

function completionHelp({ executable, programName }: CommandContext): string {
  return `
Examples:
  source <(${programName} completion bash)       in ~/.bashrc
  source <(${programName} completion zsh)        in ~/.zshrc, after compinit
  ${programName} completion fish | source        in ~/.config/fish/config.fish

kubectl completes a plugin by itself when this is an executable file
kubectl_complete-baseline on the PATH (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/):
  #!/bin/sh
  exec ${executable === 'nsbaseline' ? 'kubectl-baseline' : executable} ${COMPLETE_COMMAND} "$@"`;
}
