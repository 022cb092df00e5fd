import { EXIT_CODES } from '../app/exit-codes.ts';
import { descriptionOf, type OptionDescription, RUN_OPTION_KEYS } from '../app/run-options.ts';

/** The text of docs/configuration.md, which a test holds to this. */
export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    'Generated from `src/app/run-options.ts`; do not edit.',
    '',
    '`nsbaseline run` is told by flags and by environment variables. A flag goes before its variable, that before the default; an empty variable counts as not set.',
    'Everything is checked before anything is done, and all that is wrong is reported at once, with what to write instead. A variable that begins with `NSBASELINE_` and is not listed here is reported too, so that a typing error does not pass for a setting',
    '(the variables that Kubernetes sets for a Service of such a name are let through).',
    '',
    '- Durations are one number and one unit: `500ms`, `10s`, `1.5m`, `1h`.',
    '- Lists are separated by commas; the flag of a list can also be repeated. An empty flag, as in `--exclude-namespaces=`, is an empty list.',
    '- In names of namespaces, `*` stands for any characters.',
    '',
    '| flag | environment | default | what it does |',
    '|---|---|---|---|',
    ...RUN_OPTION_KEYS.map((key) => optionRow(descriptionOf(key))),
    '',
    '## While it runs',
    '',
    '- SIGTERM and SIGINT end it in order: what is in hand is finished, for at most `--shutdown-timeout`. A second one ends it at once.',
    '- SIGUSR2 switches the log to `debug`, and back. The image holds Node and no shell:',
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
