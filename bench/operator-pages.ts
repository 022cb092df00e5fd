import { fieldOf, parsedJson } from '../src/base/json.ts';
import { metricSum } from '../test/support/measuring/metric-sum.ts';
import type { Measured } from './process.ts';

const POLL_MS = 5;

/** Resolves with the time, on the scale of `performance.now()`, at which `/readyz` said yes. */
export async function readyMs(operator: Measured): Promise<number> {
  const page = await pageAddress(operator);
  // To ask all the time before that would take from what is measured.
  await operator.said('caches are synced');
  for (;;) {
    const response = await fetch(`${page}/readyz`);
    await response.text();
    if (response.ok) {
      return performance.now();
    }
    await pauseMs(POLL_MS);
  }
}

/** Resolves, with the time, when the queue is empty and so many reconciles were done: the pass over all namespaces is over. */
export async function passDoneMs(operator: Measured, reconciles: number): Promise<number> {
  const page = await pageAddress(operator);
  for (;;) {
    const text = await (await fetch(`${page}/metrics`)).text();
    const isIdle = metricSum(text, 'nsbaseline_queue_depth') === 0;
    if (isIdle && metricSum(text, 'nsbaseline_reconciles_total') >= reconciles) {
      return performance.now();
    }
    await pauseMs(POLL_MS * 10);
  }
}

async function pageAddress(operator: Measured): Promise<string> {
  const line = await operator.said('serving metrics and probes');
  return `http://127.0.0.1:${String(fieldOf(parsedJson(line), 'port'))}`;
}

/** Resolves after so many milliseconds. */
export function pauseMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
