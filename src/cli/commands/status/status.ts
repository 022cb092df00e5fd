import { setTimeout as pauseMs } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCode } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import { type Result, success } from '../../../base/result.ts';
import { type ClusterFacts, USUAL_OPERATOR_NAMESPACE } from '../../cluster/cluster-facts.ts';
import { readCluster } from '../../cluster/cluster-reading.ts';
import { type FailedAttempt, failCommand, failureText } from '../../cluster/kube-failure.ts';
import { readOperator } from '../../cluster/operator-lease.ts';
import { chosenNamespace, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, fail, withProgress } from '../../frame/command-run.ts';
import { addHelp } from '../../frame/help-text.ts';
import {
  addClusterFlags,
  addNamespaceFlags,
  type ClusterFlags,
  type NamespaceFlags,
  namespaceName,
} from '../../frame/kubectl-flags.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { isStructured, type StructuredFormat, structuredText } from '../../views/structured-output.ts';
import { statusText } from './status-text.ts';
import { type BaselineStatus, isPartial, problemsOf, type StatusScope, statusFor } from './status-view.ts';
import { optInAdvice, unselectedNamespaces, unselectedText } from './unselected.ts';

interface StatusFlags extends ClusterFlags, NamespaceFlags {
  readonly output: 'table' | 'wide' | StructuredFormat;
  readonly selector?: string;
  readonly problems?: true;
  readonly unselected?: true;
  readonly watch?: true;
  readonly operatorNamespace: string;
}

interface StatusRun extends CommandRun<StatusFlags> {
  readonly scope: StatusScope;
}

/** What one reading comes to. */
interface Shown {
  readonly text: string;
  readonly code: ExitCodeName;
}

