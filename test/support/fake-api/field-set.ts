import { isJsonObject, type Json, type JsonObject } from './json.ts';

const noChildren: ReadonlyMap<string, FieldSet> = new Map();

/**
 * A set of field paths, as managedFields keeps them in `fieldsV1`: segments are `f:name`, `k:{"key":"value"}` for an
 * item of a keyed list and `v:value` for an item of a set (https://github.com/kubernetes-sigs/structured-merge-diff).
 */
export class FieldSet {
  isMember = false;
  #children: Map<string, FieldSet> | undefined;

  /** What is below, by segment. */
  get children(): ReadonlyMap<string, FieldSet> {
    return this.#children ?? noChildren;
  }

  /** The set out of `fieldsV1`. */
  static parse(fields: Json | undefined): FieldSet {
    const set = new FieldSet();
    if (!isJsonObject(fields)) {
      return set;
    }
    for (const [segment, below] of Object.entries(fields)) {
      if (segment === '.') {
        set.isMember = true;
      } else {
        const child = FieldSet.parse(below);
        child.isMember ||= child.children.size === 0;
        set.put(segment, child);
      }
    }
    return set;
  }

  /** Sets what is below a segment. */
  put(segment: string, child: FieldSet): void {
    this.#children ??= new Map();
    this.#children.set(segment, child);
  }

  /** The set as `fieldsV1`. */
  toJson(): JsonObject {
    const entries: [string, Json][] = [...this.children]
      .filter(([, child]) => !child.isEmpty())
      .map(([segment, child]) => [segment, child.#fieldJson()]);
    return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  #fieldJson(): JsonObject {
    const below = this.toJson();
    return this.isMember && Object.keys(below).length > 0 ? { '.': {}, ...below } : below;
  }

  isEmpty(): boolean {
    if (this.isMember) {
      return false;
    }
    for (const child of this.children.values()) {
      if (!child.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** The set under a segment, made when it is not there. */
  child(segment: string): FieldSet {
    const child = this.children.get(segment) ?? new FieldSet();
    this.put(segment, child);
    return child;
  }

  union(other: FieldSet): FieldSet {
    return other.isEmpty() ? this : combined(this, other, (left, right) => left || right);
  }

  difference(other: FieldSet): FieldSet {
    return other.isEmpty() ? this : combined(this, other, (left, right) => left && !right);
  }

  intersection(other: FieldSet): FieldSet {
    return combined(this, other, (left, right) => left && right);
  }

  /** Every path, in the dotted form of error messages. */
  *paths(prefix = ''): Generator<string> {
    if (this.isMember) {
      yield prefix;
    }
    for (const [segment, child] of this.children) {
      yield* child.paths(segment.startsWith('f:') ? `${prefix}.${segment.slice(2)}` : `${prefix}[${segment.slice(2)}]`);
    }
  }
}

const nothing = new FieldSet();

function combined(left: FieldSet, right: FieldSet, isIn: (left: boolean, right: boolean) => boolean): FieldSet {
  const set = new FieldSet();
  set.isMember = isIn(left.isMember, right.isMember);
  for (const segment of new Set([...left.children.keys(), ...right.children.keys()])) {
    const child = combined(left.children.get(segment) ?? nothing, right.children.get(segment) ?? nothing, isIn);
    if (!child.isEmpty()) {
      set.put(segment, child);
    }
  }
  return set;
}
