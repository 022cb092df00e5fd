import { namesText } from '../../base/text.ts';
import { platformFirst } from '../planning/platform-namespaces.ts';
import type { Hold } from '../world.ts';

/** How many namespaces a message names. */
const NAMED = 10;

/** Directions that have lost their protection without a confirmation and still count (R9, removal limit). */
export interface RecentUse {
  readonly directions: number;
  /** Sorted. */
  readonly namespaces: readonly string[];
  /** When the first of them ceases to count, and when the last does; RFC 3339. */
  readonly firstUntil: string;
  readonly lastUntil: string;
}

/** Why a change waits for a confirmation (R9, the guards). */
export type HoldCause =
  | {
      readonly kind: 'removalLimit';
      /** How many directions may lose their protection within ten minutes without a confirmation. */
      readonly limit: number;
      /** How many directions this change would unprotect, and how many the other changes that wait. */
      readonly own: number;
      readonly others: number;
      readonly recent: RecentUse | undefined;
    }
  /** `limit`: how many namespaces one change of a policy may newly isolate without a confirmation. */
  | { readonly kind: 'isolationLimit'; readonly limit: number }
  /** The selector matches every namespace, or every namespace but some. */
  | { readonly kind: 'broadSelector' };

/** A change that waits for a confirmation, with the kubectl line that gives it. */
export interface HeldNotice {
  readonly reason: Hold;
  readonly namespaces: readonly string[];
  readonly cause: HoldCause;
  readonly line: string;
}

/**
 * R9 (the guards): which namespaces, which limit holds the change, what used the limit up and until when, and the line that
 * confirms. The line is at the end, where `nsbaseline approve` reads it.
 */
export function heldMessage({ reason, namespaces, cause, line }: HeldNotice): string {
  const what = reason === 'RemovalHeld' ? lossText(namespaces, cause) : isolationText(namespaces);
  return `${what}. ${causeText(cause)} To confirm: ${line}`;
}

function lossText(namespaces: readonly string[], cause: HoldCause): string {
  const directions = cause.kind === 'removalLimit' ? ` (${directionsText(cause.own)})` : '';
  return namespaces.length === 1
    ? `Namespace ${namespaces.join()} would lose its protection${directions}`
    : `${namespaces.length} namespaces would lose their protection at once${directions}: ${namesText(namespaces, NAMED)}`;
}

function isolationText(namespaces: readonly string[]): string {
  const { names, platformCount } = platformFirst(namespaces);
  if (names.length === 1) {
    return `Namespace ${names.join()} would be isolated${platformCount === 1 ? '; by its name it belongs to the platform' : ''}`;
  }
  const belong = platformCount === 1 ? 'belongs' : 'belong';
  const among = platformCount === 0 ? '' : `, of which ${platformCount} by name ${belong} to the platform`;
  return `${names.length} namespaces would be isolated at once${among}: ${namesText(names, NAMED)}`;
}

function causeText(cause: HoldCause): string {
  switch (cause.kind) {
    case 'removalLimit':
      return `Without a confirmation at most ${directionsText(cause.limit)} may lose protection within ten minutes${usedText(cause)}.`;
    case 'isolationLimit':
      return `Without a confirmation a policy may newly isolate at most ${cause.limit} ${cause.limit === 1 ? 'namespace' : 'namespaces'}; it may also be seen in mode DryRun first.`;
    case 'broadSelector':
      return 'The namespaceSelector names no label that a namespace must have, so this waits for a confirmation, or until the same spec was seen in mode DryRun.';
  }
}

function usedText({ others, recent }: Extract<HoldCause, { kind: 'removalLimit' }>): string {
  const held = others === 0 ? '' : `; other changes that wait are about ${others} more`;
  if (recent === undefined) {
    return held;
  }
  const { directions, namespaces, firstUntil, lastUntil } = recent;
  const until = firstUntil === lastUntil ? firstUntil : `${lastUntil}, the first until ${firstUntil}`;
  const count = directions === 1 ? 'counts' : 'count';
  return `${held}; ${directions} just did in ${namesText(namespaces, NAMED)} and ${count} until ${until}`;
}

function directionsText(count: number): string {
  return `${count} ${count === 1 ? 'direction' : 'directions'}`;
}
