import { canonicalAddress, isPublic, widened } from './address.ts';
import type { Flow, FlowEnd, Labels, PodEnd } from './flow.ts';
import type { ParsedEnd, ParsedFlow, ParsedPod } from './format.ts';

/**
 * How many addresses outside the cluster are told apart for one pod, port and direction; then they are kept as blocks.
 */
const MAX_ADDRESSES_PER_PORT = 512;
/** The blocks that take over, one after the other. The last is wide enough for there never to be too many of it. */
const BLOCKS_IPV4 = [24, 16, 8];
const BLOCKS_IPV6 = [64, 48, 32, 8];
/** Spellings of addresses that are remembered, to read each only once. */
const MAX_SPELLINGS = 50_000;

interface Entry {
  readonly from: InternedEnd;
  readonly to: InternedEnd;
  /** Of its first record, which can be forgotten. */
  readonly seen: Pick<ParsedFlow, 'protocol' | 'port' | 'verdict'>;
  firstSeenMs: number | undefined;
  lastSeenMs: number | undefined;
  bySource: number;
  byDestination: number;
  byOther: number;
  isOpenerKnown: boolean;
}

interface InternedEnd {
  /** Short where the end is remembered, since it is part of the key of every flow. */
  readonly key: string;
  end: FlowEnd;
}

/**
 * Adds records up to flows: one for all records with the same ends, protocol, port and verdict, where all pods of a
 * workload are one end. It grows with what is different in the input, never with its length, and not beyond `maxFlows`:
 * records of further flows are counted as dropped.
 */
export class FlowTable {
  readonly #maxFlows: number;
  readonly #source: string;
  readonly #entries = new Map<string, Entry>();
  readonly #ends = new Map<string, InternedEnd>();
  readonly #pods = new Map<string, InternedEnd>();
  readonly #spellings = new Map<string, string | undefined>();
  readonly #addressCounts = new Map<string, number>();
  #dropped = 0;

  constructor(options: { readonly maxFlows: number; readonly source: string }) {
    this.#maxFlows = options.maxFlows;
    this.#source = options.source;
  }

  /** Distinct flows so far. */
  get size(): number {
    return this.#entries.size;
  }

  /** Records that were left out because of `maxFlows`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a record. False when one of its ends has an address that is none. */
  add(seen: ParsedFlow): boolean {
    const from = this.#interned(seen.from);
    const to = this.#interned(seen.to);
    if (from === undefined || to === undefined) {
      return false;
    }
    const entry = this.#entryFor({ from, to, seen, step: 0 });
    if (entry === undefined) {
      this.#dropped += 1;
      return true;
    }
    entry.firstSeenMs = earlier(entry.firstSeenMs, seen.firstSeenMs ?? seen.lastSeenMs);
    entry.lastSeenMs = later(entry.lastSeenMs, seen.lastSeenMs ?? seen.firstSeenMs);
    entry.isOpenerKnown ||= seen.isOpenerKnown;
    count(entry, seen);
    return true;
  }

