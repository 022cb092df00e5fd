import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCode } from '../../../app/exit-codes.ts';
import type { Result } from '../../../base/result.ts';
import { type FailedAttempt, failCommand } from '../../cluster/kube-failure.ts';
import { unownedFor, unownedTable } from '../../cluster/orphans.ts';
import { withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, fail, withProgress } from '../../frame/command-run.ts';
import { confirmed } from '../../frame/confirm.ts';
import { addHelp } from '../../frame/help-text.ts';
import { addClusterFlags, type ClusterFlags } from '../../frame/kubectl-flags.ts';
import { processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { type StructuredFormat, structuredText } from '../../views/structured-output.ts';
import { type Extent, effectText, goingText, type Inventory, isNothing, readInventory } from './uninstall-inventory.ts';
import { removeInOrder } from './uninstall-order.ts';
import { CRD_NAMES } from './uninstall-steps.ts';

interface UninstallFlags extends ClusterFlags {
  readonly removePolicies?: true;
  readonly removeCrds?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly output: 'table' | StructuredFormat;
}

/** One run of the command, and what it shall remove. */
interface UninstallRun extends CommandRun<UninstallFlags> {
  readonly extent: Extent;
}

/** `uninstall`: removes what the operator leaves in a cluster, in an order in which nothing gets stuck. The operator itself is removed by the tool that installed it. */
export function defineUninstall(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command.description(
    'Shows every BaselinePolicy and NamespaceBaseline, asks, and deletes them. NetworkPolicies stay, unless --remove-policies is given.',
  );
  addClusterFlags(command)
    .option(
      '--remove-policies',
      'also every NetworkPolicy that the operator wrote: namespaces that nothing else isolates are open then',
    )
    .option('--remove-crds', 'also both CRDs, at the end')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what would be deleted')
    .addOption(
      new Option('-o, --output <format>', 'how --dry-run shows it').choices(['table', 'json', 'yaml']).default('table'),
    )
    .action(async (flags: UninstallFlags) => {
      if (flags.output !== 'table' && flags.dryRun !== true) {
        const text = `-o ${flags.output} is for --dry-run`;
        context.exit(exitCode(fail({ name: 'uninstall', context }, text, 'usage')));
        return;
      }
      const extent = { withNetworkPolicies: flags.removePolicies === true, withCrds: flags.removeCrds === true };
      await withCluster(flags, context, (session) =>
        uninstall({ name: 'uninstall', extent, flags, session, context, terminal }),
      );
    });
  addHelp(command, context, { text: uninstallHelp(context), exitCodes: ['ok', 'failed', 'usage', 'unreachable'] });
}

async function uninstall(run: UninstallRun): Promise<ExitCodeName> {
  const { context, extent, flags } = run;
  const inventory = await inventoryOf(run);
  if (!inventory.ok) {
    return failCommand(run, inventory.error);
  }
  if (flags.output !== 'table') {
    context.print(structuredText(dryRunView(inventory.value, extent), flags.output));
    return 'ok';
  }
  if (isNothing(inventory.value, extent)) {
    context.print('There is nothing to uninstall.\n');
    return 'ok';
  }
  const [going, effect] = [goingText(inventory.value, extent), effectText(inventory.value, extent)];
  if (flags.dryRun === true) {
    context.print(`${listText(inventory.value, extent)}Would delete ${going}${effect}.\n`);
    return 'ok';
  }
  if (flags.yes !== true) {
    context.writeError(listText(inventory.value, extent));
  }
  const go = await confirmed(run, { intent: `delete ${going}${effect}`, refusal: 'nothing was deleted' });
  return go === true ? await removeAll(inventory.value, run) : go;
}

async function removeAll(agreed: Inventory, run: UninstallRun): Promise<ExitCodeName> {
  const { context, extent, session } = run;
  const isDone = await withProgress(run, (progress) =>
    removeInOrder({
      reading: { kube: session.kube, namespace: undefined, progress },
      agreed,
      extent,
      report: {
        onRemoved: (what) => {
          context.print(`${printable(what)}\n`);
        },
        onFailed: (what) => {
          context.writeError(`${printable(what)}\n`);
        },
      },
    }),
  );
  if (!isDone) {
    return fail(run, 'not everything could be removed; the command can be repeated', 'failed');
  }
  context.writeError(
    'The operator itself is removed by what installed it: kubectl delete -k deploy/base, helm uninstall nsbaseline, or the folder in Git.\n',
  );
  return 'ok';
}

function inventoryOf(run: UninstallRun): Promise<Result<Inventory, FailedAttempt>> {
  const { kube } = run.session;
  return withProgress(run, (progress) => readInventory({ kube, namespace: undefined, progress }));
}

/** What would be deleted, by name. */
function listText({ policies, networkPolicies }: Inventory, { withNetworkPolicies }: Extent): string {
  const named = policies.map(({ name }) => `baselinepolicy.nsbaseline.io/${printable(name)}\n`).join('');
  if (!withNetworkPolicies || networkPolicies.length === 0) {
    return named;
  }
  return `${named}${unownedTable(networkPolicies.map(unownedFor), { isWide: true, isColoured: false })}`;
}

/** The same for programs: what would be deleted, and what would stay. Fields are only ever added. */
function dryRunView({ policies, reports, networkPolicies, hasCrds }: Inventory, extent: Extent) {
  const written = networkPolicies.map(unownedFor);
  return {
    wouldDelete: {
      baselinePolicies: policies.map(({ name }) => name),
      namespaceBaselines: reports.map(({ namespace }) => namespace),
      networkPolicies: extent.withNetworkPolicies ? written : [],
      customResourceDefinitions: extent.withCrds && hasCrds ? CRD_NAMES : [],
    },
    wouldKeep: { networkPolicies: extent.withNetworkPolicies ? [] : written },
  };
}

function uninstallHelp({ programName }: CommandContext): string {
  return `
The order is: BaselinePolicies, without what they wrote (onDelete: Remove is ignored here, and no finalizer is left
behind); with --remove-policies the NetworkPolicies, default-deny first and allow-dns last in each namespace; then
the NamespaceBaselines; then, with --remove-crds, the CRDs. It works with the operator running and without.
Where a tool keeps BaselinePolicies in place from Git, take them out there first, or it brings them back.

Examples:
  ${programName} uninstall --dry-run
  ${programName} uninstall --dry-run -o json          for scripts
  ${programName} uninstall                            keeps every NetworkPolicy
  ${programName} uninstall --remove-policies --remove-crds`;
}
