import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { type Command, Option } from 'commander';
import { exitCode } from '../../../app/exit-codes.ts';
import {
  descriptionOf,
  flagOf,
  RUN_OPTION_KEYS,
  type RunOptionKey,
  type RunOptions,
} from '../../../app/run-options.ts';
import { nearest, type Problem, runOptionsFor } from '../../../app/run-settings.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addHelp } from '../../frame/help-text.ts';

/** Runs the operator until `signal` is aborted, and resolves with the exit code. */
export type RunOperator = (options: RunOptions, signal: AbortSignal) => Promise<number>;

/** Where Kubernetes tells a pod its namespace. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** The operator keeps to `shutdownTimeoutMs` itself; this is for when it is stuck. */
const LAST_RESORT_MS = 2_000;

/** `run`: the operator itself. */
export function defineRun(command: Command, context: CommandContext, runOperator: RunOperator = loadedOperator): void {
  command
    .description(
      'Runs the operator: watches Namespaces, BaselinePolicies and NetworkPolicies, and keeps every selected namespace as declared.',
    )
    // Collected by us, so that they are reported together with everything else that is wrong.
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({ optionDescription: (option) => option.description });
  addHelp(command, context, { text: runHelp(context), exitCodes: ['ok', 'failed', 'usage', 'unreachable'] });
  for (const key of RUN_OPTION_KEYS) {
    command.addOption(optionFor(key));
  }
  command.action(async () => {
    const options = runOptionsFor({ flags: flagsOf(command), env: context.env, ...(await serviceAccountNamespace()) });
    const problems = [...misplacedWords(command), ...(options.ok ? [] : options.error)];
    if (options.ok && problems.length === 0) {
      context.exit(await untilSignalled(options.value, runOperator, context));
      return;
    }
    context.writeError(problemsText(problems, context));
    context.exit(exitCode('usage'));
  });
}

const loadedOperator: RunOperator = async (options, signal) => {
  const { runOperator } = await import('../../../app/app.ts');
  return runOperator(options, signal);
};

function optionFor(key: RunOptionKey): Option {
  const { flag, choices, isList } = descriptionOf(key);
  const option = new Option(flag, optionHelp(key));
  // Only completed: `choices()` would end the program at the first bad value.
  if (choices !== undefined) {
    option.argChoices = [...choices];
  }
  if (isList === true) {
    option.argParser<string | undefined>((value, before) => (before === undefined ? value : `${before},${value}`));
  }
  return option;
}

function optionHelp(key: RunOptionKey): string {
  const { env, description, choices, defaultNote, default: defaultText } = descriptionOf(key);
  const oneOf = choices === undefined ? '' : ` One of ${choices.join(', ')}.`;
  return `${description}${oneOf}\n[default: ${defaultNote ?? defaultText ?? 'none'}]\n[env: ${env}]`;
}

function flagsOf(command: Command): Partial<Record<RunOptionKey, string>> {
  const values = command.opts<Record<string, string | undefined>>();
  const entries = RUN_OPTION_KEYS.map(
    (key) => [key, values[new Option(descriptionOf(key).flag).attributeName()]] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function misplacedWords(command: Command): readonly Problem[] {
  const known = RUN_OPTION_KEYS.map(flagOf);
  return command.args.map((word) => {
    const [flag = ''] = word.split('=', 1);
    const meant = flag.startsWith('-') ? nearest(flag, known) : undefined;
    const what = flag.startsWith('-') ? `there is no such flag` : 'nothing is expected here';
    return `${JSON.stringify(word)}: ${what}${meant === undefined ? '' : `, did you mean ${meant}?`}`;
  });
}

function problemsText(problems: readonly Problem[], { programName }: CommandContext): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return [
    `${programName} run: ${count}, nothing was started`,
    ...problems.map((problem) => `  ${problem}`),
    `See '${programName} run --help'.`,
    '',
  ].join('\n');
}

async function serviceAccountNamespace(): Promise<{ readonly serviceAccountNamespace?: string }> {
  try {
    return { serviceAccountNamespace: (await readFile(NAMESPACE_FILE, 'utf8')).trim() };
  } catch {
    // Not in a pod, or in one without a service account token: the default takes its place.
    return {};
  }
}

/** The first SIGTERM or SIGINT asks the operator to end, the second ends the process at once. */
async function untilSignalled(options: RunOptions, runOperator: RunOperator, context: CommandContext): Promise<number> {
  const controller = new AbortController();
  const onSignal = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (controller.signal.aborted) {
      process.exit(128 + constants.signals[signal]);
    }
    controller.abort(signal);
    setTimeout(() => {
      context.writeError(`${context.programName} run: still busy after --shutdown-timeout, ended regardless\n`);
      process.exit(exitCode('failed'));
    }, options.shutdownTimeoutMs + LAST_RESORT_MS).unref();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    return await runOperator(options, controller.signal);
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

function runHelp({ programName }: CommandContext): string {
  return `
A flag overrides its environment variable, and that the default.
Durations are a number and a unit: 500ms, 10s, 1.5m, 1h. Lists are separated by commas.

Signals:
  SIGTERM, SIGINT  end in order; a second one ends at once
  SIGUSR2          switch the log to debug, and back

Examples:
  ${programName} run
  ${programName} run --kubeconfig ~/.kube/config --context staging --listen 127.0.0.1:0
  NSBASELINE_LOG_LEVEL=debug ${programName} run --exclude-namespaces 'openshift-*,infra-*'`;
}
