import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCode, exitCodesHelp } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import { failure, type Result, success } from '../../../base/result.ts';
import type { ManagedNetworkPolicyView } from '../../cluster/cluster-facts.ts';
import {
  type FailedAttempt,
  listManagedPolicies,
  listNamespaces,
  listPolicies,
  type Reading,
} from '../../cluster/cluster-reading.ts';
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
import { isColoured, isYes, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { structuredText } from '../../views/structured-output.ts';
import { countText, leftoversText } from '../status/status-text.ts';
import { leftoverFor } from '../status/status-view.ts';
import { openedNamespaces, type PruneChoice, type PruneFacts, pruneChoice } from './prune-choice.ts';
import { type Removal, removeOrphans } from './prune-removal.ts';

interface PruneFlags extends ClusterFlags, NamespaceFlags {
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
  readonly yes?: true;
  readonly dryRun?: true;
  readonly kept?: true;
}

/** One run of the command: what was asked for, and whom to tell. */
interface Run {
  readonly names: readonly string[];
  readonly flags: PruneFlags;
  readonly session: ClusterSession;
  readonly context: CommandContext;
  readonly terminal: Terminal;
}

/** `prune`: removes NetworkPolicies of BaselinePolicies that are gone, and nothing else. */
export function definePrune(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description(
      'Shows the NetworkPolicies of BaselinePolicies that are gone, asks, and removes them. It never touches what is not ours.',
    )
    .argument('[networkpolicy...]', 'only these, in one namespace; one that is no orphan is refused');
  addClusterFlags(addNamespaceFlags(command))
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show them')
    .option('--kept', 'also those that onOptOut: Keep left behind, once their policy is gone')
    .addOption(
      new Option('-o, --output <format>', 'what it looks like')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .addHelpText('after', pruneHelp(context))
    .action(async (names: readonly string[], flags: PruneFlags) => {
      if (names.length > 0 && flags.allNamespaces === true) {
        context.complain(
          `${context.programName} prune: names are of one namespace; leave out the names, or write -n instead of -A\n`,
        );
        context.finish(exitCode('usage'));
        return;
      }
      await withCluster(flags, context, (session) => prune({ names, flags, session, context, terminal }));
    });
}

async function prune(run: Run): Promise<ExitCodeName> {
  const { context, flags } = run;
  const choice = await chosenOrphans(run);
  if (!choice.ok) {
    return complain(run, choice.error);
  }
  const { orphans, refusals } = choice.value;
  for (const refusal of refusals) {
    context.complain(`${context.programName} prune: ${printable(refusal)}\n`);
  }
  if (refusals.length > 0) {
    return 'usage';
  }
  if (orphans.length === 0 || flags.dryRun === true) {
    show(
      run,
      orphans.map((orphan) => ({ orphan, outcome: undefined })),
    );
    return 'ok';
  }
  const go = await isWanted(run, orphans);
  if (go !== true) {
    return go;
  }
  return await removeAgreed(run, orphans);
}

/** What there is to remove, read now. BaselinePolicies are read last, so that what belongs to a new one is no orphan. */
async function chosenOrphans({
  names,
  flags,
  session,
  context,
  terminal,
}: Run): Promise<Result<PruneChoice, FailedAttempt>> {
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.complain(text);
    },
    isShown: terminal.showsProgress,
  });
  const facts = await pruneFacts({ kube: session.kube, namespace: chosenNamespace(flags, session), progress });
  progress.end();
  return facts.ok ? success(pruneChoice(facts.value, { includesKept: flags.kept === true, names })) : facts;
}

/** Without the labels of a namespace, what could be taken over there is no orphan; all else must be known. */
async function pruneFacts(reading: Reading): Promise<Result<PruneFacts, FailedAttempt>> {
  const [namespaces, networkPolicies] = await Promise.all([listNamespaces(reading), listManagedPolicies(reading)]);
  if (!namespaces.ok && namespaces.error.error.kind !== 'forbidden') {
    return namespaces;
  }
  if (!networkPolicies.ok) {
    return networkPolicies;
  }
  const policies = await listPolicies(reading);
  if (!policies.ok) {
    return failure(policies.error);
  }
  return success({
    namespaces: namespaces.ok ? namespaces.value : undefined,
    networkPolicies: networkPolicies.value,
    policies: policies.value,
  });
}

