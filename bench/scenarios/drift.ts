import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { percentile } from '../../test/support/measuring/statistics.ts';
import { type BenchCluster, valueOf } from '../bench-cluster.ts';
import { startFloor } from '../process.ts';
import {
  allComplete,
  DEADLINE_MS,
  leading,
  names,
  onBenchCluster,
  type Scenario,
  type Subject,
  trickling,
} from '../scenario.ts';

const EVERY_MS = 200;

/** How a managed policy is tampered with; the object as it then is, or undefined where it is deleted. */
const TAMPERINGS: readonly {
  readonly part: string;
  readonly changed: (object: KubeObject) => KubeObject | undefined;
}[] = [
  { part: 'standard.allow-dns', changed: () => undefined },
  {
    part: 'standard.allow-monitoring',
    changed: (object) => ({ ...object, spec: { podSelector: {}, policyTypes: ['Ingress'] } }),
  },
  {
    part: 'standard.default-deny',
    changed: (object) => ({ ...object, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}] } }),
  },
  { part: 'standard.default-deny', changed: (object) => ({ ...object, metadata: { ...object.metadata, labels: {} } }) },
];

/** Somebody tampers with what is in place. */
export const drift: Scenario = {
  name: 'drift',
  what: `Policies deleted, narrowed, widened and relabelled, one every ${EVERY_MS} ms, each in another namespace: from the damage to the repair, each as an independent watch saw it.`,
  run: async ({ sized, say }) => {
    const count = sized(100);
    const [floor, operator] = [await play('floor', count, say), await play('operator', count, say)];
    const scenario = 'drift';
    return [
      {
        scenario,
        what: 'damage to repair, p50',
        unit: 'ms',
        value: percentile(operator, 50),
        floor: percentile(floor, 50),
        bar: { atMost: 3 },
      },
      {
        scenario,
        what: 'damage to repair, p99',
        unit: 'ms',
        value: percentile(operator, 99),
        floor: percentile(floor, 99),
        bar: { atMost: 8 },
      },
      {
        scenario,
        what: `not repaired, of ${count}`,
        unit: 'objects',
        value: count - operator.length,
        floor: count - floor.length,
        bar: { atMost: 0 },
      },
    ];
  },
};

function play(subject: Subject, count: number, say: (text: string) => void): Promise<readonly number[]> {
  return onBenchCluster(async (stage) => {
    say(`${subject}: ${count} policies tampered with`);
    const all = names('drift', count);
    const warm = names('warm', 20);
    await stage.namespaces([...all, ...warm], true);
    const operator = await leading(stage);
    await allComplete(stage, [...all, ...warm]);
    if (subject === 'floor') {
      await operator.stop();
    }
    const measured = subject === 'operator' ? operator : startFloor('mend', stage.kubeconfigPath);
    if (subject === 'floor') {
      await measured.said('ready');
    }
    await trickling(warm, EVERY_MS / 4, (name) => tamper(stage, name, all.length + warm.indexOf(name)));
    await trickling(all, EVERY_MS, (name) => tamper(stage, name, all.indexOf(name)));
    await stage.sightings
      .until(() => all.every((name, index) => repairedAfterMs(stage, name, index) !== undefined), DEADLINE_MS / 30)
      .catch(() => undefined);
    await measured.stop();
    return all.map((name, index) => repairedAfterMs(stage, name, index)).filter((tookMs) => tookMs !== undefined);
  });
}

function tamperingOf(index: number): (typeof TAMPERINGS)[number] {
  const tampering = TAMPERINGS[index % TAMPERINGS.length];
  if (tampering === undefined) {
    throw new Error('there is no tampering');
  }
  return tampering;
}

async function tamper(stage: BenchCluster, namespace: string, index: number): Promise<void> {
  const { part, changed } = tamperingOf(index);
  const reference = { type: NETWORK_POLICIES, namespace, name: part };
  const object = changed(valueOf(await stage.admin.get(reference)));
  if (object === undefined) {
    valueOf(await stage.admin.remove(reference));
  } else {
    valueOf(await stage.admin.replace(NETWORK_POLICIES, object));
  }
}

/** From the first version that is not as it was to the next one that is; undefined while there is none. */
function repairedAfterMs(stage: BenchCluster, namespace: string, index: number): number | undefined {
  const versions = stage.sightings.of(namespace).policies.get(tamperingOf(index).part) ?? [];
  const original = versions[0]?.form;
  const damaged = versions.findIndex(({ form }) => form !== original);
  const repaired = versions.find(({ form }, at) => at > damaged && form === original);
  return damaged === -1 || repaired === undefined ? undefined : repaired.atMs - (versions[damaged]?.atMs ?? Number.NaN);
}
