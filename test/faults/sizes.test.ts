import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { compressingServer } from './compressing-server.ts';
import { proxiedCluster } from './proxied-cluster.ts';

const scene = proxiedCluster();
const MINUTE_MS = 60_000;
const TEAMS = 12;
const BIG = 'x'.repeat(1_500_000);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds on to, in bytes. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('F15 answers of another size than expected', () => {
  test('F15 1.5 MB of annotations on namespaces and policies, ours among them: all is as declared, and nothing of them is kept', async () => {
    const { actor: hands } = scene.stage;
    const { cluster } = scene.stage.scene.server;
    await scene.settled({ teams: TEAMS });
    const before = heldBytes();
    const annotate = (value: string | undefined): void => {
      for (let team = 0; team < TEAMS; team += 1) {
        const namespace = `team-${team}`;
        hands.annotate(NAMESPACES, { name: namespace }, { annotation: 'big', value });
        for (const name of ['own', 'standard.default-deny']) {
          hands.annotate(NETWORK_POLICIES, { namespace, name }, { annotation: 'big', value });
        }
      }
    };
    annotate(BIG);
    await scene.pass(5_000);
    // Only a list can tell of this, and one page of these is more than an answer may have.
    cluster.dropWatches();
    for (let team = 0; team < TEAMS; team += 1) {
      hands.tamper({ namespace: `team-${team}`, name: 'standard.default-deny' });
    }
    cluster.compactHistory();
    await scene.pass(20_000);
    expect(scene.stage.problems()).toEqual([]);
    expect(
      hands.read(NETWORK_POLICIES, { namespace: 'team-3', name: 'standard.default-deny' })?.metadata.annotations?.big,
    ).toBe(BIG);
    // The server lets go of them while the operator does not see it: what is left is what the operator keeps.
    scene.proxy.refuse();
    scene.proxy.cut();
    annotate(undefined);
    cluster.compactHistory();
    await scene.pass(1_000);
    expect(heldBytes() - before).toBeLessThan(10_000_000);
  });

  test.each(['polite', 'rude'] as const)(
    'F15 somebody on the way who compresses answers and is %s about it',
    async (manner) => {
      await scene.settled();
      const port = Number(new URL(scene.stage.scene.server.url).port);
      const between = await compressingServer(port, manner);
      onTestFinished(() => {
        between.close();
      });
      scene.proxy.leadTo([between.port]);
      scene.proxy.cut();
      scene.disturb();
      const before = scene.attempts();
      await scene.pass(5 * MINUTE_MS, 2_000);
      expect(scene.attempts() - before).toBeLessThan(300);
      // What was asked for as it is and comes otherwise is not read; nothing is done on the word of it.
      expect(scene.stage.problems().length > 0).toBe(manner === 'rude');
      expect(scene.stage.removals).toEqual([]);
      scene.proxy.leadTo([port]);
      scene.proxy.cut();
      await scene.recovered();
    },
  );
});