/** Asks, or gives the exit code where the answer is no or nobody can be asked. */
async function isWanted(run: Run, orphans: readonly ManagedNetworkPolicyView[]): Promise<true | ExitCodeName> {
  const { flags, context, terminal } = run;
  if (flags.yes === true) {
    return true;
  }
  const look = { isWide: flags.output === 'wide', isColoured: false };
  context.complain(leftoversText(orphans.map(leftoverFor), look));
  const opened = openedNamespaces(orphans).length;
  const what = `${countText(orphans.length, 'NetworkPolicy', 'NetworkPolicies')} in ${countText(new Set(orphans.map(({ namespace }) => namespace)).size, 'namespace', 'namespaces')}`;
  const effect =
    opened === 0
      ? ''
      : `; a default-deny goes in ${countText(opened, 'namespace', 'namespaces')}, and what no other NetworkPolicy isolates there is open then`;
  if (!terminal.canAsk) {
    context.complain(
      `${context.programName} prune: would remove ${what}${effect}. Standard input is no terminal, so nobody can be asked, and nothing was removed: add --yes to remove them, or --dry-run to only look\n`,
    );
    return 'usage';
  }
  if (isYes(await terminal.ask(`Remove ${what}${effect}? [y/N] `))) {
    return true;
  }
  context.complain('nothing was removed\n');
  return 'failed';
}

/** Looks once more, as an answer can take long, and removes what is still the same. */
async function removeAgreed(run: Run, agreed: readonly ManagedNetworkPolicyView[]): Promise<ExitCodeName> {
  const { context, flags, session, terminal } = run;
  const again = flags.yes === true ? success({ orphans: agreed }) : await chosenOrphans(run);
  if (!again.ok) {
    return complain(run, again.error);
  }
  const still = new Map(again.value.orphans.map((orphan) => [orphan.uid, orphan]));
  const orphans = agreed.filter(({ uid, resourceVersion }) => still.get(uid)?.resourceVersion === resourceVersion);
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.complain(text);
    },
    isShown: terminal.showsProgress,
  });
  const removals: Removal[] = agreed
    .filter((orphan) => !orphans.includes(orphan))
    .map((orphan) => ({ orphan, outcome: 'held', message: 'left standing, as it changed or is no orphan any more' }));
  await removeOrphans(session.kube, orphans, (removal) => {
    removals.push(removal);
    progress.say(`removed ${removals.length} of ${agreed.length}`);
  });
  progress.end();
  show(run, removals);
  return removals.every(({ outcome }) => outcome === 'removed' || outcome === 'gone') ? 'ok' : 'failed';
}

type Told = Pick<Removal, 'orphan'> & { readonly outcome: Removal['outcome'] | undefined; readonly message?: string };

function show(run: Run, told: readonly Told[]): void {
  const { context, flags, terminal } = run;
  if (flags.output === 'json' || flags.output === 'yaml') {
    const items = told.map(({ orphan, outcome, message }) => ({
      ...leftoverFor(orphan),
      uid: orphan.uid,
      outcome: outcome ?? 'orphan',
      ...(message === undefined || message === '' ? {} : { message }),
    }));
    context.print(structuredText({ items }, flags.output));
    return;
  }
  if (told.length === 0) {
    context.print('There are no orphans.\n');
  } else if (told.every(({ outcome }) => outcome === undefined)) {
    context.print(
      leftoversText(
        told.map(({ orphan }) => leftoverFor(orphan)),
        { isWide: flags.output === 'wide', isColoured: isColoured(terminal, context.env) },
      ),
    );
  } else {
    for (const removal of told) {
      showOutcome(removal, context);
    }
  }
}

function showOutcome({ orphan, outcome, message = '' }: Told, context: CommandContext): void {
  const name = printable(`networkpolicy.networking.k8s.io/${orphan.name}`);
  const where = `in namespace ${printable(orphan.namespace)}`;
  if (outcome === 'removed') {
    context.print(`${name} deleted ${where}\n`);
  } else if (outcome === 'gone') {
    context.print(`${name} was gone already ${where}\n`);
  } else {
    context.complain(`${name} ${where}: ${message}\n`);
  }
}

function complain({ context }: Run, { attempt, error }: FailedAttempt): ExitCodeName {
  const isMissingCrd = error.kind === 'notFound' && attempt.name === undefined;
  const advice = isMissingCrd
    ? '. Without BaselinePolicies it cannot be told what is an orphan; to remove all that is ours: nsbaseline uninstall --remove-policies'
    : '';
  context.complain(`${context.programName} prune: ${failureText(attempt, error)}${advice}\n`);
  return exitCodeNameFor(error);
}

function pruneHelp({ programName }: CommandContext): string {
  return `
An orphan carries our label and the uid of a BaselinePolicy that is gone, as after deleting a policy with onDelete: Keep
or renaming it. Where a policy of the same name selects the namespace, it takes them over, and they are no orphans.
Each is removed only as it was shown; within a namespace default-deny goes first and allow-dns last.

Examples:
  ${programName} prune -A --dry-run          what is there
  ${programName} prune -n team-a             shows, asks, removes
  ${programName} prune -n team-a standard.default-deny
  ${programName} prune -A --yes -o json      for scripts

${exitCodesHelp()}`;
}
