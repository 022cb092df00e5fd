import { MEBIBYTE_BYTES } from '../../test/support/measuring/number-text.ts';
import { type BenchCluster, startBenchCluster } from '../bench-cluster.ts';
import type { Figure } from '../figure.ts';
import { passDoneMs, readyMs } from '../operator-pages.ts';
import { startFloor, startOperator } from '../process.ts';
import { isWrite, requestCount, requestsSince } from '../requests.ts';
import { allComplete, names, onBenchCluster, type Scenario, type Surroundings, trickling } from '../scenario.ts';
import { completeMs } from '../sightings.ts';

/** The operator comes to many namespaces that were labelled before it was there. */
export function coldStart(count: number): Scenario {
  return {
    name: `cold-${count}`,
    what: 'Labelled namespaces, nothing in place: from the start of the process to the last policy.',
    isLong: count > 1000,
    run: async ({ sized, estates, say }) => {
      const all = names('cold', sized(count));
      say(`floor: ${all.length} namespaces from nothing`);
      const floorMs = await onBenchCluster(async (stage) => {
        await stage.namespaces(all, true);
        const floor = startFloor('write', stage.kubeconfigPath);
        await allComplete(stage, all);
        const tookMs = lastMs(stage, all) - floor.startedMs;
        await floor.stop();
        return tookMs;
      });
      say(`operator: ${all.length} namespaces from nothing`);
      const stage = await startBenchCluster();
      await stage.namespaces(all, true);
      const operator = startOperator(stage.kubeconfigPath);
      await allComplete(stage, all);
      const tookMs = lastMs(stage, all) - operator.startedMs;
      await passDoneMs(operator, all.length);
      const { peakRssBytes } = await operator.consumption();
      await operator.stop();
      await estates.keep({ stage, namespaces: all });
      const scenario = 'cold start';
      return [
        {
          scenario,
          what: `${text(all.length)} namespaces`,
          unit: 'ms',
          value: tookMs,
          floor: floorMs,
          bar: { ratioAtMost: 1.25 },
        },
        {
          scenario,
          what: `${text(all.length)} namespaces, most memory`,
          unit: 'MiB',
          value: peakRssBytes / MEBIBYTE_BYTES,
        },
      ];
    },
  };
}

/** The operator comes back to where everything is in place. */
export function restart(count: number): Scenario {
  return {
    name: `restart-${count}`,
    what: 'Everything in place: from the start of the process to synced and Ready, and what the pass after it costs.',
    isLong: count > 1000,
    run: async ({ sized, estates, say }) => {
      const { stage, namespaces } = await estates.of(sized(count));
      const size = namespaces.length;
      say(`floor: a list of ${size} namespaces and all that is in them`);
      const floor = startFloor('list', stage.kubeconfigPath);
      await floor.said('ready');
      const listedMs = performance.now() - floor.startedMs;
      await floor.stop();
      say(`operator: restart over ${size} namespaces`);
      const before = await requestCount(stage);
      const operator = startOperator(stage.kubeconfigPath);
      const syncedMs = (await readyMs(operator)) - operator.startedMs;
      const passMs = (await passDoneMs(operator, size)) - operator.startedMs;
      await operator.stop();
      const writes = (await requestsSince(stage, before))
        .filter(isWrite)
        .filter(({ resource }) => !resource.startsWith('baselinepolicies'));
      const scenario = 'restart';
      return [
        {
          scenario,
          what: `${text(size)} namespaces, synced and Ready`,
          unit: 'ms',
          value: syncedMs,
          floor: listedMs,
          bar: count === 1000 ? { ratioAtMost: 1.5, atMost: 500 } : { ratioAtMost: 1.5 },
        },
        { scenario, what: `${text(size)} namespaces, every one looked at`, unit: 'ms', value: passMs, floor: listedMs },
        {
          scenario,
          what: `${text(size)} namespaces, writes`,
          unit: 'requests',
          value: writes.length,
          bar: { atMost: 0 },
        },
      ];
    },
  };
}

/** The policy changes for everybody, and a few namespaces are labelled while it is rolled out. */
export function edit(count: number): Scenario {
  return {
    name: `edit-${count}`,
    what: 'A policy edit that changes one part everywhere: from the edit to the last policy written anew, and how long a namespace waits that is labelled meanwhile.',
    isLong: count > 1000,
    run: async (surroundings) => {
      const { stage, namespaces } = await surroundings.estates.of(surroundings.sized(count));
      try {
        return await editFigures(stage, namespaces, surroundings);
      } finally {
        await surroundings.estates.end();
      }
    },
  };
}

async function editFigures(
  stage: BenchCluster,
  namespaces: readonly string[],
  { say }: Surroundings,
): Promise<readonly Figure[]> {
  const fresh = names('fresh', 10);
  await stage.namespaces(fresh, false);
  say(`floor: an edit that reaches ${namespaces.length} namespaces`);
  const floor = startFloor('edit', stage.kubeconfigPath);
  await floor.said('ready');
  const floorMs = await editedMs(stage, namespaces, { port: 9100 });
  await floor.stop();

  say('operator: takes over');
  const operator = startOperator(stage.kubeconfigPath);
  await operator.said('"msg":"leads"');
  await passDoneMs(operator, namespaces.length);
  say(`operator: an edit that reaches ${namespaces.length} namespaces`);
  const [tookMs] = await Promise.all([editedMs(stage, namespaces, { port: 9200 }), trickling(fresh, 100, stage.label)]);
  await allComplete(stage, fresh);
  await operator.stop();
  const waitedMs = fresh.map(
    (name) =>
      (completeMs(stage.sightings.of(name)) ?? Number.NaN) - (stage.sightings.of(name).labelledMs ?? Number.NaN),
  );
  return [
    {
      scenario: 'policy edit',
      what: `${text(namespaces.length)} namespaces`,
      unit: 'ms',
      value: tookMs,
      floor: floorMs,
      bar: { ratioAtMost: 1.25 },
    },
    {
      scenario: 'policy edit',
      what: `${text(namespaces.length)} namespaces, one labelled meanwhile, p99`,
      unit: 'ms',
      value: Math.max(...waitedMs),
      bar: { atMost: 500 },
    },
  ];
}

/** Edits the port of monitoring, and resolves with the time until the last namespace has it. */
async function editedMs(
  stage: BenchCluster,
  namespaces: readonly string[],
  { port }: { readonly port: number },
): Promise<number> {
  const isEdited = (namespace: string): boolean =>
    stage.sightings.of(namespace).policies.get('standard.allow-monitoring')?.at(-1)?.form.includes(`"port":${port}`) ===
    true;
  const startMs = performance.now();
  await stage.edit({ allow: { monitoring: { ports: [{ protocol: 'TCP', port }] } } });
  const open = new Set(namespaces);
  await stage.sightings.until(() => {
    for (const name of open) {
      if (!isEdited(name)) {
        return false;
      }
      open.delete(name);
    }
    return true;
  }, 900_000);
  return performance.now() - startMs;
}

function lastMs(stage: BenchCluster, all: readonly string[]): number {
  return all.reduce((latest, name) => Math.max(latest, completeMs(stage.sightings.of(name)) ?? Number.NaN), 0);
}

function text(count: number): string {
  return count.toLocaleString('en-US');
}
