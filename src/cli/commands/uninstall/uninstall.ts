import type { Command } from 'commander';
import { type ExitCodeName, exitCodesHelp } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import { type Result, success } from '../../../base/result.ts';
import type { FailedAttempt } from '../../cluster/cluster-reading.ts';
import { exitCodeNameFor, failureText } from '../../cluster/kube-failure.ts';
import { type ClusterSession, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addClusterFlags, type ClusterFlags } from '../../frame/kubectl-flags.ts';
import { Progress } from '../../frame/progress.ts';
import { isYes, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { leftoversText } from '../status/status-text.ts';
import { leftoverFor } from '../status/status-view.ts';
import { type Extent, effectText, goingText, type Inventory, isNothing, readInventory } from './uninstall-inventory.ts';
import { removeInOrder } from './uninstall-order.ts';

interface UninstallFlags extends ClusterFlags {
  readonly removePolicies?: true;
  readonly removeCrds?: true;
  readonly yes?: true;
  readonly dryRun?: true;
}

/** One run of the command: what was asked for, and whom to tell. */
interface Run {
  readonly extent: Extent;
  readonly flags: UninstallFlags;
  readonly session: ClusterSession;
  readonly context: CommandContext;
  readonly terminal: Terminal;
}

/** `uninstall`: takes out what the operator leaves in a cluster, in an order in which nothing gets stuck. The operator itself is for the tool that installed it. */
export function defineUninstall(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command.description(
    'Shows every BaselinePolicy and NamespaceBaseline, asks, and deletes them. NetworkPolicies stay, unless told otherwise.',
  );
  addClusterFlags(command)
    .option(
      '--remove-policies',
      'also every NetworkPolicy that the operator wrote: namespaces that nothing else isolates are open then',
    )
    .option('--remove-crds', 'also both CRDs, at the end')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what would go')
    .addHelpText('after', uninstallHelp(context))
    .action(async (flags: UninstallFlags) => {
      const extent = { withNetworkPolicies: flags.removePolicies === true, withCrds: flags.removeCrds === true };
      await withCluster(flags, context, (session) => uninstall({ extent, flags, session, context, terminal }));
    });
}

async function uninstall(run: Run): Promise<ExitCodeName> {
  const { context, extent, flags, session, terminal } = run;
  const inventory = await inventoryOf(run);
  if (!inventory.ok) {
    return complain(run, inventory.error);
  }
  if (isNothing(inventory.value, extent)) {
    context.print('There is nothing to uninstall.\n');
    return 'ok';
  }
  if (flags.dryRun === true) {
    context.print(
      `${listText(inventory.value, extent)}Would delete ${goingText(inventory.value, extent)}${effectText(inventory.value, extent)}.\n`,
    );
    return 'ok';
  }
  const go = await isWanted(run, inventory.value);
  if (go !== true) {
    return go;
  }
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.complain(text);
    },
    isShown: terminal.showsProgress,
  });
  const isDone = await removeInOrder({
    kube: session.kube,
    agreed: inventory.value,
    extent,
    readAgain: () => inventoryOf(run),
    told: {
      onRemoved: (what) => {
        context.print(`${printable(what)}\n`);
      },
      onFailed: (what) => {
        context.complain(`${printable(what)}\n`);
      },
      onProgress: (text) => {
        progress.say(text);
      },
    },
  });
  progress.end();
  context.complain(
    isDone
      ? 'The operator itself is removed by what installed it: kubectl delete -k deploy/base, helm uninstall nsbaseline, or the folder in Git.\n'
      : `${context.programName} uninstall: not everything is gone; what is left is as it was, so this can be repeated\n`,
  );
  return isDone ? 'ok' : 'failed';
}

async function inventoryOf({ session, context, terminal }: Run): Promise<Result<Inventory, FailedAttempt>> {
  const progress = new Progress({
    clock: systemClock,
    write: (text) => {
      context.complain(text);
    },
    isShown: terminal.showsProgress,
  });
  const inventory = await readInventory({ kube: session.kube, namespace: undefined, progress });
  progress.end();
  return inventory.ok ? success(inventory.value) : inventory;
}

/** Asks, or gives the exit code where the answer is no or nobody can be asked. */
async function isWanted({ flags, context, extent, terminal }: Run, inventory: Inventory): Promise<true | ExitCodeName> {
  if (flags.yes === true) {
    return true;
  }
  const [going, effect] = [goingText(inventory, extent), effectText(inventory, extent)];
  context.complain(listText(inventory, extent));
  if (!terminal.canAsk) {
    context.complain(
      `${context.programName} uninstall: would delete ${going}${effect}. Standard input is no terminal, so nobody can be asked, and nothing was deleted: add --yes to go on, or --dry-run to only look\n`,
    );
    return 'usage';
  }
  if (isYes(await terminal.ask(`Delete ${going}${effect}? [y/N] `))) {
    return true;
  }
  context.complain('nothing was deleted\n');
  return 'failed';
}

/** What goes, by name. */
function listText({ policies, networkPolicies }: Inventory, { withNetworkPolicies }: Extent): string {
  const named = policies.map(({ name }) => `baselinepolicy.nsbaseline.io/${printable(name)}\n`).join('');
  if (!withNetworkPolicies || networkPolicies.length === 0) {
    return named;
  }
  return `${named}${leftoversText(networkPolicies.map(leftoverFor), { isWide: true, isColoured: false })}`;
}

function complain({ context }: Run, { attempt, error }: FailedAttempt): ExitCodeName {
  context.complain(`${context.programName} uninstall: ${failureText(attempt, error)}\n`);
  return exitCodeNameFor(error);
}

function uninstallHelp({ programName }: CommandContext): string {
  return `
The order is: BaselinePolicies, none of which takes anything along (onDelete: Remove plays no part here, and no finalizer
is left behind); with --remove-policies the NetworkPolicies, default-deny first and allow-dns last in each namespace; then
the NamespaceBaselines; then, with --remove-crds, the CRDs. It works with the operator running and without.
Where a tool keeps BaselinePolicies in place from Git, take them out there first, or it brings them back.

Examples:
  ${programName} uninstall --dry-run
  ${programName} uninstall                            leaves every NetworkPolicy standing
  ${programName} uninstall --remove-policies --remove-crds

${exitCodesHelp()}`;
}
