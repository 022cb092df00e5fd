import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCodesHelp } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import { readCluster } from '../../cluster/cluster-reading.ts';
import { exitCodeNameFor, failureText } from '../../cluster/kube-failure.ts';
import { type ClusterSession, chosenNamespace, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import {
  addClusterFlags,
  addNamespaceFlags,
  type ClusterFlags,
  type NamespaceFlags,
} from '../../frame/kubectl-flags.ts';
import { Progress } from '../../frame/progress.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { structuredText } from '../../views/structured-output.ts';
import { statusText } from './status-text.ts';
import { type BaselineStatus, type StatusScope, statusFor } from './status-view.ts';

interface StatusFlags extends ClusterFlags, NamespaceFlags {
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
  readonly problems?: true;
}

/** `status`: what is protected, what is not and why, for people and for programs. It only reads. */
export function defineStatus(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description(
      'Shows how namespaces and BaselinePolicies stand: what is in place, what is missing, in conflict, weakened or held, and what was left over.',
    )
    .argument('[policy]', 'only this BaselinePolicy');
  addClusterFlags(addNamespaceFlags(command))
    .addOption(
      new Option('-o, --output <format>', 'what it looks like; wide has messages')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .option('--problems', 'only namespaces that are not well')
    .addHelpText('after', statusHelp(context))
    .action(async (policy: string | undefined, flags: StatusFlags) => {
      await withCluster(flags, context, (session) => showStatus({ flags, policy, session }, context, terminal));
    });
}

async function showStatus(
  request: { readonly flags: StatusFlags; readonly policy: string | undefined; readonly session: ClusterSession },
  context: CommandContext,
  terminal: Terminal,
): Promise<ExitCodeName> {
  const { flags, session } = request;
  const scope: StatusScope = { namespace: chosenNamespace(flags, session), policy: request.policy };
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.writeError(text);
    },
    isShown: terminal.showsProgress,
  });
  const facts = await readCluster({ kube: session.kube, namespace: scope.namespace, progress });
  progress.end();
  if (!facts.ok) {
    context.writeError(`${context.programName} status: ${failureText(facts.error.attempt, facts.error.error)}\n`);
    return exitCodeNameFor(facts.error.error);
  }
  const status = statusFor(facts.value, scope);
  const names = facts.value.policies?.map(({ name }) => name);
  if (scope.policy !== undefined && names?.includes(scope.policy) === false && status.orphans.length === 0) {
    context.writeError(
      `${context.programName} status: there is no BaselinePolicy ${JSON.stringify(printable(scope.policy))}; ${names.length === 0 ? 'there is none at all' : `there are ${printable(names.join(', '))}`}\n`,
    );
    return 'failed';
  }
  for (const note of status.notes) {
    context.writeError(`note: ${note}\n`);
  }
  context.print(outputText(status, { scope, flags, context, terminal }));
  return status.isWell ? 'ok' : 'unhealthy';
}

function outputText(
  status: BaselineStatus,
  how: {
    readonly scope: StatusScope;
    readonly flags: StatusFlags;
    readonly context: CommandContext;
    readonly terminal: Terminal;
  },
): string {
  const { scope, flags, context, terminal } = how;
  const isAboutProblems = flags.problems === true;
  if (flags.output === 'json' || flags.output === 'yaml') {
    return structuredText(
      isAboutProblems ? { ...status, namespaces: status.namespaces.filter(({ isWell }) => !isWell) } : status,
      flags.output,
    );
  }
  return statusText(status, scope, {
    isWide: flags.output === 'wide',
    isAboutProblems,
    isColoured: isColoured(terminal, context.env),
    programName: context.programName,
  });
}

function statusHelp({ programName }: CommandContext): string {
  return `
Phases of a namespace: Protected, Pending, Conflict (somebody else's NetworkPolicy stands where ours should), Failed,
DryRun, Paused, Terminating, Unselected. DryRun and Paused are well: they were declared.

It needs to list baselinepolicies, namespacebaselines, networkpolicies and namespaces; what may not be listed is left
out, and a note says so.

Examples:
  ${programName} status                      the namespace of the context
  ${programName} status -n team-a -o wide    with messages
  ${programName} status -A --problems        only what is not well, in the whole cluster
  ${programName} status -A standard          one BaselinePolicy
  ${programName} status -A -o json | jq '.namespaces[] | select(.isWell | not) | .namespace'

${exitCodesHelp()}`;
}
