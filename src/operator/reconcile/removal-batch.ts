import type { Action } from '../../domain/planning/plan.ts';

/** How many removals of one namespace are in flight at once, so that the API server has time for the others. */
export const REMOVALS_AT_ONCE = 4;

/** The removals of one namespace, divided into what one reconcile does and what it leaves to the next. */
export interface RemovalBatch<Step> {
  /** These need no request. */
  readonly idle: readonly Step[];
  readonly now: readonly Step[];
  readonly later: readonly Step[];
}

/** The batch of these removals, in their order; `take` says how many of a number may be carried out now. */
export function removalBatch<Step extends { readonly action: Action }>(
  steps: readonly Step[],
  take: (wanted: number) => number,
): RemovalBatch<Step> {
  const idle = steps.filter(({ action }) => !makesRequest(action));
  const due = steps.filter(({ action }) => makesRequest(action));
  const granted = take(due.length);
  return { idle, now: due.slice(0, granted), later: due.slice(granted) };
}

/** An object that was deleted already is not deleted again, and a contested one only when its time has come (R6, repair). */
function makesRequest(action: Action): boolean {
  return action.kind !== 'remove' || (!action.observed.isTerminating && (action.contest?.waitMs ?? 0) <= 0);
}
