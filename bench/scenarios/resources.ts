import { MEBIBYTE_BYTES } from '../../test/support/measuring/number-text.ts';
import type { BenchCluster } from '../bench-cluster.ts';
import { INSPECTABLE, retainedHeapBytes } from '../heap.ts';
import { passDoneMs, pauseMs } from '../operator-pages.ts';
import { startEmpty, startOperator } from '../process.ts';
import { ProtectedClusters } from '../protected-clusters.ts';
import { isFullList, isWrite, requestCount, requestsSince } from '../requests.ts';
import { leading, type Scenario } from '../scenario.ts';

const SETTLE_MS = 5000;
const IDLE_MS = 300_000;
/** Enough that all code has run and is in memory, which is no matter of how many namespaces there are. */
const FEW = 100;

/** What the operator weighs. */
export const memory: Scenario = {
  name: 'memory',
  what: 'What stands in memory after a restart over 10,000 namespaces of 3 policies, against a process that imports the same and does nothing.',
  isLong: true,
  run: async ({ sized, estates, say }) => {
    say(`an empty process, and an operator with ${FEW} namespaces`);
    const empty = startEmpty();
    await empty.said('ready');
    await pauseMs(SETTLE_MS);
    const weight = await empty.consumption();
    await empty.stop();
    const fewBytes = await retainedWithFew();
    const { stage, namespaces } = await estates.of(sized(10_000));
    say(`operator: ${namespaces.length} namespaces in place`);
    const operator = startOperator(stage.kubeconfigPath);
    await passDoneMs(operator, namespaces.length);
    await pauseMs(SETTLE_MS);
    const { rssBytes, peakRssBytes } = await operator.consumption();
    await operator.stop();
    const manyBytes = await retainedBytes(stage, namespaces.length);
    const scenario = 'memory';
    return [
      {
        scenario,
        what: 'heap retained per namespace',
        unit: 'bytes',
        value: (manyBytes - fewBytes) / (namespaces.length - FEW),
        bar: { atMost: 1024 },
      },
      {
        scenario,
        what: `RSS at ${namespaces.length.toLocaleString('en-US')} namespaces`,
        unit: 'MiB',
        value: rssBytes / MEBIBYTE_BYTES,
        floor: weight.rssBytes / MEBIBYTE_BYTES,
        bar: { aboveFloorAtMost: 60 },
      },
      {
        scenario,
        what: 'RSS at its highest, at the start',
        unit: 'MiB',
        value: peakRssBytes / MEBIBYTE_BYTES,
        floor: weight.peakRssBytes / MEBIBYTE_BYTES,
        bar: { aboveFloorAtMost: 120 },
      },
    ];
  },
};

async function retainedWithFew(): Promise<number> {
  const estates = new ProtectedClusters();
  try {
    return await retainedBytes((await estates.of(FEW)).stage, FEW);
  } finally {
    await estates.end();
  }
}

/** What an operator holds on to after a restart over so many namespaces. */
async function retainedBytes(stage: BenchCluster, count: number): Promise<number> {
  const operator = startOperator(stage.kubeconfigPath, INSPECTABLE);
  await passDoneMs(operator, count);
  await pauseMs(SETTLE_MS);
  try {
    return await retainedHeapBytes(operator);
  } finally {
    await operator.stop();
  }
}

/** Nothing happens. */
export const idle: Scenario = {
  name: 'idle',
  what: 'Nothing happens in 10,000 namespaces for five minutes.',
  isLong: true,
  run: async ({ sized, estates, say }) => {
    const { stage, namespaces } = await estates.of(sized(10_000));
    const operator = await leading(stage);
    await passDoneMs(operator, namespaces.length);
    const empty = startEmpty();
    await empty.said('ready');
    await pauseMs(SETTLE_MS);
    const durationMs = Math.max(10_000, (IDLE_MS * namespaces.length) / 10_000);
    say(`nothing, for ${Math.round(durationMs / 1000)} s`);
    const before = {
      requests: await requestCount(stage),
      operator: await operator.consumption(),
      empty: await empty.consumption(),
    };
    await pauseMs(durationMs);
    const after = {
      requests: await requestsSince(stage, before.requests),
      operator: await operator.consumption(),
      empty: await empty.consumption(),
    };
    await operator.stop();
    await empty.stop();
    const millicores = (subject: 'operator' | 'empty'): number =>
      ((after[subject].cpuMs - before[subject].cpuMs) / durationMs) * 1000;
    const scenario = 'idle';
    return [
      {
        scenario,
        what: 'writes but the Lease',
        unit: 'requests',
        value: after.requests.filter(isWrite).length,
        bar: { atMost: 0 },
      },
      {
        scenario,
        what: 'full lists',
        unit: 'requests',
        value: after.requests.filter(isFullList).length,
        bar: { atMost: 0 },
      },
      {
        scenario,
        what: 'CPU',
        unit: 'millicores',
        value: millicores('operator'),
        floor: millicores('empty'),
        bar: { aboveFloorAtMost: 2 },
      },
    ];
  },
};
