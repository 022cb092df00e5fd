import type { Reason, VerdictKind } from '../../policy/index.ts';
import { type Cluster, type CompiledCluster, clusterOf, compile, type PairVerdict } from '../../policy/index.ts';
import { countText } from '../views/count-text.ts';
import { printable } from '../views/printable.ts';
import { stepsOf } from './file-objects.ts';
import { identityOf } from './object-name.ts';
import type { MissingKind, ObjectOrigin, ObjectsRead, SourcedObject } from './objects-read.ts';

/** The objects of a command, ready to be asked about. */
export interface JudgedCluster {
  readonly read: ObjectsRead;
  readonly compiled: CompiledCluster;
  /** Whether something that verdicts may rest on could not be read. */
  readonly isPartial: boolean;
  /** What is known to be left out or assumed, each a printable line for people. */
  readonly notes: readonly string[];
  /** Those of the notes that are about an object which the API server would refuse. */
  readonly refusalNotes: readonly string[];
}

/** Compiles what was read, with further objects that are assumed to be there. */
export function judgedClusterOf(read: ObjectsRead, assumed: readonly unknown[] = []): JudgedCluster {
  const cluster = clusterOf([...read.together.map(({ object }) => object), ...assumed], {
    defaultNamespace: read.defaultNamespace,
  });
  const missing = read.missing.filter(({ kind }) => mayDecide(kind, cluster));
  const problems = problemNotes(read, cluster);
  return {
    read,
    compiled: compile(cluster),
    isPartial: missing.length > 0,
    notes: [...problems.map(({ text }) => text), ...skippedNotes(cluster), ...missing.map(missingNote)],
    refusalNotes: problems.flatMap(({ text, isRefusal }) => (isRefusal ? [text] : [])),
  };
}

/** The role view may not list Nodes, which decide only where a policy names them; BaselinePolicies decide nothing themselves. */
function mayDecide(kind: string, cluster: Cluster): boolean {
  return kind === 'Node' ? selectsNodes(cluster) : kind !== 'BaselinePolicy';
}

const MOST_NOTES = 10;

/** What the API server would refuse, with file and line. */
function problemNotes(
  read: ObjectsRead,
  { problems }: Cluster,
): readonly { readonly text: string; readonly isRefusal: boolean }[] {
  const notes = problems.slice(0, MOST_NOTES).map(({ object, path, message, isLeftOut }) => {
    const identity = `${object.kind}/${object.namespace ?? ''}/${object.name}`;
    const origin = originOf(read, identity);
    const name = `${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`;
    const what = `${name}${path === '' ? '' : `: ${path}`}: ${message}`;
    const text = printable(`${placeText(origin, path)}${what}${isLeftOut ? '; it is left out' : ''}`);
    return { text, isRefusal: isLeftOut };
  });
  const more = problems.length - notes.length;
  return more > 0 ? [...notes, { text: `${more} more problems of this kind`, isRefusal: false }] : notes;
}

/** `file:line: ` of a field; empty for what is of the cluster. */
export function placeText(origin: ObjectOrigin | undefined, path = ''): string {
  switch (origin?.kind) {
    case 'file':
      return `${origin.source}:${path === '' ? origin.line : origin.lineOf(stepsOf(path))}: `;
    case 'baseline':
      return placeText(origin.file);
    default:
      return '';
  }
}

/** Where the object with that identity was read; of several, the last, which counts. */
export function originOf(read: ObjectsRead, identity: string): ObjectOrigin | undefined {
  return objectWith(read, identity)?.origin;
}

/** The object with that identity; of several, the last, which counts. */
export function objectWith(read: ObjectsRead, identity: string): SourcedObject | undefined {
  return read.together.findLast(({ object }) => identityOf(object, read.defaultNamespace) === identity);
}

/** BaselinePolicies are among the skipped to the engine; here they count as their NetworkPolicies. */
function skippedNotes({ skipped }: Cluster): readonly string[] {
  const kinds = [...skipped].filter(([kind]) => kind !== 'BaselinePolicy');
  const sum = kinds.reduce((total, [, count]) => total + count, 0);
  const list = kinds.map(([kind, count]) => `${count} ${kind}`).join(', ');
  return sum === 0 ? [] : [printable(`skipped ${countText(sum, 'object', 'objects')} of other kinds: ${list}`)];
}

