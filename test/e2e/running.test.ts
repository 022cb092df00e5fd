import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  clear,
  datagrams,
  declare,
  expectAnswers,
  expectProtected,
  label,
  namespaces,
  outcomes,
  type Run,
  resolverAddress,
  startPods,
  threefoldDns,
  unansweredTimes,
  watched,
} from './e2e-cluster.ts';
import { noteFigures } from './figures.ts';

const TEAM = 'running-team';
const OTHERS = 'running-others';
const asker = { namespace: TEAM, name: 'asker' };
const neighbour = { namespace: OTHERS, name: 'neighbour' };
const inside = { server: '' };

beforeAll(async () => {
  await namespaces([TEAM], [OTHERS]);
  const resolver = await resolverAddress();
  const [outside = '', server = ''] = await startPods(
    { namespace: OTHERS, name: 'outside', args: ['serve', 'tcp:8080'] },
    { namespace: TEAM, name: 'server', args: ['serve', 'tcp:8080'] },
  );
  inside.server = server;
  await startPods(
    {
      ...asker,
      args: ['watch', `out=tcp@${outside}:8080`, ...threefoldDns(resolver), `dns-tcp=dns-tcp@${resolver}:53`],
    },
    { ...neighbour, args: ['watch', `in=tcp@${server}:8080`] },
  );
  await declare('running');
  await declare('running-half', { isolate: ['Ingress'] });
});

afterAll(() => clear({ policies: ['running', 'running-half'], namespaces: [TEAM, OTHERS] }));

describe('pods that never stop asking', () => {
  test('lose no DNS answer while their namespace opts in and out, and everything else in one step each', async () => {
    const rounds: { readonly optInMs: number; readonly labelledMs: number }[] = [];
    const firstMs = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const optInMs = Date.now();
      await label(TEAM, { set: 'running' });
      const labelledMs = Date.now();
      await expectProtected(TEAM);
      await expect
        .poll(async () => lastRun(await watched(asker, optInMs), 'out')?.answered, { timeout: 60_000 })
        .toBe(false);
      const optOutMs = Date.now();
      await label(TEAM, { set: null });
      await expect
        .poll(async () => lastRun(await watched(asker, optOutMs), 'out')?.answered, { timeout: 60_000 })
        .toBe(true);
      rounds.push({ optInMs, labelledMs });
    }
    const seen = await watched(asker, firstMs);
    expect(unansweredTimes(seen)).toEqual([]);
    expect(outcomes(seen, 'dns-tcp')).toEqual([true]);
    // Open, then closed, then open, and so on: nothing flickers.
    expect(outcomes(seen, 'out')).toEqual([true, false, true, false, true, false, true]);
    await noteFigures('opting-in', {
      ...figuresOf(rounds, seen),
      dnsQuestionsByUdp: datagrams(seen).asked,
      datagramsLost: datagrams(seen).lost,
    });
  });

  test('are let out, and nobody in, by a policy that isolates ingress only', async () => {
    await label(TEAM, { set: 'running-half' });
    await expectProtected(TEAM);
    await expectAnswers(neighbour, { [`tcp@${inside.server}:8080`]: 'silent' });
    const sinceMs = Date.now();
    await expect
      .poll(async () => lastRun(await watched(neighbour, sinceMs), 'in')?.answered, { timeout: 60_000 })
      .toBe(false);
    const seen = await watched(asker, sinceMs);
    for (const target of ['out', 'dns-tcp']) {
      expect(outcomes(seen, target), target).toEqual([true]);
    }
    expect(unansweredTimes(seen)).toEqual([]);
  });
});

function lastRun(seen: Readonly<Record<string, readonly Run[]>>, target: string): Run | undefined {
  return seen[target]?.at(-1);
}

/** The median of the rounds, from when `kubectl label` was started, and from when it had ended. */
function figuresOf(
  rounds: readonly { readonly optInMs: number; readonly labelledMs: number }[],
  seen: Readonly<Record<string, readonly Run[]>>,
): Readonly<Record<string, number>> {
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const refusals = (seen.out ?? []).filter(({ answered }) => !answered).map(({ fromMs }) => fromMs);
  // No answer was missed, and questions are 25 ms apart. When the way was free again cannot be told so: a connection that was
  // refused is tried again by the kernel, a second later.
  const interval = 25;
  return {
    labelToFirstRefusedMs: median(rounds.map(({ optInMs }, index) => (refusals[index] ?? Number.NaN) - optInMs)),
    labelledToFirstRefusedMs: median(
      rounds.map(({ labelledMs }, index) => (refusals[index] ?? Number.NaN) - labelledMs),
    ),
    labelToFirstDnsAnswerUnderTheSetMs:
      median(rounds.map(({ optInMs }, index) => (refusals[index] ?? Number.NaN) - optInMs)) + interval,
    rounds: rounds.length,
  };
}
