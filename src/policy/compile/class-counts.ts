import type { VerdictKind } from '../verdict/explanation.ts';
import { type BitSet, emptyBits, hasBit, setBit } from './bit-set.ts';
import type { Profiles } from './profiles.ts';
import type { Targets } from './targets.ts';
import type { Flow } from './tier-flow.ts';

/** What is counted: the pods that are in one class only, whatever the address family. */
export interface Countable {
  readonly targets: Targets;
  /** By class: which address families its pods have. */
  readonly masks: Uint8Array;
  /** By pod: its class, or -1 for one that is not counted. */
  readonly single: Int32Array;
  /** By profile, of targets. */
  readonly egress: readonly Flow[];
  /** By target, of classes. */
  readonly ingress: readonly Flow[];
  readonly profiles: Profiles;
}

/** 32 classes of one profile, as one word of a set of classes. */
interface Chunk {
  readonly word: number;
  readonly mask: number;
}

/**
 * How many connections between pods have each verdict. It goes by 32 classes at a time, and only where egress allows
 * something; a pod's connection to itself counts as one to another pod of its class.
 */
export function classCounts(matrix: Countable): Record<VerdictKind, number> {
  const { targets, masks, egress, ingress } = matrix;
  const weights = weightsOf(matrix);
  const countBits = counterOf(weights);
  const chunks = chunksOf(matrix, weights);
  const withFamily = [1, 2, 3].map((mask) => classesWithFamily(masks, weights, mask));
  const reachableFrom = withFamily.map((classes) => countAll(classes, countBits));
  const counts: Record<VerdictKind, number> = { allowed: 0, denied: 0, undefined: 0 };
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const { id, podClass } of targets.list) {
    const weight = weights[podClass.id] ?? 0;
    const familyIndex = podClass.familyMask - 1;
    const family = withFamily[familyIndex];
    const into = ingress[id];
    if (weight > 0 && family !== undefined && into !== undefined) {
      const reachable = reachableFrom[familyIndex] ?? 0;
      const { allowed, undecided } = sourcesOf(egress, { id, into, family, chunks, countBits });
      counts.allowed += weight * allowed;
      counts.undefined += weight * (undecided + total - reachable);
      counts.denied += weight * (reachable - allowed - undecided);
    }
  }
  return counts;
}

type CountBits = (word: number, bits: number) => number;

/** How many pods are allowed to connect to a target, and of how many that is undefined. */
function sourcesOf(
  egress: readonly Flow[],
  at: {
    readonly id: number;
    readonly into: Flow;
    readonly family: BitSet;
    readonly chunks: readonly (readonly Chunk[])[];
    readonly countBits: CountBits;
  },
): { readonly allowed: number; readonly undecided: number } {
  const { id, into, family, countBits } = at;
  let allowed = 0;
  let undecided = 0;
  for (const [profile, flow] of egress.entries()) {
    if (hasBit(flow.mayAllow, id)) {
      const isDoubtful = hasBit(flow.mayDeny, id);
      for (const { word, mask } of at.chunks[profile] ?? []) {
        const may = mask & (family[word] ?? 0) & (into.mayAllow[word] ?? 0);
        const mayNot = isDoubtful ? may : may & (into.mayDeny[word] ?? 0);
        allowed += countBits(word, may & ~mayNot);
        undecided += countBits(word, mayNot);
      }
    }
  }
  return { allowed, undecided };
}

function countAll(bits: BitSet, countBits: CountBits): number {
  return bits.reduce((sum, word, index) => sum + countBits(index, word), 0);
}

function weightsOf({ masks, single }: Countable): Int32Array {
  const weights = new Int32Array(masks.length);
  for (const classId of single) {
    if (classId >= 0) {
      weights[classId] = (weights[classId] ?? 0) + 1;
    }
  }
  return weights;
}

/** By profile. */
function chunksOf({ profiles }: Countable, weights: Int32Array): readonly (readonly Chunk[])[] {
  const chunks = profiles.profiles.map(() => new Map<number, { word: number; mask: number }>());
  for (const [classId, profile] of profiles.ofClass.entries()) {
    if ((weights[classId] ?? 0) > 0) {
      const word = classId >>> 5;
      const chunk = chunks[profile]?.get(word) ?? { word, mask: 0 };
      chunk.mask |= 1 << (classId & 31);
      chunks[profile]?.set(word, chunk);
    }
  }
  return chunks.map((ofProfile) => [...ofProfile.values()]);
}

/** The classes that have pods which are counted, and one of the families. */
function classesWithFamily(masks: Uint8Array, weights: Int32Array, wanted: number): BitSet {
  const bits = emptyBits(masks.length);
  for (const [classId, mask] of masks.entries()) {
    if ((mask & wanted) !== 0 && (weights[classId] ?? 0) > 0) {
      setBit(bits, classId);
    }
  }
  return bits;
}

/** Counts the pods of some of the 32 classes of a word. */
function counterOf(weights: Int32Array): CountBits {
  const isPlain = Array.from({ length: Math.ceil(weights.length / 32) }, (_, word) =>
    weights.subarray(word * 32, word * 32 + 32).every((weight) => weight <= 1),
  );
  return (word, bits) => {
    if (bits === 0) {
      return 0;
    }
    if (isPlain[word] === true) {
      return bitCount(bits);
    }
    let sum = 0;
    for (let left = bits; left !== 0; left &= left - 1) {
      sum += weights[word * 32 + 31 - Math.clz32(left & -left)] ?? 0;
    }
    return sum;
  };
}

function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const quads = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((quads + (quads >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
