import { percentile } from '../../test/support/measuring/statistics.ts';
import { type BenchCluster, inParallel } from '../bench-cluster.ts';
import type { Figure } from '../figure.ts';
import { pauseMs } from '../operator-pages.ts';
import {
  allComplete,
  names,
  onBenchCluster,
  protectedAfterMs,
  ready,
  type Scenario,
  type Subject,
  trickling,
} from '../scenario.ts';
import { completeMs } from '../sightings.ts';

const TRICKLE_MS = 200;
const MEANWHILE_MS = 100;
/** Labelled first, and not counted: connections are opened and code is compiled. */
const WARM_UP = names('warm', 30);
const AFTER_WARM_UP_MS = 1000;

/** Namespaces are labelled one after the other. */
export const trickle: Scenario = {
  name: 'trickle',
  what: `A namespace is labelled every ${TRICKLE_MS} ms: from the label to its last policy, each as an independent watch saw it.`,
  run: async ({ sized, say }) => {
    const count = sized(200);
    const play = (subject: Subject): Promise<readonly number[]> =>
      onBenchCluster(async (stage) => {
        say(`${subject}: ${count} namespaces, one by one`);
        const all = names('trickle', count);
        await stage.namespaces([...all, ...WARM_UP], false);
        const measured = await ready(subject, stage);
        await trickling(WARM_UP, MEANWHILE_MS / 2, stage.label);
        await allComplete(stage, WARM_UP);
        await pauseMs(AFTER_WARM_UP_MS);
        await trickling(all, TRICKLE_MS, stage.label);
        await allComplete(stage, all);
        await measured.stop();
        return all.map((name) => protectedAfterMs(stage, name));
      });
    const [floorMs, tookMs] = [await play('floor'), await play('operator')];
    const figure = (percent: number, bar: Figure['bar'] = {}): Figure => ({
      scenario: 'trickle',
      what: `label to last policy, p${percent}`,
      unit: 'ms',
      value: percentile(tookMs, percent),
      floor: percentile(floorMs, percent),
      bar,
    });
    return [figure(50, { atMost: 6, ratioAtMost: 1.3 }), figure(99, { atMost: 13 })];
  },
};

/** Many namespaces are labelled at once, and a few more among them and while they are being worked on. */
export const burst: Scenario = {
  name: 'burst',
  what: 'Namespaces are labelled at once: from the first label to the last policy, and how long one waits that is labelled among them, or as soon as all of them are.',
  run: async ({ sized, say }) => {
    const count = sized(1000);
    const play = (
      subject: Subject,
    ): Promise<{ readonly totalMs: number; readonly amongMs: number; readonly meanwhileMs: number }> =>
      onBenchCluster(async (stage) => {
        say(`${subject}: ${count} namespaces at once`);
        const all = names('burst', count);
        const [among, meanwhile] = [names('among', 10), names('meanwhile', 10)];
        await stage.namespaces([...all, ...among, ...meanwhile, ...WARM_UP], false);
        const measured = await ready(subject, stage);
        await trickling(WARM_UP, MEANWHILE_MS / 2, stage.label);
        await allComplete(stage, WARM_UP);
        await pauseMs(AFTER_WARM_UP_MS);
        await Promise.all([inParallel(all, stage.label), trickling(among, MEANWHILE_MS, stage.label)]);
        await trickling(meanwhile, MEANWHILE_MS, stage.label);
        await allComplete(stage, [...all, ...among, ...meanwhile]);
        await measured.stop();
        const longestOf = (few: readonly string[]): number =>
          percentile(
            few.map((name) => protectedAfterMs(stage, name)),
            99,
          );
        return { totalMs: spanMs(stage, all), amongMs: longestOf(among), meanwhileMs: longestOf(meanwhile) };
      });
    const [floor, took] = [await play('floor'), await play('operator')];
    return [
      {
        scenario: 'burst',
        what: `${count.toLocaleString('en-US')} namespaces, all of it`,
        unit: 'ms',
        value: took.totalMs,
        floor: floor.totalMs,
        bar: { ratioAtMost: 1.25 },
      },
      {
        scenario: 'burst',
        what: 'one labelled among them, p99',
        unit: 'ms',
        value: took.amongMs,
        floor: floor.amongMs,
      },
      {
        scenario: 'burst',
        what: 'one labelled meanwhile, p99',
        unit: 'ms',
        value: took.meanwhileMs,
        floor: floor.meanwhileMs,
        bar: { atMost: 500 },
      },
    ];
  },
};

function spanMs(stage: BenchCluster, all: readonly string[]): number {
  const labelledMs = all.map((name) => stage.sightings.of(name).labelledMs ?? Number.NaN);
  const doneMs = all.map((name) => completeMs(stage.sightings.of(name)) ?? Number.NaN);
  return Math.max(...doneMs) - Math.min(...labelledMs);
}
