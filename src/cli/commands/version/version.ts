import { type Command, Option } from 'commander';
import { exitCode } from '../../../app/exit-codes.ts';
import { buildInfo } from '../../../telemetry/version.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addHelp } from '../../frame/help-text.ts';

/** `version`: the version of this program, for people or for programs. */
export function defineVersion(command: Command, context: CommandContext): void {
  command
    .description('Prints the version, the commit it was built from, the version of Node, and the platform.')
    .addOption(new Option('-o, --output <format>', 'for programs').choices(['json', 'yaml']))
    .action(async (options: { readonly output?: 'json' | 'yaml' }) => {
      context.print(await versionText(options.output));
      context.exit(exitCode('ok'));
    });
  const examples = `Examples:\n  ${context.programName} version\n  ${context.programName} version -o json`;
  addHelp(command, context, { text: examples, exitCodes: ['ok', 'usage'] });
}

async function versionText(format: 'json' | 'yaml' | undefined): Promise<string> {
  const { version, commit, node, platform } = buildInfo;
  if (format !== undefined) {
    // Loads the YAML library, which the one line does not need.
    return (await import('../../views/structured-output.ts')).structuredText(buildInfo, format);
  }
  return `nsbaseline ${version} (commit ${commit}, Node ${node}, ${platform})\n`;
}
