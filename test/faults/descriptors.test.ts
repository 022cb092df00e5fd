import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { OPTED_IN } from '../support/actors/actors.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import { startOperator } from '../support/operators/operator-process.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();

/** The lowest number that a new file descriptor of a process would get if it had no connection. */
function lowestFree(processId: number): number {
  const folder = `/proc/${processId}/fd`;
  const taken = new Set(
    readdirSync(folder)
      .filter((entry) => !readlinkSync(join(folder, entry)).startsWith('socket:'))
      .map(Number),
  );
  let lowest = 0;
  while (taken.has(lowest)) {
    lowest += 1;
  }
  return lowest;
}

/** Sets how many file descriptors a process may have (https://man7.org/linux/man-pages/man1/prlimit.1.html), and leaves the hard limit, up to which it can be raised again. */
function allowDescriptors(processId: number, count: number | string): void {
  execFileSync('prlimit', ['--pid', String(processId), `--nofile=${count}:`]);
}

describe.runIf(process.platform === 'linux')('F39 no more file descriptors', () => {
  test('F39 a process that can open no connection any more lives, tries with pauses, and makes everything good once it can', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nsbaseline-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const kubeconfigPath = join(folder, 'kubeconfig');
    const cluster = { name: 'fake', cluster: { server: stage.scene.server.url } };
    writeFileSync(
      kubeconfigPath,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [cluster],
        users: [{ name: 'nobody', user: {} }],
        contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'nobody' } }],
        'current-context': 'fake',
      }),
    );
    stage.actor.declare('standard', {});
    for (const name of ['team-a', 'team-b']) {
      stage.actor.createNamespace(name, OPTED_IN);
    }
    const operator = startOperator({ kubeconfigPath, arguments: ['--leader-elect', 'false'] });
    onTestFinished(async () => {
      await operator.stop('SIGKILL');
    });
    await expect.poll(() => stage.problems(), { timeout: EVENTUALLY_MS }).toEqual([]);

    const restarts = (): readonly string[] =>
      operator.log.filter(({ msg }) => msg === 'watch is restarted').map(({ detail }) => String(detail));
    const lowest = lowestFree(operator.processId);
    allowDescriptors(operator.processId, lowest);
    stage.scene.server.breakConnections();
    stage.actor.remove(NETWORK_POLICIES, { namespace: 'team-a', name: 'standard.default-deny' });
    stage.actor.createNamespace('team-c', OPTED_IN);
    await expect.poll(restarts, { timeout: EVENTUALLY_MS }).toContainEqual(expect.stringContaining('EMFILE'));
    expect(stage.problems()).not.toEqual([]);
    expect(restarts().length).toBeLessThan(100);
    allowDescriptors(operator.processId, 1_000);
    await expect.poll(() => stage.problems(), { timeout: EVENTUALLY_MS }).toEqual([]);
    expect(await operator.stop()).toBe(0);
  });
});
