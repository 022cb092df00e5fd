import { type ExitCodeName, exitCode } from '../../app/exit-codes.ts';
import { failCommand } from '../cluster/kube-failure.ts';
import { withCluster } from '../frame/cluster-session.ts';
import { type CommandContext } from '../frame/command-context.ts';
import { fail, withProgress } from '../frame/command-run.ts';
import type { Terminal } from '../frame/terminal.ts';
import type { ManifestText } from '../manifests/manifest-files.ts';
import { countText } from '../views/count-text.ts';
import { printable } from '../views/printable.ts';
import { readClusterObjects } from './cluster-objects.ts';
import { readFileObjects } from './file-objects.ts';
import { filesOverCluster } from './files-over-cluster.ts';
import type { ObjectFlags } from './object-flags.ts';
import type { InputProblem, ObjectsRead } from './objects-read.ts';

/** One run of a command that judges objects. */
export interface ObjectsRun {
  /** The name of the command, such as `explain`. */
  readonly name: string;
  readonly flags: ObjectFlags;
  readonly context: CommandContext;
  readonly terminal: Terminal;
  /**
   * The namespaces that the question names, given the default one: where a user is asked for who may not list a kind in
   * every namespace. Absent: the default one.
   */
  namespaces?(defaultNamespace: string): readonly string[];
  /** Called with the text of every file before its objects are used, for comments, which no object holds. */
  onText?(text: ManifestText): void;
}

/**
 * Reads what the flags choose and calls `work` with it; the command exits with the code that `work` returns. Without `-f`
 * that is the cluster; with it the files, or with `--with-cluster` the cluster as it would be with the files applied. A
 * line on standard error shows the progress after two seconds. Where the cluster cannot be read at all, the reason goes to
 * standard error and `work` is not called. Problems of files are left to `work`: see {@link failForProblems}.
 */
export async function withObjects(
  run: ObjectsRun,
  work: (objects: ObjectsRead) => Promise<ExitCodeName> | ExitCodeName,
): Promise<void> {
  const { flags, context } = run;
  const paths = flags.filename ?? [];
  if (paths.length === 0 && flags.withCluster === true) {
    context.exit(exitCode(fail(run, '--with-cluster needs files: add -f', 'usage')));
    return;
  }
  const { objects: files, problems } = await withProgress(run, (progress) =>
    readFileObjects(paths, {
      isRecursive: flags.recursive === true,
      terminal: run.terminal,
      progress,
      onText: (text) => run.onText?.(text),
    }),
  );
  if (paths.length > 0 && flags.withCluster !== true) {
    const defaultNamespace = flags.namespace ?? 'default';
    const together = filesOverCluster([], files, defaultNamespace);
    const read = { cluster: [], files, together, defaultNamespace, problems, missing: [], notServed: [] };
    context.exit(exitCode(await work({ ...read, mode: 'files' })));
    return;
  }
  await withCluster(flags, context, async ({ kube, defaultNamespace: ofContext }) => {
    const defaultNamespace = flags.namespace ?? ofContext;
    const namespaces = run.namespaces?.(defaultNamespace) ?? [defaultNamespace];
    const read = await withProgress(run, (progress) => readClusterObjects({ kube, namespaces, progress }));
    if (!read.ok) {
      return failCommand(run, read.error);
    }
    const { objects: cluster, missing, notServed } = read.value;
    const together = filesOverCluster(cluster, files, defaultNamespace);
    const mode = paths.length > 0 ? 'filesOverCluster' : 'cluster';
    return work({ cluster, files, together, defaultNamespace, problems, missing, notServed, mode });
  });
}

const MOST_PROBLEMS = 20;

/** Writes what is broken to standard error and returns the exit code; undefined where nothing is. */
export function failForProblems(
  run: Pick<ObjectsRun, 'name' | 'context'>,
  problems: readonly InputProblem[],
): ExitCodeName | undefined {
  if (problems.length === 0) {
    return undefined;
  }
  const more = problems.length - MOST_PROBLEMS;
  const lines = problems.slice(0, MOST_PROBLEMS).map((problem) => `\n  ${problemText(problem)}`);
  const rest = more > 0 ? `\n  and ${more} more` : '';
  return fail(
    run,
    `${countText(problems.length, 'problem', 'problems')} in the input${lines.join('')}${rest}`,
    'usage',
  );
}

/** `file:line: what is wrong`, printable. */
export function problemText({ source, line, message }: InputProblem): string {
  return printable(`${source}${line === undefined ? '' : `:${line}`}: ${message}`);
}
