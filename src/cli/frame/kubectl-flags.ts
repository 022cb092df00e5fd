import { Command, InvalidArgumentError, Option } from 'commander';
import { isDnsLabel } from '../../api/dns-label.ts';

/** Which cluster is asked and as whom, with the flags of kubectl. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  /** In milliseconds. */
  readonly requestTimeout?: number;
}

/** Which namespaces are meant, with the flags of kubectl; without either, the namespace of the context. */
export interface NamespaceFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
}

/** Adds `--kubeconfig`, `--context`, `--as`, `--as-group` and `--request-timeout`. */
export function addClusterFlags(command: Command): Command {
  return command
    .addOption(new Option('--kubeconfig <path>', 'the kubeconfig to use (default: $KUBECONFIG, else ~/.kube/config)'))
    .addOption(new Option('--context <name>', 'the context of the kubeconfig to use (default: the current one)'))
    .addOption(new Option('--as <user>', 'the user to impersonate'))
    .addOption(
      new Option('--as-group <group>', 'a group to impersonate, together with --as; can be repeated').argParser<
        readonly string[] | undefined
      >((group, before) => [...(before ?? []), group]),
    )
    .addOption(
      new Option(
        '--request-timeout <duration>',
        'the limit of one request, such as 5s or 1m; 0 for none (default: 10s, 30s for a list)',
      ).argParser(timeoutMs),
    );
}

/** Adds `-n` and `-A`, one of which can be given. */
export function addNamespaceFlags(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --namespace <namespace>', 'the namespace (default: that of the context)')
        .argParser(namespaceName)
        .conflicts('allNamespaces'),
    )
    .addOption(new Option('-A, --all-namespaces', 'every namespace'));
}

/** The name of a namespace as it was written; commander reports anything that cannot be one. */
export function namespaceName(text: string): string {
  if (isDnsLabel(text)) {
    return text;
  }
  throw new InvalidArgumentError(`A namespace has lower-case letters, digits and "-", at most 63 characters.`);
}

/** The longest delay that a timer of Node takes: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const NO_TIMEOUT_MS = 2_147_483_647;
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['', 1000],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** As kubectl reads it: a number alone is in seconds, and 0 is no limit. */
function timeoutMs(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})(ms|s|m|h)?$/.exec(text) ?? [];
  const unitMs = UNITS_MS.get(unit);
  if (number === '' || unitMs === undefined) {
    throw new InvalidArgumentError('Write a number and a unit, such as 500ms, 5s or 1m; 0 for no limit.');
  }
  const durationMs = Number(number) * unitMs;
  return durationMs === 0 ? NO_TIMEOUT_MS : Math.min(durationMs, NO_TIMEOUT_MS);
}

/** Flags that users of kubectl write before the command, and whether they take a value. */
const LEADING_FLAGS: ReadonlyMap<string, boolean> = new Map(
  addClusterFlags(addNamespaceFlags(new Command())).options.flatMap(({ short, long, required }) =>
    [short, long].filter((flag) => flag !== undefined).map((flag) => [flag, required]),
  ),
);

/**
 * The words with the flags of kubectl that stand before the command moved behind it: `-n team-a status` becomes
 * `status -n team-a`. All other words stay where they are. Pure.
 */
export function withFlagsBehindCommand(words: readonly string[]): readonly string[] {
  let commandAt = 0;
  for (let flag = words[commandAt]; flag !== undefined && isLeadingFlag(flag); flag = words[commandAt]) {
    commandAt += LEADING_FLAGS.get(flag) === true ? 2 : 1;
  }
  const command = words[commandAt];
  if (command === undefined || command.startsWith('-')) {
    return words;
  }
  return [command, ...words.slice(0, commandAt), ...words.slice(commandAt + 1)];
}

function isLeadingFlag(word: string): boolean {
  const [name = ''] = word.split('=', 1);
  return LEADING_FLAGS.has(word) || (word.includes('=') && LEADING_FLAGS.get(name) === true) || /^-n.+/.test(word);
}
