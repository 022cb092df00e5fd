import { type Command, Option } from 'commander';
import type { ExitCodeName } from '../../../app/exit-codes.ts';
import { platformFirst } from '../../../domain/planning/platform-namespaces.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { BASELINE_POLICIES } from '../../../operator/watch/resources.ts';
import { baselinePolicyViewOf } from '../../cluster/cluster-facts.ts';
import { exitCodeNameFor, failCommand, failureText } from '../../cluster/kube-failure.ts';
import { withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, fail } from '../../frame/command-run.ts';
import { confirmed } from '../../frame/confirm.ts';
import { addHelp } from '../../frame/help-text.ts';
import { addClusterFlags, type ClusterFlags } from '../../frame/kubectl-flags.ts';
import { processTerminal, type Terminal } from '../../frame/terminal.ts';
import { countText } from '../../views/count-text.ts';
import { printable } from '../../views/printable.ts';
import { type ConfirmableChange, isConfirmed, writeConfirmation } from './confirmation-write.ts';
import { type HeldChange, type HeldKind, heldChanges } from './held-change.ts';
import { type HeldFacts, heldNames, readHeldFacts } from './held-names.ts';

interface ApproveFlags extends ClusterFlags {
  readonly removal?: true;
  readonly isolation?: true;
  readonly yes?: true;
  readonly dryRun?: true;
}

type ApproveRun = CommandRun<ApproveFlags>;

/** A held change of one of the policies. */
interface PolicyChange extends ConfirmableChange {
  readonly policy: string;
}

/** What there is to confirm for one policy: a change, nothing any more, or why it cannot be. */
type Choice = PolicyChange | ExitCodeName;

/** How many names are listed before the question. */
const MAX_NAMES = 200;

/** `approve`: confirms held changes of BaselinePolicies, exactly as the operator described them (R9, the guards). */
export function defineApprove(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description('Shows the changes of BaselinePolicies that the operator holds back, asks, and confirms them.')
    .argument('<policy...>', 'the BaselinePolicies');
  addClusterFlags(command)
    .addOption(new Option('--removal', 'the removal that is held (RemovalHeld)').conflicts('isolation'))
    .addOption(new Option('--isolation', 'the isolation that is held (IsolationHeld)'))
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the changes')
    .action(async (policies: readonly string[], flags: ApproveFlags) => {
      await withCluster(flags, context, (session) =>
        approve([...new Set(policies)], { name: 'approve', flags, session, context, terminal }),
      );
    });
  addHelp(command, context, { text: approveHelp(context), exitCodes: ['ok', 'failed', 'usage', 'unreachable'] });
}

async function approve(policies: readonly string[], run: ApproveRun): Promise<ExitCodeName> {
  const choices: Choice[] = [];
  for (const policy of policies) {
    choices.push(await choiceFor(policy, run));
  }
  // All or nothing: one wrong name leaves it unclear which of the others were meant.
  const problem = choices.find((choice) => typeof choice === 'string' && choice !== 'ok');
  if (typeof problem === 'string') {
    return problem;
  }
  const changes = choices.filter((choice) => typeof choice !== 'string');
  if (changes.length === 0) {
    return 'ok';
  }
  if (run.flags.yes !== true || run.flags.dryRun === true) {
    await showChanges(changes, run);
  }
  if (run.flags.dryRun === true) {
    return 'ok';
  }
  const asked = changes.map((change) => effectText(change, changes.length > 1));
  const go = await confirmed(run, { intent: asked.join(', '), refusal: 'nothing was confirmed' });
  return go === true ? await writeAll(changes, run) : go;
}

async function choiceFor(policy: string, run: ApproveRun): Promise<Choice> {
  const found = await run.session.kube.get({ type: BASELINE_POLICIES, name: policy });
  if (!found.ok) {
    const attempt = { verb: 'get', type: BASELINE_POLICIES, name: policy } as const;
    return failPolicy(run, policy, failureText(attempt, found.error), exitCodeNameFor(found.error));
  }
  const change = chosenChange(policy, found.value, run);
  if (typeof change === 'string') {
    return change;
  }
  const { confirmation, annotation, message } = change;
  if (confirmation === undefined) {
    const text = `the message of the condition names no ${annotation} to write: ${printable(message)}`;
    return failPolicy(run, policy, text, 'failed');
  }
  if (isConfirmed(found.value, change)) {
    return failPolicy(run, policy, 'this is confirmed already; the operator goes on with it', 'ok');
  }
  return { ...change, policy, confirmation, shown: found.value };
}

