import type { BaselinePolicyStatus, Discovered, Mode } from '../../api/baseline-policy.ts';
import { BOUNDS } from '../../api/bounds.ts';
import type { Condition } from '../../api/condition.ts';
import { CONDITIONS, type ConditionType } from '../../api/names.ts';
import type { Phase } from '../../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { cutText, namesText } from '../../base/text.ts';
import type { DnsDoubt } from '../discovery/dns-doubt.ts';
import { type OpenRules, openRulesMessage } from '../weakening/own-rules.ts';
import { type HeldNotice, heldMessage } from './held-message.ts';
import { type MissingPeer, missingPeersMessage } from './missing-peers.ts';

/** Namespaces that have been Pending for less than this, in milliseconds, change no condition (R16, status). */
const PENDING_GRACE_MS = 60_000;
/** How many namespaces the message of a condition names. */
const NAMED = 10;

/** The state of one selected namespace with one policy. */
export interface NamespaceState {
  readonly namespace: string;
  readonly phase: Phase;
  readonly reason: Reason;
  readonly message: string;
  /** Whether another client's NetworkPolicy undoes the isolation there (R17, weakening). */
  readonly isWeakened: boolean;
  /** How long it has been Pending, in milliseconds; 0 in every other phase. */
  readonly pendingForMs: number;
}

/** The progress of a BaselinePolicy over all namespaces. */
export interface PolicyProgress {
  readonly generation: number;
  readonly mode: Mode;
  /** The problems of the spec; empty when it was accepted. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  /** Every selected namespace that was attempted at this generation or before. */
  readonly namespaceStates: readonly NamespaceState[];
  /** How many selected namespaces have not been attempted at this generation. */
  readonly unattemptedCount: number;
  /** How many of those were never attempted at all, so that `namespaceStates` lacks them. */
  readonly unseenCount: number;
  readonly discovered: Discovered;
  /** The changes that wait for a confirmation, with the kubectl line that gives it. */
  readonly held: readonly HeldNotice[];
  /** How many managed NetworkPolicies of a former policy of this name exist. */
  readonly orphanCount: number;
  /** How many copies of its NetworkPolicies exist (R5, ownership). */
  readonly copyCount: number;
  /** The declared peers that match no namespace. */
  readonly missingPeers: readonly MissingPeer[];
  /** Its rules that open a direction for everyone and are not acknowledged (R17, weakening). */
  readonly openRules: readonly OpenRules[];
  /** Why discovery is not current for what this policy renders. */
  readonly discoveryProblem: DiscoveryProblem | undefined;
  /** Why BaselinePolicies or NamespaceBaselines are not written, whatever the namespace. */
  readonly kindProblem?: KindProblem | undefined;
}

/** Why discovery is not what a policy needs (R14, discovery). */
export type DiscoveryProblem = Extract<Reason, DnsDoubt | 'DnsStale' | 'ApiServerNotFound'>;

/** A condition without its transition time. */
type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** What keeps a policy from being carried out as declared. */
interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

/** Why the operator writes no object of one of its own kinds now. */
export interface KindProblem extends Problem {
  readonly reason: Extract<Reason, 'CrdOutdated' | 'Forbidden'>;
}

/** A change that waits for a confirmation, with its message. */
interface HeldProblem extends Problem {
  readonly reason: HeldNotice['reason'];
}

/**
 * The status of a BaselinePolicy (R16, status). A condition's lastTransitionTime moves only when its status does, so `previous`
 * is the status as it was last written. One tenant's conflict shows in AllProtected and never in Ready.
 */
