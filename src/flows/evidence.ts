import type { Flow } from './flow.ts';
import { earlier, later } from './flow-table.ts';
import type { Evidence } from './proposal.ts';

/** The evidence of several flows together. */
export function evidenceOf(flows: Iterable<Pick<Flow, 'count' | 'firstSeenMs' | 'lastSeenMs' | 'source'>>): Evidence {
  let count = 0;
  let firstSeenMs: number | undefined;
  let lastSeenMs: number | undefined;
  const sources = new Set<string>();
  for (const flow of flows) {
    count += flow.count;
    firstSeenMs = earlier(firstSeenMs, flow.firstSeenMs);
    lastSeenMs = later(lastSeenMs, flow.lastSeenMs);
    sources.add(flow.source);
  }
  return { count, firstSeenMs, lastSeenMs, sources: [...sources].sort() };
}

/** The evidence in words, such as `12 times from 2026-11-01T08:00Z to 2026-11-07T09:30Z (hubble)`. */
export function evidenceText({ count, firstSeenMs, lastSeenMs, sources }: Evidence): string {
  const times = count === 1 ? 'once' : `${count} times`;
  const source = sources.length === 0 ? '' : ` (${sources.join(', ')})`;
  if (firstSeenMs === undefined || lastSeenMs === undefined) {
    return `${times}, at an unknown time${source}`;
  }
  const first = minuteText(firstSeenMs);
  const last = minuteText(lastSeenMs);
  return `${times} ${first === last ? `at ${first}` : `from ${first} to ${last}`}${source}`;
}

/** Beyond these milliseconds JavaScript has no date (https://tc39.es/ecma262/#sec-time-values-and-time-range). */
const MAX_DATE_MS = 8.64e15;

function minuteText(timeMs: number): string {
  if (Math.abs(timeMs) > MAX_DATE_MS) {
    return 'an impossible time';
  }
  return new Date(timeMs).toISOString().replace(/:\d\d\.\d{3}Z$/, 'Z');
}