/** The pause between two readings of `--watch`, in milliseconds. */
const WATCH_PAUSE_MS = 2_000;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** `status`: what is protected, what is not and why, for people and for programs. It only reads. */
export function defineStatus(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description(
      'Shows the state of namespaces and BaselinePolicies: what is in place, missing, in conflict, weakened or held, and which NetworkPolicies are orphans.',
    )
    .argument('[policy]', 'only this BaselinePolicy');
  addClusterFlags(addNamespaceFlags(command))
    .addOption(
      new Option('-l, --selector <selector>', 'only namespaces with these labels, in every namespace').conflicts(
        'namespace',
      ),
    )
    .addOption(
      new Option('-o, --output <format>', 'what it looks like; wide has messages')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .option('--problems', 'only namespaces and BaselinePolicies that are not well')
    .option('--unselected', 'only the namespaces that no BaselinePolicy selects; needs -A or -l')
    .option('-w, --watch', 'show it again whenever it changes, until interrupted')
    .addOption(
      new Option('--operator-namespace <namespace>', 'where the operator runs; -A reads its Lease there')
        .argParser(namespaceName)
        .default(USUAL_OPERATOR_NAMESPACE),
    )
    .action(async (policy: string | undefined, flags: StatusFlags) => {
      if (flags.unselected === true && flags.allNamespaces !== true && flags.selector === undefined) {
        context.exit(exitCode(fail({ name: 'status', context }, '--unselected needs -A or -l', 'usage')));
        return;
      }
      await withCluster(flags, context, (session) => {
        const namespace = flags.selector === undefined ? chosenNamespace(flags, session) : undefined;
        const scope = { namespace, policy, selector: flags.selector };
        const run: StatusRun = { name: 'status', scope, flags, session, context, terminal };
        return flags.watch === true ? watchStatus(run) : showStatus(run);
      });
    });
  addHelp(command, context, {
    text: statusHelp(context),
    exitCodes: ['ok', 'failed', 'usage', 'unreachable', 'unhealthy'],
  });
}

async function showStatus(run: StatusRun): Promise<ExitCodeName> {
  const shown = await readStatus(run);
  run.context.print(shown.text);
  return shown.code;
}

/** Shows every change until standard output ends; a reading that fails is written to standard error and repeated. */
async function watchStatus(run: StatusRun): Promise<ExitCodeName> {
  const { context, terminal, flags } = run;
  const isScreen = terminal.showsOutput && !isStructured(flags.output);
  let before = '';
  for (;;) {
    const { text, code } = await readStatus(run);
    if (text !== '' && text !== before) {
      context.print(`${isScreen ? CLEAR_SCREEN : separatorBetween(before, flags)}${text}`);
      before = text;
    }
    // A wrong name or a missing permission does not mend itself.
    if (context.outputEnded?.aborted === true || before === '') {
      return code;
    }
    await pauseMs(WATCH_PAUSE_MS, undefined, { signal: context.outputEnded }).catch(() => undefined);
  }
}

/** Goes between two outputs; programs read the JSON of several as a stream. */
function separatorBetween(before: string, { output }: StatusFlags): string {
  if (before === '' || output === 'json') {
    return '';
  }
  return output === 'yaml' ? '---\n' : '\n';
}

/** One reading; the text is empty where it failed, which was written to standard error. */
async function readStatus(run: StatusRun): Promise<Shown> {
  const { flags, scope, context } = run;
  const facts = await readFacts(run);
  if (!facts.ok) {
    return { text: '', code: failCommand(run, facts.error) };
  }
  const status = statusFor(facts.value, scope);
  const missing = status.orphans.length === 0 ? missingPolicyText(facts.value, scope) : undefined;
  if (missing !== undefined) {
    return { text: '', code: fail(run, missing, 'failed') };
  }
  for (const note of status.notes) {
    context.writeError(`note: ${note}\n`);
  }
  if (flags.unselected === true) {
    return unselectedShown(run, facts.value);
  }
  return { text: outputText(status, facts.value, run), code: status.isWell ? 'ok' : 'unhealthy' };
}

/** Undefined where the policy that was asked about exists, or where it is not known which there are. */
function missingPolicyText({ policies }: ClusterFacts, { policy }: StatusScope): string | undefined {
  if (policy === undefined || policies === undefined || policies.some(({ name }) => name === policy)) {
    return undefined;
  }
  const names = policies.map(({ name }) => name).join(', ');
  const others = policies.length === 0 ? 'there is none at all' : `there are ${printable(names)}`;
  return `there is no BaselinePolicy ${JSON.stringify(printable(policy))}; ${others}`;
}

async function readFacts(run: StatusRun): Promise<Result<ClusterFacts, FailedAttempt>> {
  const { session, scope, flags } = run;
  const { namespace, selector } = scope;
  const facts = await withProgress(run, (progress) =>
    readCluster({ kube: session.kube, namespace, selector, progress }),
  );
  if (!facts.ok || isPartial(scope)) {
    return facts;
  }
  const operator = await readOperator(session.kube, { namespace: flags.operatorNamespace, clock: systemClock });
  if (operator.ok) {
    return success({ ...facts.value, operator: operator.value });
  }
  const { attempt, error } = operator.error;
  return error.kind === 'forbidden'
    ? success({ ...facts.value, notes: [...facts.value.notes, failureText(attempt, error)] })
    : operator;
}

function unselectedShown(run: StatusRun, facts: ClusterFacts): Shown {
  const { flags, context, terminal } = run;
  const unselected = unselectedNamespaces(facts);
  if (unselected === undefined) {
    return { text: '', code: fail(run, 'namespaces and BaselinePolicies have to be listed for this', 'unreachable') };
  }
  const text = isStructured(flags.output)
    ? structuredText({ unselected }, flags.output)
    : unselectedText(unselected, { isColoured: isColoured(terminal, context.env) });
  return { text, code: 'ok' };
}

function outputText(status: BaselineStatus, facts: ClusterFacts, run: StatusRun): string {
  const { scope, flags, context, terminal } = run;
  const isAboutProblems = flags.problems === true;
  if (isStructured(flags.output)) {
    return structuredText(isAboutProblems ? problemsOf(status) : status, flags.output);
  }
  const isWhole = !isPartial(scope) && scope.policy === undefined;
  const open = isWhole ? unselectedNamespaces(facts)?.filter(({ reason }) => reason === 'NoPolicy') : undefined;
  return statusText(status, scope, {
    isWide: flags.output === 'wide',
    isAboutProblems,
    isColoured: isColoured(terminal, context.env),
    programName: context.programName,
    advice: scope.namespace === undefined ? '' : optInAdvice(scope.namespace, facts.policies),
    unselectedCount: open?.length,
  });
}

function statusHelp({ programName }: CommandContext): string {
  return `
Phases of a namespace: Protected, Pending, Conflict (a NetworkPolicy of another owner has the name of one of ours), Failed,
DryRun, Paused, Terminating, Unselected. DryRun and Paused are well: they were declared.

With -A it also reads the operator's Lease, and ends with 4 when no operator leads.

It needs to list baselinepolicies, namespacebaselines, networkpolicies and namespaces; what may not be listed is left
out, and a note says so.

Examples:
  ${programName} status                      the namespace of the context
  ${programName} status -n team-a -o wide    with messages
  ${programName} status -A --problems        only what is not well, in the whole cluster
  ${programName} status -A --unselected      the namespaces without a baseline
  ${programName} status -l team=pay -w       those with a label, again at each change
  ${programName} status -A standard          one BaselinePolicy
  ${programName} status -A -o json | jq '.namespaces[] | select(.isWell | not) | .namespace'`;
}