export function policyStatusFor(
  progress: PolicyProgress,
  previous: BaselinePolicyStatus | undefined,
  nowTime: string,
): BaselinePolicyStatus {
  const held = progress.held.map((notice) => ({ reason: notice.reason, message: heldMessage(notice) }));
  const stalled = stallingProblem(progress, held);
  const findings = [
    readyFinding(progress, stalled),
    allProtectedFinding(progress),
    ...temporaryFindings(progress, { stalled, held }),
  ];
  const count = (phase: Phase): number => progress.namespaceStates.filter((state) => state.phase === phase).length;
  return {
    observedGeneration: progress.generation,
    mode: progress.mode,
    conditions: findings.map((finding) => dated(finding, progress.generation, { previous, nowTime })),
    namespaces: {
      matched: progress.namespaceStates.length + progress.unseenCount,
      protected: count('Protected'),
      pending: count('Pending') + progress.unseenCount,
      failed: count('Failed'),
      conflicted: count('Conflict'),
      weakened: progress.namespaceStates.filter(({ isWeakened }) => isWeakened).length,
      wide: progress.namespaceStates.filter(({ reason }) => reason === 'Wide').length,
    },
    ...(progress.copyCount > 0 ? { copies: progress.copyCount } : {}),
    failed: failedIn(progress.namespaceStates),
    discovered: progress.discovered,
  };
}

/** How long until a Pending namespace starts to count, in milliseconds; undefined when none is waiting for that. */
export function untilPendingCountsMs(states: readonly NamespaceState[]): number | undefined {
  const waits = states.flatMap((state) =>
    state.phase === 'Pending' && state.pendingForMs < PENDING_GRACE_MS ? [PENDING_GRACE_MS - state.pendingForMs] : [],
  );
  return waits.length > 0 ? waits.reduce((a, b) => Math.min(a, b)) : undefined;
}

function readyFinding(progress: PolicyProgress, stalled: Problem | undefined): Finding {
  const type = CONDITIONS.ready;
  if (stalled !== undefined) {
    return { type, status: 'False', ...stalled };
  }
  if (progress.unattemptedCount > 0) {
    return { type, status: 'False', reason: 'Progressing', message: progressMessage(progress) };
  }
  if (progress.mode !== 'Enforce') {
    return { type, status: 'True', reason: progress.mode, message: REASONS[progress.mode] };
  }
  return { type, status: 'True', reason: 'Applied', message: REASONS.Applied };
}

function stallingProblem(progress: PolicyProgress, held: readonly HeldProblem[]): Problem | undefined {
  if (progress.problems.length > 0) {
    return {
      reason: 'InvalidSpec',
      message: progress.problems
        .slice(0, 5)
        .map(({ path, message }) => `${path}: ${message}`)
        .join('; '),
    };
  }
  if (held[0] !== undefined) {
    return held[0];
  }
  const forbidden = progress.namespaceStates.find((state) => state.reason === 'Forbidden');
  return forbidden === undefined ? progress.kindProblem : { reason: 'Forbidden', message: forbidden.message };
}

function allProtectedFinding(progress: PolicyProgress): Finding {
  const type = CONDITIONS.allProtected;
  if (progress.mode !== 'Enforce') {
    return { type, status: 'False', reason: progress.mode, message: REASONS[progress.mode] };
  }
  if (progress.unattemptedCount > 0) {
    return { type, status: 'False', reason: 'Progressing', message: progressMessage(progress) };
  }
  if (progress.namespaceStates.length === 0) {
    return { type, status: 'True', reason: 'NoneSelected', message: REASONS.NoneSelected };
  }
  const short = progress.namespaceStates.filter(
    (state) => state.phase !== 'Protected' && (state.phase !== 'Pending' || state.pendingForMs >= PENDING_GRACE_MS),
  );
  if (short.length === 0) {
    return { type, status: 'True', reason: 'AllInPlace', message: REASONS.AllInPlace };
  }
  return {
    type,
    status: 'False',
    reason: 'NotAllInPlace',
    message: `${short.length} of ${countText(progress.namespaceStates.length, 'namespace', 'namespaces')} ${short.length === 1 ? 'is' : 'are'} not protected; status.failed names the first ten`,
  };
}

