/** A set of small whole numbers as bits; those that are combined have the same size. */
export type BitSet = Uint32Array;

/** An empty set that can hold the numbers below `size`. */
export function emptyBits(size: number): BitSet {
  return new Uint32Array((size + 31) >>> 5);
}

/** The set of all numbers below `size`. */
export function fullBits(size: number): BitSet {
  const bits = emptyBits(size).fill(0xffffffff);
  if ((size & 31) !== 0) {
    bits[bits.length - 1] = 2 ** (size & 31) - 1;
  }
  return bits;
}

/** Puts a number in. */
export function setBit(bits: BitSet, index: number): void {
  const word = index >>> 5;
  bits[word] = (bits[word] ?? 0) | (1 << (index & 31));
}

/** Whether the number is in the set. */
export function hasBit(bits: BitSet, index: number): boolean {
  return (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
}

/** Adds all of `other`. */
export function addBits(bits: BitSet, other: BitSet): void {
  for (let word = 0; word < bits.length; word += 1) {
    bits[word] = (bits[word] ?? 0) | (other[word] ?? 0);
  }
}

/** Adds what is in both `one` and `other`. */
export function addCommonBits(bits: BitSet, one: BitSet, other: BitSet): void {
  for (let word = 0; word < bits.length; word += 1) {
    bits[word] = (bits[word] ?? 0) | ((one[word] ?? 0) & (other[word] ?? 0));
  }
}

/** Adds what is in `one` and not in `other`. */
export function addMissingBits(bits: BitSet, one: BitSet, other: BitSet): void {
  for (let word = 0; word < bits.length; word += 1) {
    bits[word] = (bits[word] ?? 0) | ((one[word] ?? 0) & ~(other[word] ?? 0));
  }
}

/** Keeps only what is in `other` too. */
export function keepBits(bits: BitSet, other: BitSet): void {
  for (let word = 0; word < bits.length; word += 1) {
    bits[word] = (bits[word] ?? 0) & (other[word] ?? 0);
  }
}

/** Takes all of `other` out. */
export function removeBits(bits: BitSet, other: BitSet): void {
  for (let word = 0; word < bits.length; word += 1) {
    bits[word] = (bits[word] ?? 0) & ~(other[word] ?? 0);
  }
}

/** The numbers of the set, in ascending order. */
export function membersOf(bits: BitSet): readonly number[] {
  const members: number[] = [];
  for (let word = 0; word < bits.length; word += 1) {
    let left = bits[word] ?? 0;
    while (left !== 0) {
      const lowest = 31 - Math.clz32(left & -left);
      members.push(word * 32 + lowest);
      left &= left - 1;
    }
  }
  return members;
}
