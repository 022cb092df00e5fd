import { type Command, Option } from 'commander';
import { exitCode } from '../../../app/exit-codes.ts';
import { buildInfo } from '../../../telemetry/version.ts';
import type { CommandContext } from '../../frame/command-context.ts';

/** `version`: what runs here, for people or for programs. */
export function defineVersion(command: Command, context: CommandContext): void {
  command
    .description('Prints the version, the commit it was built from, the version of Node, and the platform.')
    .addOption(new Option('-o, --output <format>', 'for programs').choices(['json', 'yaml']))
    .addHelpText('after', `\nExamples:\n  ${context.programName} version\n  ${context.programName} version -o json`)
    .action(async (options: { readonly output?: 'json' | 'yaml' }) => {
      context.print(await versionText(options.output));
      context.exit(exitCode('ok'));
    });
}

async function versionText(format: 'json' | 'yaml' | undefined): Promise<string> {
  const { version, commit, node, platform } = buildInfo;
  if (format === 'json') {
    return `${JSON.stringify(buildInfo, null, 2)}\n`;
  }
  if (format === 'yaml') {
    return (await import('js-yaml')).dump(buildInfo);
  }
  return `nsbaseline ${version} (commit ${commit}, Node ${node}, ${platform})\n`;
}