/** The change that is meant, or the exit code where there is none or it is not clear which. */
function chosenChange(name: string, object: KubeObject, run: ApproveRun): HeldChange | ExitCodeName {
  const policy = baselinePolicyViewOf(object);
  const wanted = wantedKind(run.flags);
  const [change, other] = heldChanges(policy).filter(({ kind }) => wanted === undefined || kind === wanted);
  if (change === undefined) {
    const which = wanted === undefined ? '' : ` that is ${wanted === 'removal' ? 'a removal' : 'an isolation'}`;
    return failPolicy(run, name, `nothing is held${which}, so there is nothing to confirm`, 'failed');
  }
  if (other !== undefined) {
    return failPolicy(run, name, 'a removal and an isolation are held; write --removal or --isolation', 'usage');
  }
  // The change may affect other namespaces by now; the operator would not accept this confirmation for it.
  if (policy.observedGeneration !== policy.generation) {
    const text = `the operator has not looked at generation ${policy.generation} yet; repeat this when it has`;
    return failPolicy(run, name, text, 'failed');
  }
  return change;
}

function wantedKind({ removal, isolation }: ApproveFlags): HeldKind | undefined {
  if (removal === true) {
    return 'removal';
  }
  return isolation === true ? 'isolation' : undefined;
}

async function showChanges(changes: readonly PolicyChange[], { session, context }: ApproveRun): Promise<void> {
  const facts = await readHeldFacts(session.kube);
  for (const change of changes) {
    context.writeError(`BaselinePolicy ${printable(change.policy)}: ${printable(change.message)}\n`);
    context.writeError(namesText(facts, change));
  }
}

function namesText(facts: HeldFacts | undefined, change: PolicyChange): string {
  const held = facts === undefined ? undefined : heldNames(facts, change);
  const names = held !== undefined && change.kind === 'isolation' ? platformFirst(held).names : held;
  if (names === undefined) {
    return 'The names cannot be listed here: the cluster has changed meanwhile, not all of it may be read, or the operator excludes other namespaces than usual.\n';
  }
  const more = names.length - MAX_NAMES;
  return [
    names.length === 1 ? 'This namespace:' : 'These namespaces:',
    ...names.slice(0, MAX_NAMES).map((name) => `  ${printable(name)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
  ].join('\n');
}

function effectText({ kind, count, policy }: PolicyChange, isNamed: boolean): string {
  const namespaces = countText(count, 'namespace', 'namespaces');
  const effect = kind === 'removal' ? `let ${namespaces} lose protection` : `isolate ${namespaces}`;
  return isNamed ? `${effect} (${printable(policy)})` : effect;
}

/** Every change is attempted; one that fails does not stop the others. */
async function writeAll(changes: readonly PolicyChange[], run: ApproveRun): Promise<ExitCodeName> {
  let code: ExitCodeName = 'ok';
  for (const change of changes) {
    const written = await writeConfirmation(run.session.kube, change);
    if (!written.ok) {
      code = failCommand(run, written.error);
    } else if (written.value === 'changed') {
      const text = 'the policy or its held change is no longer what was shown, so nothing was confirmed: repeat this';
      code = failPolicy(run, change.policy, text, 'failed');
    } else {
      const { policy, annotation, confirmation } = change;
      run.context.print(`baselinepolicy.nsbaseline.io/${printable(policy)} annotated: ${annotation}=${confirmation}\n`);
    }
  }
  return code;
}

function failPolicy(run: ApproveRun, policy: string, text: string, code: ExitCodeName): ExitCodeName {
  return fail(run, `${printable(policy)}: ${text}`, code);
}

function approveHelp({ programName }: CommandContext): string {
  return `
The operator holds back a change that would unprotect, or newly isolate, more than its limits allow, and reports it with
the limit in the condition RemovalHeld or IsolationHeld. A confirmation is valid for one generation of the policy and one set of
namespaces: when either changes, confirm again. With several policies, nothing is confirmed unless all of them have a
held change.

Examples:
  ${programName} approve standard
  ${programName} approve standard strict          shows both, asks once
  ${programName} approve standard --dry-run       only shows the change and its namespaces
  ${programName} approve standard --removal --yes`;
}
