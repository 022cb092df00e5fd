import type { Mode } from '../api/baseline-policy.ts';
import type { PolicyEntry } from '../api/namespace-baseline.ts';
import type { Direction, LabelSelector } from '../api/network-policy.ts';
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
  /** By name or by glob (R1). */
  readonly isExcluded: boolean;
}

/**
 * A BaselinePolicy, as far as a namespace depends on it. `selector` and `parts` are those of the newest spec that was
 * accepted; while `isAccepted` is false they are the last good ones (R11), or undefined when there never was one.
 */
export interface BaselinePolicyFacts {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly mode: Mode;
  /** Whether the present generation is valid. */
  readonly isAccepted: boolean;
  readonly isDeleting: boolean;
  /** Whether it is being deleted and its objects go with it; decided only after all that speaks against it was looked at (R8). */
  readonly isRemoving: boolean;
  readonly keepsOnOptOut: boolean;
  readonly removesOnDelete: boolean;
  readonly selector: LabelSelector | undefined;
  readonly parts: readonly RenderedPart[] | undefined;
  /** What the generation before rendered, as far as this process has seen it: kept up while an edit is held (R9). */
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
  /** Whether its owner hands it over (R5). */
  readonly isAdoptable: boolean;
  /** Whether it was left behind on purpose (R4). */
  readonly isKept: boolean;
  /** The directions that an object with the name of a default-deny isolates, stripped of its marks or not; empty for everything else. */
  readonly isolates: readonly Direction[];
  /** What it lets through that may undo an isolation (R17). */
  readonly openness: Openness | undefined;
  /** Who wrote it last, where that was not the operator; empty when it was. */
  readonly otherManager: string;
  /** The spec's digest for what is or may be ours; empty for what is plainly not. */
  readonly hash: string;
}

/** What the NamespaceBaseline said when it was last seen. */
export interface RecordedReport {
  readonly uid: string;
  /** Digest of all of the status but the transition times. */
  readonly hash: string;
  readonly entries: readonly RecordedEntry[];
  readonly readyStatus: string;
  readonly readySince: string;
}

/** What is kept of one policy's entry of a NamespaceBaseline. */
export interface RecordedEntry {
  readonly policy: string;
  readonly generation: number;
  readonly phase: PolicyEntry['phase'];
  readonly inPlace: boolean;
  /** `hash` is the digest of the spec that was seen in place, where one was recorded. */
  readonly managed: readonly { readonly name: string; readonly uid: string; readonly hash?: string }[];
}

/** Everything that the plan for one namespace follows from. All of it comes from synced caches. */
export interface World {
  readonly namespace: NamespaceFacts;
  /** Every BaselinePolicy there is, in the order of their names. */
  readonly baselinePolicies: readonly BaselinePolicyFacts[];
  /** Every NetworkPolicy in the namespace, other people's too. */
  readonly observed: readonly ObservedNetworkPolicy[];
  readonly report: RecordedReport | undefined;
  /** Digests that the server is known to store for a rendered digest, because it adds fields of its own (R2). */
  readonly isEquivalent: (hash: { readonly rendered: string; readonly observed: string }) => boolean;
  /** Policies whose changes here wait for a confirmation (R9). */
  readonly holds: ReadonlyMap<string, Hold>;
  /** NetworkPolicies that somebody keeps changing back, by name (R6). */
  readonly contests: ReadonlyMap<string, Contest>;
  /** Whether a newer version of the operator led before: what it rendered is left as it is (R15). */
  readonly isNewerAtWork: boolean;
  /** The namespaces of the cluster: who is let through by a selector depends on them (R17). */
  readonly namespaces: NamespacesAtHand;
}

/** What waits for a confirmation. */
export type Hold = 'RemovalHeld' | 'IsolationHeld';

/** A quarrel over one NetworkPolicy. */
export interface Contest {
  /** The other field manager, as far as known. */
  readonly manager: string;
  /** How long until it may be repaired again, in milliseconds; 0 when it may be now. */
  readonly waitMs: number;
}
