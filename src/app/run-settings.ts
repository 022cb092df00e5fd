import { failure, type Result, success } from '../base/result.ts';
import {
  descriptionOf,
  flagOf,
  RUN_OPTION_KEYS,
  type RunOptionKey,
  type RunOptions,
  runOptionsSchema,
} from './run-options.ts';

/** The settings by their source; every value is text. */
export interface RunSettings {
  readonly flags: Readonly<Partial<Record<RunOptionKey, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From the service account file that Kubernetes mounts into every pod; absent elsewhere. */
  readonly serviceAccountNamespace?: string;
}

/** One invalid setting, as `<source> <value>: <what to write>`. */
export type Problem = string;

/** Variables with the prefix that are not options of `run`. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['NSBASELINE_CACHE']);
/** Kubernetes sets these for every Service whose name begins with `nsbaseline` (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/;
const PREFIX = 'NSBASELINE_';
const MAX_SHOWN = 80;

/**
 * The options of `run`: a flag has precedence over its environment variable, and that over the default; an empty variable
 * counts as not set. When any is invalid, all problems at once, unknown `NSBASELINE_` variables too, in the order of the help.
 */
export function runOptionsFor(settings: RunSettings): Result<RunOptions, readonly Problem[]> {
  const written = new Map(RUN_OPTION_KEYS.map((key) => [key, writtenFor(key, settings)]));
  const parsed = runOptionsSchema.safeParse(Object.fromEntries([...written].map(([key, value]) => [key, value.text])));
  const unknown = unknownVariables(settings.env);
  if (parsed.success && unknown.length === 0) {
    return success(parsed.data);
  }
  const problems = new Map<PropertyKey, Problem>();
  for (const { path, message } of parsed.error?.issues ?? []) {
    const [key = ''] = path;
    // One problem for each option: the names of a list are corrected together.
    problems.set(key, problemText(written.get(key as RunOptionKey), message));
  }
  return failure([...problems.values(), ...unknown]);
}

/** The known name that is most similar to a mistyped one; undefined when none is similar. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(2, name.length / 4) ? best.candidate : undefined;
}

interface Written {
  /** The flag or the variable. */
  readonly where: string;
  readonly text: string | undefined;
}

function writtenFor(key: RunOptionKey, { flags, env, serviceAccountNamespace }: RunSettings): Written {
  const description = descriptionOf(key);
  const flagText = flags[key];
  if (flagText !== undefined) {
    return { where: flagOf(key), text: flagText };
  }
  const envText = env[description.env];
  if (envText !== undefined && envText !== '') {
    return { where: description.env, text: envText };
  }
  if (key === 'operatorNamespace') {
    return operatorNamespace(env, serviceAccountNamespace);
  }
  return { where: flagOf(key), text: description.default };
}

function operatorNamespace(env: RunSettings['env'], serviceAccountNamespace: string | undefined): Written {
  const { POD_NAMESPACE: podNamespace = '' } = env;
  if (podNamespace !== '') {
    return { where: 'POD_NAMESPACE', text: podNamespace };
  }
  return { where: flagOf('operatorNamespace'), text: serviceAccountNamespace ?? 'nsbaseline-system' };
}

function problemText(written: Written | undefined, message: string): Problem {
  const text = written?.text ?? '';
  const shown = JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  return `${written?.where ?? ''} ${shown}: ${message}`;
}

function unknownVariables(env: RunSettings['env']): readonly Problem[] {
  const known = RUN_OPTION_KEYS.map((key) => descriptionOf(key).env as string);
  const unknown = Object.keys(env).filter(
    (name) =>
      name.startsWith(PREFIX) && !known.includes(name) && !OTHER_VARIABLES.has(name) && !SERVICE_LINK.test(name),
  );
  return unknown.sort().map((name) => {
    const meant = nearest(name, known);
    return `${name}: there is no such setting${meant === undefined ? '; run --help lists them' : `, did you mean ${meant}?`}`;
  });
}

/** The Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i += 1) {
    const above = row;
    row = [i + 1];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (above[j - 1] ?? 0) + (to[j - 1] === from[i] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[to.length] ?? 0;
}