  /**
   * All flows, the most frequent first. Where both ends report, a connection that its own node let go and the other
   * node refused was refused: it is one denied flow.
   */
  flows(): readonly Flow[] {
    const refused = new Set<string>();
    for (const entry of this.#entries.values()) {
      if (entry.seen.verdict === 'denied' && entry.byDestination > 0) {
        refused.add(conversationKey(entry));
      }
    }
    return [...this.#entries.values()]
      .filter((entry) => !(isAllowedBySourceOnly(entry) && refused.has(conversationKey(entry))))
      .map((entry) => this.#flowOf(entry))
      .sort((a, b) => b.count - a.count);
  }

  #flowOf(entry: Entry): Flow {
    return {
      from: entry.from.end,
      to: entry.to.end,
      protocol: entry.seen.protocol,
      port: entry.seen.port,
      verdict: entry.seen.verdict,
      firstSeenMs: entry.firstSeenMs,
      lastSeenMs: entry.lastSeenMs,
      count: Math.max(entry.bySource, entry.byDestination) + entry.byOther,
      source: this.#source,
      isOpenerKnown: entry.isOpenerKnown,
    };
  }

  /** `step` counts how often an address was already replaced by a wider block. */
  #entryFor(wanted: {
    readonly from: InternedEnd;
    readonly to: InternedEnd;
    readonly seen: ParsedFlow;
    readonly step: number;
  }): Entry | undefined {
    const { from, to, seen, step } = wanted;
    const key = `${from.key}\n${to.key}\n${seen.protocol} ${seen.port} ${seen.verdict}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      return known;
    }
    const wider = this.#widerEnds({ from, to, seen, step });
    if (wider !== undefined) {
      return this.#entryFor({ ...wider, seen, step: step + 1 });
    }
    if (this.#entries.size >= this.#maxFlows) {
      return undefined;
    }
    const entry: Entry = {
      from,
      to,
      seen: { protocol: seen.protocol, port: seen.port, verdict: seen.verdict },
      firstSeenMs: undefined,
      lastSeenMs: undefined,
      bySource: 0,
      byDestination: 0,
      byOther: 0,
      isOpenerKnown: false,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** The ends with a block instead of an address outside, when that end already has too many addresses. */
  #widerEnds(wanted: {
    readonly from: InternedEnd;
    readonly to: InternedEnd;
    readonly seen: ParsedFlow;
    readonly step: number;
  }): { readonly from: InternedEnd; readonly to: InternedEnd } | undefined {
    const { from, to, seen, step } = wanted;
    const isFromOutside = isOutside(from.end);
    if (!isFromOutside && !isOutside(to.end)) {
      return undefined;
    }
    const [outside, inside] = isFromOutside ? [from, to] : [to, from];
    const side = isFromOutside ? 'from' : 'to';
    const group = `${side} ${step} ${inside.key}\n${seen.protocol} ${seen.port} ${seen.verdict}`;
    const addresses = this.#addressCounts.get(group) ?? 0;
    const wider = addresses < MAX_ADDRESSES_PER_PORT ? undefined : widerEnd(outside.end, step);
    if (wider === undefined) {
      this.#addressCounts.set(group, addresses + 1);
      return undefined;
    }
    return isFromOutside ? { from: wider, to } : { from, to: wider };
  }

  #interned(end: ParsedEnd): InternedEnd | undefined {
    if (end.kind === 'pod') {
      return this.#pod(end);
    }
    if (end.kind === 'service') {
      return { key: `s ${end.namespace}/${end.name}`, end };
    }
    if (end.address === undefined) {
      return { key: `${end.kind} ${'name' in end ? end.name : ''}`, end };
    }
    const address = this.#canonical(end.address);
    if (address === undefined) {
      return undefined;
    }
    return { key: `${end.kind} ${address}`, end: { ...end, address } };
  }

  #pod(seen: ParsedPod): InternedEnd {
    const { namespace, name, workload } = seen;
    // A name that is no pod's own says too little; there the labels are part of the identity.
    const labels = name.endsWith('*') ? seen.labels() : undefined;
    const podKey = `${namespace}/${name}${labels === undefined ? '' : JSON.stringify(labels)}`;
    const known = this.#pods.get(podKey);
    if (known !== undefined) {
      return known;
    }
    const key = workload === undefined ? `p ${podKey}` : `w ${namespace}/${workload.kind}/${workload.name}`;
    const end = this.#podEnd(key, { ...seen, labels: labels ?? seen.labels() });
    if (this.#pods.size < this.#maxFlows) {
      this.#pods.set(podKey, end);
    }
    return end;
  }

  /** The end of a pod, or of the workload that it is one more pod of: then with the labels that all of them have. */
  #podEnd(key: string, pod: PodEnd): InternedEnd {
    const known = this.#ends.get(key);
    if (known === undefined) {
      const isStored = this.#ends.size < this.#maxFlows;
      const end = { key: isStored ? `p${this.#ends.size}` : key, end: pod };
      if (isStored) {
        this.#ends.set(key, end);
      }
      return end;
    }
    if (known.end.kind === 'pod') {
      known.end = { ...known.end, labels: commonLabels(known.end.labels, pod.labels) };
    }
    return known;
  }

  #canonical(address: string): string | undefined {
    if (this.#spellings.has(address)) {
      return this.#spellings.get(address);
    }
    if (this.#spellings.size >= MAX_SPELLINGS) {
      this.#spellings.clear();
    }
    const canonical = canonicalAddress(address);
    this.#spellings.set(address, canonical);
    return canonical;
  }
}

function count(entry: Entry, seen: ParsedFlow): void {
  if (seen.reporter === 'source') {
    entry.bySource += seen.count;
  } else if (seen.reporter === 'destination') {
    entry.byDestination += seen.count;
  } else {
    entry.byOther += seen.count;
  }
}

function isAllowedBySourceOnly(entry: Entry): boolean {
  return entry.seen.verdict === 'allowed' && entry.byDestination === 0 && entry.byOther === 0;
}

function conversationKey(entry: Entry): string {
  return `${entry.from.key}\n${entry.to.key}\n${entry.seen.protocol} ${entry.seen.port}`;
}

function isOutside(end: FlowEnd): boolean {
  return (end.kind === 'external' && end.address !== undefined) || (end.kind === 'address' && isPublic(end.address));
}

function widerEnd(end: FlowEnd, step: number): InternedEnd | undefined {
  if ((end.kind !== 'external' && end.kind !== 'address') || end.address === undefined) {
    return undefined;
  }
  const bits = (end.address.includes(':') ? BLOCKS_IPV6 : BLOCKS_IPV4)[step];
  if (bits === undefined) {
    return undefined;
  }
  const address = widened(end.address, bits);
  return { key: `external ${address}`, end: { kind: 'external', address } };
}

/** The labels that two pods of one workload both have; a pod without known labels changes nothing. */
function commonLabels(a: Labels, b: Labels): Labels {
  if (Object.keys(a).length === 0) {
    return b;
  }
  if (Object.keys(b).length === 0) {
    return a;
  }
  const both = Object.entries(a).filter(([key, value]) => Object.hasOwn(b, key) && b[key] === value);
  return both.length === Object.keys(a).length ? a : Object.fromEntries(both);
}

/** The earlier of two times, of which each may be unknown. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** The later of two times, of which each may be unknown. */
export function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
