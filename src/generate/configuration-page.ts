import { EXIT_CODES } from '../app/exit-codes.ts';
import { descriptionOf, type OptionDescription, RUN_OPTION_KEYS } from '../app/run-options.ts';

/** The text of docs/configuration.md. Pure. */
export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    'Generated from `src/app/run-options.ts`; do not edit.',
    '',
    'Flags and environment variables configure `nsbaseline run`. A flag overrides its variable, and the variable overrides the default; an empty variable counts as unset.',
    'All values are checked first, and all problems are reported at once, each with what to write instead. A variable that begins with `NSBASELINE_` and is not listed here is also reported, so that a typing error is not ignored',
    '(except the variables that Kubernetes sets for a Service of such a name).',
    '',
    '- A duration is one number and one unit: `500ms`, `10s`, `1.5m`, `1h`.',
    '- Lists are separated by commas; the flag of a list can also be repeated. An empty flag, as in `--exclude-namespaces=`, is an empty list.',
    '- In namespace names, `*` stands for any characters.',
    '',
    '| flag | environment variable | default | meaning |',
    '|---|---|---|---|',
    ...RUN_OPTION_KEYS.map((key) => optionRow(descriptionOf(key))),
    '',
    '## While it runs',
    '',
    '- SIGTERM and SIGINT stop it gracefully: it finishes the work in progress, within `--shutdown-timeout`. A second signal stops it at once.',
    '- SIGUSR2 switches the log to `debug`, and back. The image has no shell, and Node is not in its `PATH`:',
    '',
    '```',
    'kubectl exec -n nsbaseline-system deploy/nsbaseline -- /nodejs/bin/node -e \'process.kill(1, "SIGUSR2")\'',
    '```',
    '',
    '## Exit codes, of every command',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    '',
  ].join('\n');
}

function optionRow(option: OptionDescription): string {
  const { flag, env, choices } = option;
  const oneOf = choices === undefined ? '' : ` One of ${choices.map(code).join(', ')}.`;
  return `| ${code(flag)} | ${code(env)} | ${defaultOf(option)} | ${option.description}${oneOf} |`;
}

function defaultOf({ default: text, defaultNote }: OptionDescription): string {
  if (text !== undefined) {
    return code(text);
  }
  return defaultNote ?? 'none';
}

function code(text: string): string {
  return `\`${text}\``;
}