function missingNote({ message, readIn }: MissingKind): string {
  return readIn.length === 0 ? message : `${message}; read in ${readIn.map(printable).join(', ')} only`;
}

const METADATA_NAME = 'kubernetes.io/metadata.name';
const INCOMPLETE: Reason = {
  code: 'incomplete',
  message: 'objects that the verdict may depend on could not be read',
};

/** A verdict with what is missing taken into account. */
export interface HonestVerdict {
  readonly kind: VerdictKind;
  readonly reason?: Reason;
}

/**
 * The verdict on a pair, `undefined` where it may depend on what could not be read. A denial of one end whose policies
 * are all known stays one, whatever the other end says.
 */
export function honestVerdict(judged: JudgedCluster, part: PairVerdict): HonestVerdict {
  const own: HonestVerdict = { kind: part.kind, ...(part.reason === undefined ? {} : { reason: part.reason }) };
  if (!judged.isPartial) {
    return own;
  }
  const known = { egress: isSideKnown(judged, part.from), ingress: isSideKnown(judged, part.to) };
  const isWhole = known.egress && known.ingress && (arePods(part) || arePodsKnown(judged));
  const isSurelyDenied = part.kind === 'denied' && SIDES.some((side) => known[side] && part[side].outcome === 'denied');
  return isWhole || isSurelyDenied ? own : { kind: 'undefined', reason: INCOMPLETE };
}

const SIDES = ['egress', 'ingress'] as const;

function isSideKnown(judged: JudgedCluster, { kind, text }: PairVerdict['from']): boolean {
  return isEndKnown(judged, kind === 'pod' ? namespaceIn(text) : undefined);
}

function arePods({ from, to }: PairVerdict): boolean {
  return from.kind === 'pod' && to.kind === 'pod';
}

/** Whether all policies that may select a pod of the namespace are known, and what they select by. */
export function isEndKnown(judged: JudgedCluster, namespace: string | undefined): boolean {
  if (namespace === undefined) {
    return true;
  }
  const { missing } = judged.read;
  const isPolicyMissing = missing.some(
    ({ kind, readIn }) => kind === 'ClusterNetworkPolicy' || (kind === 'NetworkPolicy' && !readIn.includes(namespace)),
  );
  const areLabelsMissing = missing.some(({ kind }) => kind === 'Namespace') && selectsByLabels(judged, namespace);
  const areNodesMissing = missing.some(({ kind }) => kind === 'Node') && selectsNodes(judged.compiled.cluster);
  return !isPolicyMissing && !areLabelsMissing && !areNodesMissing;
}

/** An address may be that of a pod that could not be read. */
function arePodsKnown({ read }: JudgedCluster): boolean {
  return !read.missing.some(({ kind, readIn }) => kind === 'Pod' && readIn.length === 0);
}

/** Whether a policy of the namespace, or of the cluster, selects namespaces by more than their names. */
function selectsByLabels({ compiled }: JudgedCluster, namespace: string): boolean {
  const { networkPolicies, clusterPolicies } = compiled.cluster;
  if (clusterPolicies.length > 0) {
    return true;
  }
  return networkPolicies
    .filter((policy) => policy.namespace === namespace)
    .flatMap((policy) => [...(policy.ingress ?? []), ...(policy.egress ?? [])])
    .flatMap(({ peers }) => peers ?? [])
    .some(
      (peer) =>
        peer.kind === 'pods' && peer.namespaceSelector?.requirements.some(({ key }) => key !== METADATA_NAME) === true,
    );
}

function selectsNodes({ clusterPolicies }: Cluster): boolean {
  return clusterPolicies.some((policy) =>
    [...policy.ingress, ...policy.egress].some(({ peers }) => peers?.some(({ kind }) => kind === 'nodes') === true),
  );
}

function namespaceIn(podPath: string): string {
  return podPath.slice(0, podPath.indexOf('/'));
}
