import type { Mode } from '../api/baseline-policy.ts';
import type { PolicyEntry } from '../api/namespace-baseline.ts';
import type { Direction, LabelSelector } from '../api/network-policy.ts';
import type { DnsDoubt } from './discovery/dns-doubt.ts';
import type { RenderedPart } from './rendering/rendering.ts';
import type { Labels } from './selection.ts';
import type { Openness } from './weakening/openness.ts';
import type { NamespacesAtHand } from './weakening/reach.ts';

/** A namespace, as far as a baseline depends on it. */
export interface NamespaceFacts {
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  readonly isTerminating: boolean;
  /** By name or by glob (R1, selection). */
  readonly isExcluded: boolean;
}

/**
 * A BaselinePolicy, as far as a namespace depends on it. `selector` and `parts` are those of the newest spec that was
 * accepted; while `isAccepted` is false they are the last good ones (R11, invalid policy), or undefined without any.
 */
export interface BaselinePolicyFacts {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly mode: Mode;
  /** Whether the present generation is valid. */
  readonly isAccepted: boolean;
  readonly isDeleting: boolean;
  /** Whether it is being deleted and its objects go with it; decided after every reason to keep them was checked (R8, deletion). */
  readonly isRemoving: boolean;
  readonly keepsOnOptOut: boolean;
  /** How long an opt-out waits before anything is removed, in milliseconds (R4, opting out). */
  readonly graceMs: number;
  readonly removesOnDelete: boolean;
  readonly selector: LabelSelector | undefined;
  readonly parts: readonly RenderedPart[] | undefined;
  /** Why egress may not be newly isolated for this policy yet; undefined where it may (R14, discovery). */
  readonly dnsDoubt: DnsDoubt | undefined;
  /** The rendered set of the previous generation, if this process has seen it: kept up while an edit is held (R9, the guards). */
  readonly formerParts: readonly RenderedPart[] | undefined;
}

/** A NetworkPolicy as it was last seen: only what a plan needs. */
export interface ObservedNetworkPolicy {
  readonly name: string;
  readonly uid: string;
  /** Whether it carries our managed-by label. */
  readonly isLabelled: boolean;
  /** The value of our policy label; empty when it has none. */
  readonly policyLabel: string;
  /** The value of our policy-uid annotation; empty when it has none. */
  readonly policyUid: string;
  /** The value of our purpose annotation; empty when it has none. */
  readonly purpose: string;
  /** Whether its owner hands it over (R5, ownership). */
  readonly isAdoptable: boolean;
  /** Whether it was kept on purpose (R4, opting out). */
  readonly isKept: boolean;
  /** Whether it was deleted already, and only a finalizer keeps it in the API server. */
  readonly isTerminating: boolean;
  /** The directions that an object with the name of a default-deny isolates, with or without our marks; empty for all other objects. */
  readonly isolates: readonly Direction[];
  /** What it allows that may undo an isolation (R17, weakening). */
  readonly openness: Openness | undefined;
  /** The field manager that wrote it last; empty when that was the operator. */
  readonly otherManager: string;
  /** The spec's digest, for objects that are or may be ours; empty for all others. */
  readonly hash: string;
}

/** The content of a NamespaceBaseline as it was last seen. */
export interface RecordedReport {
  readonly uid: string;
  /** Digest of the status without the transition times. */
  readonly hash: string;
  readonly entries: readonly RecordedEntry[];
  readonly readyStatus: string;
  readonly readySince: string;
}

/** The fields of one policy's entry of a NamespaceBaseline that plans and reports need. */
export interface RecordedEntry {
  readonly policy: string;
  readonly generation: number;
  readonly phase: PolicyEntry['phase'];
  readonly inPlace: boolean;
  /** `hash` is the digest of the spec that was seen in place, where one was recorded. */
  readonly managed: readonly { readonly name: string; readonly uid: string; readonly hash?: string }[];
}

/** The entry of one policy in a report, or undefined when it has none. There are few in a namespace, so they are searched in order. */
export function recordedEntry(report: RecordedReport | undefined, policy: string): RecordedEntry | undefined {
  return report?.entries.find((entry) => entry.policy === policy);
}

/** Whether the last report listed a NetworkPolicy of this name for the policy. */
export function isRecordedName(
  name: string,
  policy: Pick<BaselinePolicyFacts, 'name'>,
  report: RecordedReport | undefined,
): boolean {
  return recordedEntry(report, policy.name)?.managed.some((managed) => managed.name === name) === true;
}

/** Everything that the plan for one namespace depends on. All of it comes from synced caches. */
export interface World {
  readonly namespace: NamespaceFacts;
  /** Every BaselinePolicy there is, in the order of their names. */
  readonly baselinePolicies: readonly BaselinePolicyFacts[];
  /** Every NetworkPolicy in the namespace, those of other clients too. */
  readonly observed: readonly ObservedNetworkPolicy[];
  readonly report: RecordedReport | undefined;
  /** Whether the server is known to store this digest for that rendered one, because it adds fields (R2, the rendered set). */
  readonly isEquivalent: (hash: { readonly rendered: string; readonly observed: string }) => boolean;
  /** Policies whose changes here wait for a confirmation (R9, the guards). */
  readonly holds: ReadonlyMap<string, Hold>;
  /** NetworkPolicies that another client keeps changing, by name (R6, repair). */
  readonly contests: ReadonlyMap<string, Contest>;
  /** NetworkPolicies that another client creates again after each removal, by name (R6, repair). */
  readonly removalContests: ReadonlyMap<string, Contest>;
  /** Policies whose opt-out of this namespace still waits, by name (R4, opting out). */
  readonly optOutWaits: ReadonlyMap<string, OptOutWait>;
  /** Whether a newer version of the operator led before: what it rendered is left as it is (R15, one writer). */
  readonly hasNewerLed: boolean;
  /** The namespaces of the cluster: which pods a namespaceSelector allows depends on them (R17, weakening). */
  readonly namespaces: NamespacesAtHand;
}

/** The part of a {@link World} that the operator remembers, where nothing is remembered. */
export const NOTHING_REMEMBERED: Pick<World, 'holds' | 'contests' | 'removalContests' | 'optOutWaits' | 'hasNewerLed'> =
  {
    holds: new Map(),
    contests: new Map(),
    removalContests: new Map(),
    optOutWaits: new Map(),
    hasNewerLed: false,
  };

/** The kind of change that waits for a confirmation (R9, the guards). */
export type Hold = 'RemovalHeld' | 'IsolationHeld';

/** An opt-out that waits: nothing is removed before it ends (R4, opting out). */
export interface OptOutWait {
  /** How long it still waits, in milliseconds. */
  readonly waitMs: number;
  /** When it ends, RFC 3339 in whole seconds. */
  readonly untilTime: string;
}

/** One NetworkPolicy that another client and the operator keep changing (R6, repair). */
export interface Contest {
  /** The other field manager; empty when it is not known. */
  readonly manager: string;
  /** How long until it may be repaired again, in milliseconds; 0 when it may be repaired now. */
  readonly waitMs: number;
}