function temporaryFindings(
  progress: PolicyProgress,
  { stalled, held }: { readonly stalled: Problem | undefined; readonly held: readonly HeldProblem[] },
): readonly Finding[] {
  const isReconciling = stalled === undefined && progress.unattemptedCount > 0;
  return [
    ...(stalled === undefined ? [] : [temporary(CONDITIONS.stalled, stalled.reason, stalled.message)]),
    ...(isReconciling ? [temporary(CONDITIONS.reconciling, 'Progressing', progressMessage(progress))] : []),
    ...held.map(({ reason, message }) => temporary(reason, reason, message)),
    ...(progress.orphanCount === 0
      ? []
      : [
          temporary(
            CONDITIONS.orphansPresent,
            'OrphansPresent',
            `${countText(progress.orphanCount, 'NetworkPolicy', 'NetworkPolicies')}: ${REASONS.OrphansPresent}`,
          ),
        ]),
    ...weakenedFinding(progress.namespaceStates),
    ...discoveryFinding(progress),
    ...(progress.missingPeers.length === 0
      ? []
      : [temporary(CONDITIONS.peersNotFound, 'PeersNotFound', missingPeersMessage(progress.missingPeers))]),
    ...(progress.openRules.length === 0
      ? []
      : [temporary(CONDITIONS.ownRuleOpen, 'OwnRuleOpen', openRulesMessage(progress.openRules))]),
  ];
}

function temporary(type: ConditionType, reason: Reason, message: string): Finding {
  return { type, status: 'True', reason, message };
}

/** R14 (discovery): names the namespaces that wait for DNS. */
function discoveryFinding({ discoveryProblem, namespaceStates }: PolicyProgress): readonly Finding[] {
  if (discoveryProblem === undefined) {
    return [];
  }
  const waiting = namespaceStates
    .filter(({ reason }) => reason === discoveryProblem)
    .map(({ namespace }) => namespace)
    .sort();
  const who =
    waiting.length === 0
      ? ''
      : `${countText(waiting.length, 'namespace waits', 'namespaces wait')}: ${namesText(waiting, NAMED)}. `;
  return [temporary(CONDITIONS.discoveryStale, discoveryProblem, `${who}${REASONS[discoveryProblem]}`)];
}

function weakenedFinding(states: readonly NamespaceState[]): readonly Finding[] {
  const weakened = states
    .filter(({ isWeakened }) => isWeakened)
    .map(({ namespace }) => namespace)
    .sort();
  if (weakened.length === 0) {
    return [];
  }
  const named = namesText(weakened, NAMED);
  return [
    temporary(
      CONDITIONS.weakened,
      'Weakened',
      `${weakened.length} namespaces: ${named}. The NamespaceBaseline of each says by what.`,
    ),
  ];
}

function progressMessage(progress: PolicyProgress): string {
  const count = countText(progress.unattemptedCount, 'namespace has', 'namespaces have');
  return `${count} not been brought to generation ${progress.generation} yet`;
}

function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function failedIn(states: readonly NamespaceState[]): BaselinePolicyStatus['failed'] {
  const failed = states.filter((state) => state.phase === 'Failed' || state.phase === 'Conflict');
  return failed
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1))
    .slice(0, BOUNDS.failed)
    .map(({ namespace, reason, message }) => ({ namespace, reason, message: cutText(message, 512) }));
}

function dated(
  finding: Finding,
  generation: number,
  time: { previous: BaselinePolicyStatus | undefined; nowTime: string },
): Condition {
  const before = time.previous?.conditions.find((condition) => condition.type === finding.type);
  const lastTransitionTime = before?.status === finding.status ? before.lastTransitionTime : time.nowTime;
  return {
    ...finding,
    message: cutText(finding.message, BOUNDS.conditionMessageLength),
    observedGeneration: generation,
    lastTransitionTime,
  };
}
