import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { apiVersionOf } from '../../kube/client/resource-type.ts';
import { type FailedAttempt, failureText } from '../cluster/kube-failure.ts';
import { wholeList } from '../cluster/whole-list.ts';
import { concurrently } from '../frame/concurrently.ts';
import type { Progress } from '../frame/progress.ts';
import { LISTED_KINDS, type ListedKind } from './listed-kinds.ts';
import type { MissingKind, SourcedObject } from './objects-read.ts';

/** What could be read of a cluster. */
export interface ClusterObjects {
  readonly objects: readonly SourcedObject[];
  readonly missing: readonly MissingKind[];
  /** Kinds that the cluster does not serve. */
  readonly notServed: readonly string[];
}

/** How to read a cluster. */
export interface ClusterObjectsOptions {
  readonly kube: KubeClient;
  /** Where to read, for a user who may not list a kind in every namespace. */
  readonly namespaces: readonly string[];
  readonly progress: Progress;
}

/** What came of one kind. */
type KindOutcome =
  | { readonly kind: 'read'; readonly objects: readonly SourcedObject[]; readonly missing?: MissingKind }
  | { readonly kind: 'notServed' }
  | { readonly kind: 'failed'; readonly failure: FailedAttempt };

/**
 * Reads every kind of {@link LISTED_KINDS} as the user may. A kind that the user may not list is missing, or read in the
 * given namespaces alone, and that is said; any other failure ends the reading, as half a list would give wrong verdicts.
 */
export async function readClusterObjects(
  options: ClusterObjectsOptions,
): Promise<Result<ClusterObjects, FailedAttempt>> {
  const counts = new Map<string, number>();
  const onCount = (plural: string, count: number): void => {
    counts.set(plural, count);
    options.progress.show(`reading ${[...counts].map(([name, many]) => `${name}: ${many}`).join(', ')}`);
  };
  const outcomes = await concurrently(LISTED_KINDS, (listed) => readKind(listed, options, onCount));
  const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.failure] : []))[0];
  if (failed !== undefined) {
    return failure(failed);
  }
  const reads = outcomes.flatMap((outcome) => (outcome.kind === 'read' ? [outcome] : []));
  return success({
    objects: reads.flatMap(({ objects }) => objects),
    missing: reads.flatMap(({ missing }) => missing ?? []),
    notServed: LISTED_KINDS.filter((_, at) => outcomes[at]?.kind === 'notServed').map(({ type }) => type.kind),
  });
}

async function readKind(
  listed: ListedKind,
  options: ClusterObjectsOptions,
  onCount: (plural: string, count: number) => void,
): Promise<KindOutcome> {
  const everywhere = await listKind(listed, undefined, options, onCount);
  if (everywhere.ok) {
    return { kind: 'read', objects: everywhere.value };
  }
  const { error } = everywhere.error;
  if (error.kind === 'notFound') {
    return { kind: 'notServed' };
  }
  if (error.kind !== 'forbidden') {
    return { kind: 'failed', failure: everywhere.error };
  }
  // Whoever may not list a kind gets a 403 whether it is served or not; discovery is open to every user.
  if (!(await isServed(listed, options.kube))) {
    return { kind: 'notServed' };
  }
  return narrowly(listed, everywhere.error, options);
}

/** Of a tenant: what may be read in the namespaces that the question is about. */
async function narrowly(
  listed: ListedKind,
  refused: FailedAttempt,
  { kube, namespaces, progress }: ClusterObjectsOptions,
): Promise<KindOutcome> {
  const { type } = listed;
  const objects: SourcedObject[] = [];
  const readIn: string[] = [];
  for (const namespace of type.kind === 'Namespace' || type.isNamespaced ? namespaces : []) {
    const found = await (type.isNamespaced
      ? listKind(listed, namespace, { kube, progress }, () => undefined)
      : getNamespace(listed, namespace, kube));
    if (found.ok) {
      objects.push(...found.value);
      readIn.push(namespace);
    } else if (found.error.error.kind !== 'forbidden' && found.error.error.kind !== 'notFound') {
      return { kind: 'failed', failure: found.error };
    }
  }
  const message = failureText(refused.attempt, refused.error);
  return { kind: 'read', objects, missing: { kind: type.kind, message, readIn } };
}

async function listKind(
  { type, labelSelector, slim }: ListedKind,
  namespace: string | undefined,
  { kube }: Pick<ClusterObjectsOptions, 'kube' | 'progress'>,
  onCount: (plural: string, count: number) => void,
): Promise<Result<readonly SourcedObject[], FailedAttempt>> {
  const where = namespace === undefined ? {} : { namespace };
  const scope = { type, ...where, ...(labelSelector === undefined ? {} : { labelSelector }) };
  const list = await wholeList(kube, scope, {
    project: (object) => sourced(type, slim(object)),
    onCount: (count) => {
      onCount(type.plural, count);
    },
  });
  return list.ok ? list : failure({ attempt: { verb: 'list', type, ...where }, error: list.error });
}

async function getNamespace(
  { type, slim }: ListedKind,
  name: string,
  kube: KubeClient,
): Promise<Result<readonly SourcedObject[], FailedAttempt>> {
  const got = await kube.get({ type, name });
  return got.ok
    ? success([sourced(type, slim(got.value))])
    : failure({ attempt: { verb: 'get', type, name }, error: got.error });
}

/** Items of a list do not say their kind: the list does. */
function sourced(type: ListedKind['type'], object: object): SourcedObject {
  return { object: { ...object, apiVersion: apiVersionOf(type), kind: type.kind }, origin: { kind: 'cluster' } };
}

async function isServed({ type }: ListedKind, kube: KubeClient): Promise<boolean> {
  if (type.group === '') {
    return true;
  }
  const group = await kube.read(`/apis/${type.group}/${type.version}`);
  return group.ok || group.error.kind !== 'notFound';
}
