import {
  type Matrix,
  type MatrixCell,
  matrixOf,
  type PodModel,
  type PortOf,
  type VerdictKind,
} from '../../../policy/index.ts';
import { isEndKnown, type JudgedCluster } from '../../objects/judged-cluster.ts';
import type { MatrixRow } from './matrix-schema.ts';

/** What pods are counted as one. */
export type Grouping = 'pod' | 'workload' | 'namespace';

/** Which pairs a matrix is about. */
export interface MatrixQuestion {
  /** Absent: the ports that containers declare. */
  readonly ports: readonly PortOf[] | undefined;
  readonly by: Grouping;
  /** Only pairs with an end in this namespace. */
  readonly namespace: string | undefined;
}

/** A matrix with how many cells of pods it has for the question. */
export interface AskedMatrix {
  readonly podCellCount: number;
  /** The cells, those of one pair together; read once, in order of source, destination and port. */
  cells(): Iterable<MatrixRow>;
}

/** Judges every pair of live pods. The cells are made while they are read, so that many pods take little memory. */
export function askedMatrix(judged: JudgedCluster, question: MatrixQuestion): AskedMatrix {
  const { ports, by, namespace } = question;
  const matrix = matrixOf(judged.compiled, ports === undefined ? {} : { ports });
  const isWanted = (pod: PodModel): boolean => namespace === undefined || pod.namespace === namespace;
  const indexes = [...matrix.pods.keys()].sort((a, b) => compare(podName(matrix.pods[a]), podName(matrix.pods[b])));
  const wanted = indexes.filter((index) => isWantedAt(index));
  function isWantedAt(index: number): boolean {
    const pod = matrix.pods[index];
    return pod !== undefined && isWanted(pod);
  }
  function* podCells(): Iterable<MatrixCell> {
    for (const from of indexes) {
      for (const to of isWantedAt(from) ? indexes : wanted) {
        yield* cellsOf(matrix, from, to);
      }
    }
  }
  const honest = honestCells(judged);
  return {
    podCellCount: countCells(matrix, isWanted),
    cells: () =>
      by === 'pod'
        ? mapped(podCells(), (cell) => rowOf(honest(cell), podName(cell.from), podName(cell.to)))
        : grouped(mapped(podCells(), honest), by === 'workload' ? workloadName : (pod) => pod.namespace),
  };
}

function* cellsOf(matrix: Matrix, from: number, to: number): Iterable<MatrixCell> {
  const portCount = matrix.portsOf(to).length;
  for (let port = 0; port < portCount; port += 1) {
    yield matrix.cell(from, to, port);
  }
}

function countCells(matrix: Matrix, isWanted: (pod: PodModel) => boolean): number {
  const wanted = matrix.pods.filter(isWanted).length;
  return matrix.pods.reduce(
    (sum, pod, to) => sum + matrix.portsOf(to).length * (isWanted(pod) ? matrix.pods.length : wanted),
    0,
  );
}

/** With ends undefined whose policies could not all be read; a denial of the other end stays one. */
function honestCells(judged: JudgedCluster): (cell: MatrixCell) => MatrixCell {
  if (!judged.isPartial) {
    return (cell) => cell;
  }
  const known = new Map<string, boolean>();
  const isKnown = (namespace: string): boolean => {
    const answer = known.get(namespace) ?? isEndKnown(judged, namespace);
    known.set(namespace, answer);
    return answer;
  };
  return (cell) => {
    const egress = isKnown(cell.from.namespace) ? cell.egress : 'undefined';
    const ingress = isKnown(cell.to.namespace) ? cell.ingress : 'undefined';
    if (egress === cell.egress && ingress === cell.ingress) {
      return cell;
    }
    return { ...cell, egress, ingress, verdict: egress === 'denied' || ingress === 'denied' ? 'denied' : 'undefined' };
  };
}

function rowOf({ protocol, port, egress, ingress, verdict }: MatrixCell, from: string, to: string): MatrixRow {
  return { from, to, protocol, port, egress, ingress, verdict };
}

type Mixed = VerdictKind | 'mixed';

/** One row for each pair of groups and port: `mixed` where the pods of the groups differ. */
function grouped(cells: Iterable<MatrixCell>, nameOf: (pod: PodModel) => string): Iterable<MatrixRow> {
  const rows = new Map<string, { -readonly [Field in keyof MatrixRow]: MatrixRow[Field] }>();
  for (const cell of cells) {
    // Within a group one pod to another is meant, not a pod to itself.
    if (cell.from === cell.to && !cell.from.hasSiblings) {
      continue;
    }
    const [from, to] = [nameOf(cell.from), nameOf(cell.to)];
    const key = `${from} ${to} ${cell.protocol} ${cell.port}`;
    const row = rows.get(key);
    if (row === undefined) {
      rows.set(key, { ...rowOf(cell, from, to) });
    } else {
      row.egress = merged(row.egress, cell.egress);
      row.ingress = merged(row.ingress, cell.ingress);
      row.verdict = merged(row.verdict, cell.verdict);
    }
  }
  return [...rows.values()].sort(
    (one, other) =>
      compare(one.from, other.from) ||
      compare(one.to, other.to) ||
      compare(one.protocol, other.protocol) ||
      one.port - other.port,
  );
}

function merged(one: Mixed, other: Mixed): Mixed {
  return one === other ? one : 'mixed';
}

function podName(pod: PodModel | undefined): string {
  return pod === undefined ? '' : `${pod.namespace}/${pod.name}`;
}

function workloadName(pod: PodModel): string {
  return `${pod.namespace}/${pod.workload?.name ?? pod.name}`;
}

function compare(one: string, other: string): number {
  return Number(one > other) - Number(one < other);
}

function* mapped<From, To>(items: Iterable<From>, map: (item: From) => To): Iterable<To> {
  for (const item of items) {
    yield map(item);
  }
}
