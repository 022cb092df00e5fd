import { setTimeout as pauseMs } from 'node:timers/promises';
import { type Result, success } from '../../base/result.ts';
import type { KubeClient, Scope } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';

/** The page size of kubectl. */
const PAGE_SIZE = 500;
const MAX_ATTEMPTS = 4;
const LONGEST_WAIT_MS = 10_000;
const USUAL_WAIT_MS = 1_000;

/**
 * Every object of the scope in the newest state, read page by page; only the projections are kept. A list that cannot be
 * finished is an error, never a part. When the continue token expires the list restarts; when the server asks to slow
 * down, the request is repeated a few times.
 */
export async function wholeList<T>(
  kube: KubeClient,
  scope: Scope,
  options: { readonly project: (object: KubeObject) => T; readonly onCount?: (count: number) => void },
): Promise<Result<readonly T[], KubeError>> {
  let attempt = 1;
  let items: T[] = [];
  let continueToken: string | undefined;
  for (;;) {
    const page = await kube.list({
      ...scope,
      limit: PAGE_SIZE,
      ...(continueToken === undefined ? {} : { continueToken }),
    });
    if (!page.ok) {
      const waitMs = attempt < MAX_ATTEMPTS ? waitFor(page.error) : undefined;
      if (waitMs === undefined) {
        return page;
      }
      attempt += 1;
      if (page.error.kind === 'expired') {
        [items, continueToken] = [[], undefined];
      }
      await pauseMs(waitMs);
      continue;
    }
    items.push(...page.value.items.map(options.project));
    options.onCount?.(items.length);
    continueToken = page.value.continueToken;
    if (continueToken === undefined) {
      return success(items);
    }
  }
}

/** How long to wait before the next attempt, in milliseconds; undefined where repeating is useless. */
function waitFor(error: KubeError): number | undefined {
  if (error.kind === 'expired') {
    return 0;
  }
  return error.kind === 'throttled' || error.kind === 'serverError'
    ? Math.min(error.retryAfterMs ?? USUAL_WAIT_MS, LONGEST_WAIT_MS)
    : undefined;
}
