import { type Command, Option } from 'commander';
import { type ExitCodeName, exitCodesHelp } from '../../../app/exit-codes.ts';
import { fieldOf } from '../../../base/json.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { BASELINE_POLICIES } from '../../../operator/watch/resources.ts';
import { baselinePolicyViewOf } from '../../cluster/cluster-facts.ts';
import { type Attempt, exitCodeNameFor, failureText } from '../../cluster/kube-failure.ts';
import { type ClusterSession, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addClusterFlags, type ClusterFlags } from '../../frame/kubectl-flags.ts';
import { isYes, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { type HeldChange, type HeldKind, heldChanges } from './held-change.ts';
import { heldNames } from './held-names.ts';

interface ApproveFlags extends ClusterFlags {
  readonly removal?: true;
  readonly isolation?: true;
  readonly yes?: true;
}

/** How many names are listed before the question. */
const MOST_NAMES = 200;
/** How often the confirmation is written while others write the same object. */
const MOST_TRIES = 5;

/** One run of the command: what was asked for, and whom to tell. */
interface Run {
  readonly policy: string;
  readonly flags: ApproveFlags;
  readonly session: ClusterSession;
  readonly context: CommandContext;
  readonly terminal: Terminal;
}

/** `approve`: confirms the one change of a BaselinePolicy that is held, exactly as the operator described it (R9). */
export function defineApprove(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description('Shows the change of a BaselinePolicy that the operator holds back, asks, and lets it go on.')
    .argument('<policy>', 'the BaselinePolicy');
  addClusterFlags(command)
    .addOption(new Option('--removal', 'the removal that is held (RemovalHeld)').conflicts('isolation'))
    .addOption(new Option('--isolation', 'the isolation that is held (IsolationHeld)'))
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', approveHelp(context))
    .action(async (policy: string, flags: ApproveFlags) => {
      await withCluster(flags, context, (session) => approve({ policy, flags, session, context, terminal }));
    });
}

async function approve(run: Run): Promise<ExitCodeName> {
  const { policy, session, flags } = run;
  const attempt: Attempt = { verb: 'get', type: BASELINE_POLICIES, name: policy };
  const found = await session.kube.get({ type: BASELINE_POLICIES, name: policy });
  if (!found.ok) {
    return say(run, failureText(attempt, found.error), exitCodeNameFor(found.error));
  }
  const change = chosenChange(run, found.value);
  if (typeof change === 'string') {
    return change;
  }
  const { confirmation } = change;
  if (confirmation === undefined) {
    return say(
      run,
      `the message of the condition has no ${change.annotation} to write: ${printable(change.message)}`,
      'failed',
    );
  }
  if (fieldOf(found.value.metadata.annotations, change.annotation) === confirmation) {
    return say(run, 'this is confirmed already; the operator goes on with it', 'ok');
  }
  if (flags.yes !== true) {
    const go = await isWanted(run, change);
    if (go !== true) {
      return go;
    }
  }
  return await confirm(run, found.value, { ...change, confirmation });
}

/** The change that is meant, or the exit code where there is none or it is not clear which. */
function chosenChange(run: Run, object: KubeObject): HeldChange | ExitCodeName {
  const policy = baselinePolicyViewOf(object);
  const isolation: HeldKind | undefined = run.flags.isolation === true ? 'isolation' : undefined;
  const wanted: HeldKind | undefined = run.flags.removal === true ? 'removal' : isolation;
  const changes = heldChanges(policy).filter(({ kind }) => wanted === undefined || kind === wanted);
  const [change, other] = changes;
  if (change === undefined) {
    return say(
      run,
      `nothing is held${wanted === undefined ? '' : ` that is a ${wanted}`}, so there is nothing to confirm`,
      'failed',
    );
  }
  if (other !== undefined) {
    return say(run, 'a removal and an isolation are held; write --removal or --isolation', 'usage');
  }
  // What is held may be another set of namespaces by now; the operator would not take this confirmation for it.
  if (policy.observedGeneration !== policy.generation) {
    return say(
      run,
      `the operator has not looked at generation ${policy.generation} yet; repeat this when it has`,
      'failed',
    );
  }
  return change;
}

async function isWanted(run: Run, change: HeldChange): Promise<true | ExitCodeName> {
  const { context, terminal, policy } = run;
  context.complain(`BaselinePolicy ${printable(policy)}: ${printable(change.message)}\n`);
  context.complain(namesText(await heldNames(run.session.kube, policy, change)));
  const namespaces = `${change.count} ${change.count === 1 ? 'namespace' : 'namespaces'}`;
  const question = change.kind === 'removal' ? `Let ${namespaces} lose protection?` : `Isolate ${namespaces}?`;
  if (!terminal.canAsk) {
    return say(
      run,
      `standard input is no terminal, so nobody can be asked, and nothing was confirmed: add --yes`,
      'usage',
    );
  }
  if (isYes(await terminal.ask(`${question} [y/N] `))) {
    return true;
  }
  return say(run, 'nothing was confirmed', 'failed');
}

function namesText(names: readonly string[] | undefined): string {
  if (names === undefined) {
    return 'The names cannot be listed in full here: the cluster has changed meanwhile, not all of it may be read, or the operator excludes other namespaces than usual.\n';
  }
  const left = names.length - MOST_NAMES;
  return [
    'These namespaces:',
    ...names.slice(0, MOST_NAMES).map((name) => `  ${printable(name)}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
    '',
  ].join('\n');
}

/**
 * PUT of the policy with nothing but the annotation added. The operator counts into the status while a person reads, so
 * a conflict alone stops nothing: what is held is asked for again, and is confirmed if it is still what was shown.
 */
async function confirm(
  run: Run,
  shown: KubeObject,
  change: HeldChange & { readonly confirmation: string },
): Promise<ExitCodeName> {
  const { context, policy, session } = run;
  let object = shown;
  for (let tries = 1; ; tries += 1) {
    const annotations = { ...object.metadata.annotations, [change.annotation]: change.confirmation };
    const replaced = await session.kube.replace(BASELINE_POLICIES, {
      ...object,
      metadata: { ...object.metadata, annotations },
    });
    if (replaced.ok) {
      break;
    }
    if (replaced.error.kind !== 'conflict' || tries === MOST_TRIES) {
      return say(
        run,
        failureText({ verb: 'update', type: BASELINE_POLICIES, name: policy }, replaced.error),
        exitCodeNameFor(replaced.error),
      );
    }
    const found = await session.kube.get({ type: BASELINE_POLICIES, name: policy });
    if (!found.ok) {
      return say(
        run,
        failureText({ verb: 'get', type: BASELINE_POLICIES, name: policy }, found.error),
        exitCodeNameFor(found.error),
      );
    }
    if (fieldOf(found.value.metadata.annotations, change.annotation) === change.confirmation) {
      break;
    }
    if (!isStillHeld(found.value, shown, change)) {
      return say(
        run,
        'the policy or what is held of it has changed since it was shown, and nothing was confirmed: look again and repeat this',
        'failed',
      );
    }
    object = found.value;
  }
  context.print(
    `baselinepolicy.nsbaseline.io/${printable(policy)} annotated: ${change.annotation}=${change.confirmation}\n`,
  );
  return 'ok';
}

function isStillHeld(now: KubeObject, shown: KubeObject, change: HeldChange): boolean {
  if (now.metadata.uid !== shown.metadata.uid || now.metadata.generation !== shown.metadata.generation) {
    return false;
  }
  return heldChanges(baselinePolicyViewOf(now)).some(
    ({ kind, confirmation }) => kind === change.kind && confirmation === change.confirmation,
  );
}

function say({ context, policy }: Run, text: string, code: ExitCodeName): ExitCodeName {
  context.complain(`${context.programName} approve: ${printable(policy)}: ${text}\n`);
  return code;
}

function approveHelp({ programName }: CommandContext): string {
  return `
The operator holds back a change that would unprotect, or newly isolate, many namespaces at once, and says so in the
condition RemovalHeld or IsolationHeld. A confirmation is for one generation of the policy and one set of namespaces:
when either changes, it has to be given anew. --dry-run is not needed: nothing is written before you answer.

Examples:
  ${programName} approve standard
  ${programName} approve standard --removal --yes

${exitCodesHelp()}`;
}
