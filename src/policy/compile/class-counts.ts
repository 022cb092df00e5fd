import type { VerdictKind } from '../verdict/explanation.ts';
import { type BitSet, emptyBits, hasBit, setBit } from './bit-set.ts';
import type { Profiles } from './profiles.ts';
import type { Target, Targets } from './targets.ts';
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
  readonly profile: number;
}

/**
 * How many connections between pods have each verdict. It goes by 32 classes at a time; a pod's connection to itself
 * counts as one to another pod of its class.
 */
export function classCounts(matrix: Countable): Record<VerdictKind, number> {
  const { targets, masks, ingress } = matrix;
  const weights = weightsOf(matrix);
  const chunks = chunksOf(matrix, weights);
  const familyBits = [1, 2, 3].map((mask) => classesWithFamily(masks, mask));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const countBits = counterOf(weights);
  const counts: Record<VerdictKind, number> = { allowed: 0, denied: 0, undefined: 0 };
  for (const target of targets.list) {
    const weight = weights[target.podClass.id] ?? 0;
    const into = ingress[target.id];
    const family = familyBits[(masks[target.podClass.id] ?? 1) - 1];
    if (weight > 0 && into !== undefined && family !== undefined) {
      const { allowed, undecided } = sourcesOf(matrix, { target, into, family, chunks, countBits });
      counts.allowed += weight * allowed;
      counts.undefined += weight * undecided;
      counts.denied += weight * (total - allowed - undecided);
    }
  }
  return counts;
}

/** How many pods of all are allowed to connect to a pod of the target, and of how many that is undefined. */
function sourcesOf(
  { egress }: Countable,
  at: {
    readonly target: Target;
    readonly into: Flow;
    readonly family: BitSet;
    readonly chunks: readonly Chunk[];
    readonly countBits: (word: number, bits: number) => number;
  },
): { readonly allowed: number; readonly undecided: number } {
  const { target, into, family, countBits } = at;
  let allowed = 0;
  let undecided = 0;
  for (const { word, mask, profile } of at.chunks) {
    const out = egress[profile];
    const common = mask & (family[word] ?? 0);
    if (common !== mask) {
      undecided += countBits(word, mask & ~common);
    }
    if (out !== undefined && hasBit(out.mayAllow, target.id)) {
      const may = common & (into.mayAllow[word] ?? 0);
      const mayNot = hasBit(out.mayDeny, target.id) ? may : may & (into.mayDeny[word] ?? 0);
      allowed += countBits(word, may & ~mayNot);
      undecided += countBits(word, mayNot);
    }
  }
  return { allowed, undecided };
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

function chunksOf({ profiles }: Countable, weights: Int32Array): readonly Chunk[] {
  const chunks = new Map<string, { word: number; mask: number; profile: number }>();
  for (const [classId, profile] of profiles.ofClass.entries()) {
    if ((weights[classId] ?? 0) > 0) {
      const word = classId >>> 5;
      const key = `${word}/${profile}`;
      const chunk = chunks.get(key) ?? { word, mask: 0, profile };
      chunk.mask |= 1 << (classId & 31);
      chunks.set(key, chunk);
    }
  }
  return [...chunks.values()];
}

function classesWithFamily(masks: Uint8Array, wanted: number): BitSet {
  const bits = emptyBits(masks.length);
  for (const [classId, mask] of masks.entries()) {
    if ((mask & wanted) !== 0) {
      setBit(bits, classId);
    }
  }
  return bits;
}

/** Counts the pods of some of the 32 classes of a word. */
function counterOf(weights: Int32Array): (word: number, bits: number) => number {
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
