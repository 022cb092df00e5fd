import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../../src/api/names.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { percentile } from '../../test/support/measuring/statistics.ts';
import { type BenchCluster, inParallel, valueOf } from '../bench-cluster.ts';
import type { Figure } from '../figure.ts';
import { pauseMs } from '../operator-pages.ts';
import {
  allComplete,
  leading,
  names,
  onBenchCluster,
  protectedAfterMs,
  type Scenario,
  trickling,
} from '../scenario.ts';

/** The namespace of the tenant who attacks. */
const HOSTILE = 'hostile';
const EVERY_MS = 200;
const FRESH_COUNT = 60;
const STANDING_COUNT = 3000;
/** So many objects are made in each step of the stream: 120 in a second. */
const STREAM_STEP = 12;
const STREAM_STEP_MS = 100;
const WARM_UP = names('warm', 30);
const AFTER_WARM_UP_MS = 1000;

/** A tenant makes objects that look like those of a former policy, and that the operator has to remove. */
export const hostile: Scenario = {
  name: 'hostile',
  what: `A tenant fills his namespace with NetworkPolicies that carry our marks and that the operator has to remove: ${STANDING_COUNT} that stand when the namespace is labelled, and then ${(STREAM_STEP * 1000) / STREAM_STEP_MS} a second. Meanwhile another namespace is labelled every ${EVERY_MS} ms: from its label to its last policy, against the same before the attack.`,
  run: ({ sized, say }) =>
    onBenchCluster(async (stage) => {
      const [calm, beside, during] = [
        names('calm', FRESH_COUNT),
        names('beside', FRESH_COUNT),
        names('during', FRESH_COUNT),
      ];
      const standing = names('standard.g', sized(STANDING_COUNT));
      await stage.namespaces([...WARM_UP, ...calm, ...beside, ...during, HOSTILE], false);
      const operator = await leading(stage);
      await trickling(WARM_UP, EVERY_MS / 4, stage.label);
      await allComplete(stage, WARM_UP);
      await pauseMs(AFTER_WARM_UP_MS);
      const undisturbedMs = await freshMs(stage, calm);
      say(`${standing.length} hostile objects stand, and their namespace is labelled`);
      await inParallel(standing, (name) => attack(stage, name));
      await stage.label(HOSTILE);
      const besideMs = await freshMs(stage, beside);
      say('hostile objects are made all the time');
      const duringMs = await streaming(stage, () => freshMs(stage, during));
      await operator.stop();
      return [
        ...figures(`beside ${standing.length.toLocaleString('en-US')} objects`, besideMs, undisturbedMs),
        ...figures(`beside ${(STREAM_STEP * 1000) / STREAM_STEP_MS} objects a second`, duringMs, undisturbedMs),
      ];
    }),
};

function figures(what: string, tookMs: readonly number[], undisturbedMs: readonly number[]): readonly Figure[] {
  const figure = (percent: number, bar: Figure['bar'] & {}): Figure => ({
    scenario: 'hostile',
    what: `${what}, label to last policy, p${percent}`,
    unit: 'ms',
    value: percentile(tookMs, percent),
    floor: percentile(undisturbedMs, percent),
    bar,
  });
  return [figure(50, { ratioAtMost: 3 }), figure(99, { atMost: 1000 })];
}

/** Labels namespaces one by one, and tells how long each waited for its set. */
async function freshMs(stage: BenchCluster, all: readonly string[]): Promise<readonly number[]> {
  await trickling(all, EVERY_MS, stage.label);
  await allComplete(stage, all);
  return all.map((name) => protectedAfterMs(stage, name));
}

/** Makes hostile objects at a fixed rate until `act` is done. */
async function streaming<Value>(stage: BenchCluster, act: () => Promise<Value>): Promise<Value> {
  const ended = new AbortController();
  const stream = (async (): Promise<void> => {
    for (let made = 0; !ended.signal.aborted; made += STREAM_STEP) {
      await trickling(names(`standard.s${made}`, STREAM_STEP), STREAM_STEP_MS / STREAM_STEP, (name) =>
        attack(stage, name),
      );
    }
  })();
  try {
    return await act();
  } finally {
    ended.abort();
    await stream;
  }
}

/** Puts up an object with our label and the uid of a policy that is gone. */
async function attack(stage: BenchCluster, name: string): Promise<void> {
  valueOf(
    await stage.admin.create(NETWORK_POLICIES, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: name,
        namespace: HOSTILE,
        labels: { [LABELS.managedBy]: FIELD_MANAGER },
        annotations: { [ANNOTATIONS.policyUid]: 'gone' },
      },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    }),
  );
}
