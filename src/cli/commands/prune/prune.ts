import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCode } from '../../../app/exit-codes.ts';
import { failure, type Result, success } from '../../../base/result.ts';
import type { ManagedNetworkPolicyView } from '../../cluster/cluster-facts.ts';
import {
  listBaselinePolicies,
  listManagedNetworkPolicies,
  listNamespaces,
  listReports,
  type Reading,
} from '../../cluster/cluster-reading.ts';
import { type FailedAttempt, failCommand } from '../../cluster/kube-failure.ts';
import { amountText, openingText, type Removal, removeOrphans } from '../../cluster/orphan-removal.ts';
import { unownedFor, unownedTable } from '../../cluster/orphans.ts';
import { chosenNamespace, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, fail, withProgress } from '../../frame/command-run.ts';
import { confirmed } from '../../frame/confirm.ts';
import { addHelp } from '../../frame/help-text.ts';
import {
  addClusterFlags,
  addNamespaceFlags,
  type ClusterFlags,
  type NamespaceFlags,
} from '../../frame/kubectl-flags.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { isStructured, type StructuredFormat, structuredText } from '../../views/structured-output.ts';
import { type PruneChoice, type PruneFacts, pruneChoice } from './prune-choice.ts';

interface PruneFlags extends ClusterFlags, NamespaceFlags {
  readonly output: 'table' | 'wide' | StructuredFormat;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly kept?: true;
  readonly copies?: true;
}

type PruneRun = CommandRun<PruneFlags>;

/** `prune`: removes NetworkPolicies of BaselinePolicies that are gone, or copies, and nothing else. */
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
      new Option(
        '--copies',
        'instead, the copies: with our marks in namespaces that their policy does not select and whose report does not list them',
      ).conflicts('kept'),
    )
    .addOption(
      new Option('-o, --output <format>', 'what it looks like')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .action(async (names: readonly string[], flags: PruneFlags) => {
      if (names.length > 0 && flags.allNamespaces === true) {
        const text = 'names are of one namespace; leave out the names, or write -n instead of -A';
        context.exit(exitCode(fail({ name: 'prune', context }, text, 'usage')));
        return;
      }
      await withCluster(flags, context, (session) =>
        prune(names, { name: 'prune', flags, session, context, terminal }),
      );
    });
  addHelp(command, context, { text: pruneHelp(context), exitCodes: ['ok', 'failed', 'usage', 'unreachable'] });
}

async function prune(names: readonly string[], run: PruneRun): Promise<ExitCodeName> {
  const { flags } = run;
  const choice = await chosenOrphans(names, run);
  if (!choice.ok) {
    return failPrune(run, choice.error);
  }
  const { orphans, refusals } = choice.value;
  for (const refusal of refusals) {
    fail(run, printable(refusal), 'usage');
  }
  if (refusals.length > 0) {
    return 'usage';
  }
  if (orphans.length === 0 || flags.dryRun === true) {
    const shown = orphans.map((orphan) => ({ orphan, outcome: undefined }));
    show(run, shown);
    return 'ok';
  }
  const go = await isConfirmed(run, orphans);
  return go === true ? await removeConfirmed(names, orphans, run) : go;
}

/** What there is to remove now. BaselinePolicies are read last, so that an object of a new one is not taken for an orphan. */
async function chosenOrphans(names: readonly string[], run: PruneRun): Promise<Result<PruneChoice, FailedAttempt>> {
  const { flags, session } = run;
  const namespace = chosenNamespace(flags, session);
  const facts = await withProgress(run, (progress) =>
    pruneFacts({ kube: session.kube, namespace, progress }, flags.copies === true),
  );
  return facts.ok
    ? success(
        pruneChoice(facts.value, { includesKept: flags.kept === true, isAboutCopies: flags.copies === true, names }),
      )
    : facts;
}

/** Without the labels of a namespace, what could be taken over there is no orphan; all else must be known. */
async function pruneFacts(reading: Reading, isAboutCopies: boolean): Promise<Result<PruneFacts, FailedAttempt>> {
  // NetworkPolicies before reports: what the operator writes and lists in between is no copy.
  const [namespaces, networkPolicies] = await Promise.all([
    listNamespaces(reading),
    listManagedNetworkPolicies(reading),
  ]);
  const reports = isAboutCopies ? await listReports(reading) : success(undefined);
  if (!namespaces.ok && (isAboutCopies || namespaces.error.error.kind !== 'forbidden')) {
    return namespaces;
  }
  if (!networkPolicies.ok) {
    return networkPolicies;
  }
  if (!reports.ok) {
    return reports;
  }
  const policies = await listBaselinePolicies(reading);
  if (!policies.ok) {
    return failure(policies.error);
  }
  return success({
    namespaces: namespaces.ok ? namespaces.value : undefined,
    networkPolicies: networkPolicies.value,
    policies: policies.value,
    reports: reports.value,
  });
}

