import { type Command, Option } from 'commander';
import type { ExitCodeName } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import { buildInfo } from '../../../telemetry/version.ts';
import { USUAL_OPERATOR_NAMESPACE } from '../../cluster/cluster-facts.ts';
import { listBaselinePolicies } from '../../cluster/cluster-reading.ts';
import { exitCodeNameFor, failureText } from '../../cluster/kube-failure.ts';
import { readOperator } from '../../cluster/operator-lease.ts';
import { withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, fail, withProgress } from '../../frame/command-run.ts';
import { addHelp } from '../../frame/help-text.ts';
import { addClusterFlags, type ClusterFlags, namespaceName } from '../../frame/kubectl-flags.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { printable } from '../../views/printable.ts';
import { type StructuredFormat, structuredText } from '../../views/structured-output.ts';
import { type Tone, toned } from '../../views/text-table.ts';
import {
  type CheckResult,
  checkApi,
  checkCrds,
  checkPermissions,
  dnsCheck,
  operatorChecks,
  unreadable,
} from './checks.ts';

interface CheckFlags extends ClusterFlags {
  readonly operatorNamespace: string;
  readonly output: 'text' | StructuredFormat;
}

type CheckRun = CommandRun<CheckFlags>;

/** `check`: whether nsbaseline is installed and works, one line for each check. It only reads. */
export function defineCheck(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command.description('Checks whether nsbaseline is installed in the cluster and works, one line for each check.');
  addClusterFlags(command)
    .addOption(
      new Option('--operator-namespace <namespace>', 'where the operator runs')
        .argParser(namespaceName)
        .default(USUAL_OPERATOR_NAMESPACE),
    )
    .addOption(
      new Option('-o, --output <format>', 'what it looks like').choices(['text', 'json', 'yaml']).default('text'),
    )
    .action(async (flags: CheckFlags) => {
      await withCluster(flags, context, (session) => check({ name: 'check', flags, session, context, terminal }));
    });
  addHelp(command, context, {
    text: checkHelp(context),
    exitCodes: ['ok', 'failed', 'usage', 'unreachable', 'unhealthy'],
  });
}

async function check(run: CheckRun): Promise<ExitCodeName> {
  const { kube } = run.session;
  const api = await checkApi(kube);
  if (!api.ok) {
    const text = `the API server cannot be used: ${printable(api.error.message)}`;
    return fail(run, text, exitCodeNameFor(api.error));
  }
  const [crds, permissions, operator, dns] = await Promise.all([
    checkCrds(kube),
    checkPermissions(kube),
    operatorResults(run),
    dnsResult(run),
  ]);
  const results = [api.value, crds, permissions, ...operator, dns];
  run.context.print(resultsText(results, run));
  return results.some(({ outcome }) => outcome === 'failed') ? 'unhealthy' : 'ok';
}

async function operatorResults({ session, flags }: CheckRun): Promise<readonly CheckResult[]> {
  const operator = await readOperator(session.kube, { namespace: flags.operatorNamespace, clock: systemClock });
  if (operator.ok) {
    return operatorChecks(operator.value, buildInfo.version);
  }
  const { attempt, error } = operator.error;
  return [unreadable('operator', failureText(attempt, error), error)];
}

async function dnsResult(run: CheckRun): Promise<CheckResult> {
  const policies = await withProgress(run, (progress) =>
    listBaselinePolicies({ kube: run.session.kube, namespace: undefined, progress }),
  );
  if (policies.ok) {
    return dnsCheck(policies.value);
  }
  const { attempt, error } = policies.error;
  return unreadable('dns', failureText(attempt, error), error);
}

const MARKS: Readonly<Record<CheckResult['outcome'], { readonly text: string; readonly tone: Tone }>> = {
  passed: { text: 'ok', tone: 'good' },
  failed: { text: 'FAILED', tone: 'bad' },
  unknown: { text: 'unknown', tone: 'warning' },
};

function resultsText(results: readonly CheckResult[], { flags, context, terminal }: CheckRun): string {
  if (flags.output !== 'text') {
    return structuredText({ checks: results }, flags.output);
  }
  const look = { isColoured: isColoured(terminal, context.env) };
  const lines = results.map(({ check: name, outcome, message }) => {
    const { text, tone } = MARKS[outcome];
    return `${name}: ${toned(text, tone, look)}: ${printable(message)}\n`;
  });
  return lines.join('');
}

function checkHelp({ programName }: CommandContext): string {
  return `
The checks: api (the API server is new enough), crds (both are served, with every field of this version), permissions (of
the caller, for status -A), operator (a replica leads), version (of the newest operator that led), dns (the operator has
found the DNS of the cluster). What the caller may not read is unknown, which is no failure.

Examples:
  ${programName} check
  ${programName} check --operator-namespace infra
  ${programName} check -o json`;
}
