import { type Finding, findingsOf } from '../../../lint/findings.ts';
import type { LintCode } from '../../../lint/lint-rules.ts';
import { isSuppressed, type Suppression, suppressionsIn } from '../../../lint/suppression.ts';
import type { ManifestText } from '../../manifests/manifest-files.ts';
import { stepsOf } from '../../objects/file-objects.ts';
import type { JudgedCluster } from '../../objects/judged-cluster.ts';
import { identityOf } from '../../objects/object-name.ts';
import type { ObjectOrigin, SourcedObject } from '../../objects/objects-read.ts';
import { type LintRow, SUPPRESSION_CODE } from './lint-schema.ts';

/** Which findings are wanted. */
export interface LintChoice {
  readonly codes: readonly LintCode[];
  /** Only what is in this namespace, where there is one. */
  readonly namespace: string | undefined;
}

/** What was found, ready to be shown. */
export interface LintRows {
  readonly rows: readonly LintRow[];
  readonly suppressedCount: number;
}

/** The comments of the files that turn findings off. */
export class SuppressionComments {
  readonly #bySource = new Map<string, readonly Suppression[]>();
  readonly #problems: LintRow[] = [];

  /** Reads the comments of one text. */
  add({ source, text }: ManifestText): void {
    const { suppressions, problems } = suppressionsIn(text);
    this.#bySource.set(source, suppressions);
    this.#problems.push(
      ...problems.map(
        ({ line, message }): LintRow => ({
          code: SUPPRESSION_CODE,
          severity: 'warning',
          path: '',
          message: `the comment ${message}`,
          fix: 'mend the comment: until then it turns nothing off',
          file: source,
          line,
        }),
      ),
    );
  }

  /** Comments that turn nothing off. */
  get problems(): readonly LintRow[] {
    return this.#problems;
  }

  /** Whether a comment turns the finding off. */
  hasOneFor(code: LintCode, place: { readonly file: string; readonly line: number }): boolean {
    return isSuppressed(this.#bySource.get(place.file) ?? [], { code, line: place.line });
  }
}

/** What is wrong with the objects: with all of them, or, where files lie over a cluster, with those of the files. */
export function lintRows(judged: JudgedCluster, choice: LintChoice, comments: SuppressionComments): LintRows {
  const { read, compiled } = judged;
  const byIdentity = new Map<string, SourcedObject>(
    read.together.map((sourced) => [identityOf(sourced.object, read.defaultNamespace), sourced]),
  );
  const sourcedAs = (kind: string, namespace: string | undefined, name: string): SourcedObject | undefined =>
    byIdentity.get(`${kind}/${namespace ?? ''}/${name}`);
  const findings = findingsOf(
    {
      cluster: compiled.cluster,
      isWholeCluster: read.mode !== 'files' && read.missing.length === 0,
      writtenOf: (namespace, name) => sourcedAs('NetworkPolicy', namespace, name)?.object,
    },
    choice.codes,
  );
  const rows: LintRow[] = [...comments.problems];
  let suppressedCount = 0;
  for (const finding of findings.filter((one) => isWanted(one, choice.namespace))) {
    const { kind, namespace, name } = finding.object;
    const place = placeOf(sourcedAs(kind, namespace, name)?.origin, finding.path);
    if (place === undefined) {
      if (read.mode !== 'filesOverCluster') {
        rows.push(rowOf(finding));
      }
    } else if (comments.hasOneFor(finding.code, place)) {
      suppressedCount += 1;
    } else {
      rows.push({ ...rowOf(finding), ...place });
    }
  }
  return { rows: rows.sort(byPlace), suppressedCount };
}

function isWanted({ object }: Finding, namespace: string | undefined): boolean {
  return namespace === undefined || (object.kind === 'Namespace' ? object.name : object.namespace) === namespace;
}

function rowOf({ code, severity, object, path, message, fix }: Finding): LintRow {
  return { code, severity, object, path, message, fix };
}

/** Undefined for what is of a cluster, or is in no object that was read, such as a Namespace that others only name. */
function placeOf(
  origin: ObjectOrigin | undefined,
  path: string,
): { readonly file: string; readonly line: number } | undefined {
  switch (origin?.kind) {
    case 'file':
      return { file: origin.source, line: path === '' ? origin.line : origin.lineOf(stepsOf(path)) };
    case 'baseline':
      return placeOf(origin.file, '');
    default:
      return undefined;
  }
}

function byPlace(one: LintRow, other: LintRow): number {
  const order = orderOf(one) - orderOf(other);
  if (order !== 0) {
    return order;
  }
  const files = (one.file ?? '').localeCompare(other.file ?? '', 'en');
  return files === 0 ? (one.line ?? 0) - (other.line ?? 0) : files;
}

function orderOf({ file }: LintRow): number {
  return file === undefined ? 1 : 0;
}