async function isConfirmed(run: PruneRun, orphans: readonly ManagedNetworkPolicyView[]): Promise<true | ExitCodeName> {
  const { flags, context } = run;
  if (flags.yes !== true) {
    context.writeError(unownedTable(orphans.map(unownedFor), { isWide: flags.output === 'wide', isColoured: false }));
  }
  const intent = `remove ${amountText(orphans)}${openingText(orphans)}`;
  return confirmed(run, { intent, refusal: 'nothing was removed' });
}

/** Reads again, as an answer can take long, and removes what is unchanged. */
async function removeConfirmed(
  names: readonly string[],
  agreed: readonly ManagedNetworkPolicyView[],
  run: PruneRun,
): Promise<ExitCodeName> {
  const again = run.flags.yes === true ? success({ orphans: agreed }) : await chosenOrphans(names, run);
  if (!again.ok) {
    return failPrune(run, again.error);
  }
  const present = new Map(again.value.orphans.map((orphan) => [orphan.uid, orphan]));
  const orphans = agreed.filter(({ uid, resourceVersion }) => present.get(uid)?.resourceVersion === resourceVersion);
  const removals: Removal[] = agreed
    .filter((orphan) => !orphans.includes(orphan))
    .map((orphan) => ({ orphan, outcome: 'skipped', message: 'not removed, as it changed or is no orphan any more' }));
  await withProgress(run, (progress) =>
    removeOrphans(run.session.kube, orphans, (removal) => {
      removals.push(removal);
      progress.show(`removed ${removals.length} of ${agreed.length}`);
    }),
  );
  show(run, removals);
  return removals.every(({ outcome }) => outcome === 'removed' || outcome === 'gone') ? 'ok' : 'failed';
}

type Shown = Pick<Removal, 'orphan'> & { readonly outcome: Removal['outcome'] | undefined; readonly message?: string };

function show(run: PruneRun, shown: readonly Shown[]): void {
  const { context, flags, terminal } = run;
  if (isStructured(flags.output)) {
    const items = shown.map(({ orphan, outcome, message }) => ({
      ...unownedFor(orphan),
      uid: orphan.uid,
      // Scripts know a removal that was not tried by this word.
      outcome: outcome === 'skipped' ? 'held' : (outcome ?? (flags.copies === true ? 'copy' : 'orphan')),
      ...(message === undefined || message === '' ? {} : { message }),
    }));
    context.print(structuredText({ items }, flags.output));
    return;
  }
  if (shown.length === 0) {
    context.print(flags.copies === true ? 'There are no copies.\n' : 'There are no orphans.\n');
  } else if (shown.every(({ outcome }) => outcome === undefined)) {
    context.print(
      unownedTable(
        shown.map(({ orphan }) => unownedFor(orphan)),
        { isWide: flags.output === 'wide', isColoured: isColoured(terminal, context.env) },
      ),
    );
  } else {
    for (const removal of shown) {
      showOutcome(removal, context);
    }
  }
}

function showOutcome({ orphan, outcome, message = '' }: Shown, context: CommandContext): void {
  const name = printable(`networkpolicy.networking.k8s.io/${orphan.name}`);
  const where = `in namespace ${printable(orphan.namespace)}`;
  if (outcome === 'removed') {
    context.print(`${name} deleted ${where}\n`);
  } else if (outcome === 'gone') {
    context.print(`${name} was gone already ${where}\n`);
  } else {
    context.writeError(`${name} ${where}: ${message}\n`);
  }
}

function failPrune(run: PruneRun, failed: FailedAttempt): ExitCodeName {
  const isMissingCrd = failed.error.kind === 'notFound' && failed.attempt.name === undefined;
  const advice =
    '. Without BaselinePolicies it is unknown what is an orphan; to remove every NetworkPolicy of ours: nsbaseline uninstall --remove-policies';
  return failCommand(run, failed, isMissingCrd ? advice : '');
}

function pruneHelp({ programName }: CommandContext): string {
  return `
An orphan carries our label and the uid of a BaselinePolicy that is gone, as after deleting a policy with onDelete: Keep
or renaming it. Where a policy of the same name selects the namespace, it takes them over, and they are no orphans.
A copy (--copies) carries the marks of a BaselinePolicy that exists, where that policy does not select the namespace and the
NamespaceBaseline does not list it, as after restoring a backup without the namespace's label. The operator leaves it alone.
Each is removed only as it was shown; within a namespace default-deny goes first and allow-dns last.

Examples:
  ${programName} prune -A --dry-run          what is there
  ${programName} prune -n team-a             shows, asks, removes
  ${programName} prune -n team-a standard.default-deny
  ${programName} prune -A --copies           shows the copies, asks, removes
  ${programName} prune -A --yes -o json      for scripts`;
}
