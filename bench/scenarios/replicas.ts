import { percentile } from '../../test/support/measuring/statistics.ts';
import type { Figure } from '../figure.ts';
import { pauseMs } from '../operator-pages.ts';
import { startOperator } from '../process.ts';
import { allComplete, leading, names, onBenchCluster, protectedAfterMs, type Scenario } from '../scenario.ts';

const EVERY_MS = 50;
/** Longer than a Lease that is not given back. */
const CRASH_MS = 25_000;
const GRACEFUL_MS = 5000;

/** One of two replicas goes. */
export const handOver: Scenario = {
  name: 'hand-over',
  what: `Two replicas, a namespace labelled every ${EVERY_MS} ms, and the leader goes: the longest that a namespace waited for its policies.`,
  run: async ({ say }) => {
    const graceful = await play({ signal: 'SIGTERM', durationMs: GRACEFUL_MS }, say);
    const crash = await play({ signal: 'SIGKILL', durationMs: CRASH_MS }, say);
    return [...figures('SIGTERM', graceful), ...figures('SIGKILL', crash)];
  },
};

interface Gap {
  readonly waitedMs: readonly number[];
  readonly leadsAfterMs: number;
}

function figures(signal: string, { waitedMs, leadsAfterMs }: Gap): readonly Figure[] {
  const scenario = 'hand-over';
  return [
    {
      scenario,
      what: `${signal}: the longest wait of a namespace`,
      unit: 'ms',
      value: percentile(waitedMs, 100),
      floor: percentile(waitedMs, 50),
    },
    { scenario, what: `${signal}: until the other leads`, unit: 'ms', value: leadsAfterMs },
  ];
}

function play(
  { signal, durationMs }: { readonly signal: 'SIGTERM' | 'SIGKILL'; readonly durationMs: number },
  say: (text: string) => void,
): Promise<Gap> {
  return onBenchCluster(async (stage) => {
    say(`two replicas, ${signal} to the leader`);
    const all = names('handover', Math.ceil((durationMs + GRACEFUL_MS) / EVERY_MS));
    await stage.namespaces(all, false);
    const leader = await leading(stage);
    const standby = startOperator(stage.kubeconfigPath);
    await standby.said('"msg":"stands by"');
    let goneMs = 0;
    let leadsMs = 0;
    const stopped = pauseMs(GRACEFUL_MS / 2).then(async () => {
      goneMs = performance.now();
      await leader.stop(signal);
    });
    const taken = standby.said('"msg":"leads"').then(() => {
      leadsMs = performance.now();
    });
    for (const name of all) {
      await stage.label(name);
      await pauseMs(EVERY_MS);
    }
    await Promise.all([stopped, taken]);
    await allComplete(stage, all);
    await standby.stop();
    return { waitedMs: all.map((name) => protectedAfterMs(stage, name)), leadsAfterMs: leadsMs - goneMs };
  });
}
