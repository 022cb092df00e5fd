import type { FlowEnd, Labels, PodEnd, Protocol, Verdict } from './flow.ts';

/** A pod as a record names it. Its labels are only worked out for the first record of the pod. */
export interface ParsedPod extends Omit<PodEnd, 'labels'> {
  readonly labels: () => Labels;
}

/** One end as a record names it. */
export type ParsedEnd = ParsedPod | Exclude<FlowEnd, PodEnd>;

/** One record of a source, in the words of this project. */
export interface ParsedFlow {
  readonly from: ParsedEnd;
  readonly to: ParsedEnd;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: Verdict;
  readonly firstSeenMs: number | undefined;
  readonly lastSeenMs: number | undefined;
  readonly count: number;
  /** The end whose node reported it, where the source says so: two reports are then one connection. */
  readonly reporter: 'source' | 'destination' | undefined;
  readonly isOpenerKnown: boolean;
}

/** Why a record is left out while reading. None of them is a fault of the input. */
export const IGNORED = {
  reply: 'the answer to a connection, not a connection of its own',
  close: 'the end of a connection that was reported before',
  loopback: 'traffic of a pod with itself, which no policy can deny',
  noConnection: 'a socket without a peer',
  duplicate: 'reported by another interface as well',
  notByPolicy: 'dropped for another reason than a policy',
  notTranslated: 'an event before the translation of a Service, followed by one after it',
  noPorts: 'no layer 4 in the record',
  otherEvent: 'a record of another kind, without a flow',
} as const;

/** {@link IGNORED} */
export type IgnoredReason = keyof typeof IGNORED;

/** How one record was read. */
export type RecordReading =
  | { readonly kind: 'flow'; readonly flow: ParsedFlow }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  | { readonly kind: 'problem'; readonly message: string };

/** A record that is left out. */
export function ignored(reason: IgnoredReason): RecordReading {
  return { kind: 'ignored', reason };
}

/** A record that cannot be read. */
export function problem(message: string): RecordReading {
  return { kind: 'problem', message };
}

/** Weaknesses of a source that a report must name, since its silence proves less than it seems. */
export const CAVEATS = {
  sampled: 'the source samples: it sees only some of the packets, so traffic that it does not show may well exist',
  noTimes: 'the source has no times: how long was observed is not known',
  snapshot: 'the source shows the connections of one moment: short ones are mostly missing',
  tcpOnly: 'the source sees TCP only: UDP, DNS among it, is missing',
  noExternalAddresses: 'the source keeps no addresses outside the cluster: such peers cannot become rules',
  addressesOnly: 'the source has addresses only: a pod that is gone may have had the address of one that runs now',
  shortMemory: 'the source keeps only the most recent flows: earlier ones may be missing',
} as const;

/** {@link CAVEATS} */
export type Caveat = keyof typeof CAVEATS;

/** A reader of one input; it may remember earlier lines, so each input gets its own. */
export type LineReader = (line: string) => readonly RecordReading[];

/** One format of flow records, one record (or one JSON list of records) per line. */
export interface FlowFormat {
  /** The name for a command line and for {@link Flow.source}. */
  readonly name: string;
  /** The name for people. */
  readonly title: string;
  /** A command that writes this format. */
  readonly command: string;
  /** The project's own documentation of the format. */
  readonly documentation: string;
  readonly caveats: readonly Caveat[];
  /** Whether the first lines of an input are of this format. Lines come without the prefix of a container log. */
  matches(firstLines: readonly string[]): boolean;
  reader(): LineReader;
}
