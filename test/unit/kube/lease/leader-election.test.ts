import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { failure } from '../../../../src/base/result.ts';
import {
  type ElectionEvent,
  LeaderElection,
  newerVersion,
  type Term,
} from '../../../../src/kube/lease/leader-election.ts';
import { LeaseServer } from '../../../fixtures/lease-server.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const ANNOTATION = 'nsbaseline.io/version';

interface Candidate {
  readonly news: readonly ElectionEvent['kind'][];
  readonly terms: readonly Term[];
  isLeading(): boolean;
  isCutOff: boolean;
  /** Ends as by SIGTERM; resolves once the lease is given back. */
  stop(): Promise<void>;
}

interface Settings {
  readonly clock: Clock;
  readonly version?: string;
  readonly isDeaf?: boolean;
  /** The namespace of the Lease is not there. */
  readonly isNowhere?: boolean;
}

const stops: (() => Promise<void>)[] = [];

function candidate(
  server: LeaseServer,
  identity: string,
  { clock, version = '1.0.0', isDeaf = false, isNowhere = false }: Settings,
): Candidate {
  const stop = new AbortController();
  const news: ElectionEvent['kind'][] = [];
  const terms: Term[] = [];
  const state = { isCutOff: false, isLeading: false };
  const election = new LeaderElection({
    kube: {
      ...server.client(() => state.isCutOff, isDeaf),
      ...(isNowhere
        ? {
            create: () =>
              Promise.resolve(failure({ kind: 'notFound', message: 'namespaces "nsbaseline-system" not found' })),
          }
        : {}),
    },
    clock,
    random: () => 0.5,
    identity,
    version,
    versionAnnotation: ANNOTATION,
    lease: { namespace: 'nsbaseline-system', name: 'nsbaseline' },
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    onEvent: ({ kind }) => void news.push(kind),
  });
  const lead = async (term: Term): Promise<void> => {
    terms.push(term);
    state.isLeading = true;
    await new Promise<void>((resolve) => {
      AbortSignal.any([stop.signal, term.lost]).addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
    state.isLeading = false;
  };
  const running = election.run(stop.signal, lead);
  const ended = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  stops.push(ended);
  return {
    news,
    terms,
    isLeading: () => state.isLeading,
    get isCutOff() {
      return state.isCutOff;
    },
    set isCutOff(value) {
      state.isCutOff = value;
    },
    stop: ended,
  };
}

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A first candidate that leads and a second that stands by. */
async function pair(
  settings: Partial<Record<'first' | 'second', Partial<Settings>>> = {},
): Promise<{ clock: ManualClock; server: LeaseServer; first: Candidate; second: Candidate }> {
  const clock = new ManualClock();
  const server = new LeaseServer();
  const first = candidate(server, 'first', { clock, ...settings.first });
  await clock.advance(10);
  const second = candidate(server, 'second', { clock, ...settings.second });
  await clock.advance(10);
  expect([first.isLeading(), second.isLeading()]).toEqual([true, false]);
  return { clock, server, first, second };
}

describe('R15 only the holder of the lease leads', () => {
  test('R15 one leads for as long as it renews, and the other stands by', async () => {
    const { clock, server, first, second } = await pair();
    await clock.advance(120_000);
    expect([first.isLeading(), second.isLeading()]).toEqual([true, false]);
    expect(server.holders).toEqual(['first']);
    expect(second.news).toEqual(['standby']);
  });

  test('R15 a graceful end gives the lease back, and the other takes it at once because it watches', async () => {
    const { clock, server, first, second } = await pair();
    await clock.advance(5_000);
    const before = clock.nowMs();
    await first.stop();
    await clock.advance(1);
    expect(second.isLeading()).toBe(true);
    expect(clock.nowMs() - before).toBe(1);
    expect(server.holders).toEqual(['first', '', 'second']);
    expect(server.lease?.spec).toMatchObject({ leaseTransitions: 1, leaseDurationSeconds: 15 });
  });

  test('R15 without a watch the lease that was given back is found by asking', async () => {
    const { clock, first, second } = await pair({ second: { isDeaf: true } });
    await first.stop();
    await clock.advance(2_000 * (1 + 1.2));
    expect(second.isLeading()).toBe(true);
  });

  test('R15 the lease of a vanished leader is free after its whole duration, and not sooner', async () => {
    const { clock, first, second } = await pair();
    await clock.advance(2_500);
    first.isCutOff = true;
    await clock.advance(14_000);
    expect(second.isLeading()).toBe(false);
    await clock.advance(1_600);
    expect(second.isLeading()).toBe(true);
  });

  test('R15 a leader that cannot renew stops before another replica can lead', async () => {
    const { clock, first, second } = await pair();
    first.isCutOff = true;
    const bothLed: number[] = [];
    for (let elapsedMs = 0; elapsedMs < 40_000; elapsedMs += 100) {
      await clock.advance(100);
      if (first.isLeading() && second.isLeading()) {
        bothLed.push(elapsedMs);
      }
    }
    expect(bothLed).toEqual([]);
    expect(first.news).toContain('lost');
    expect(second.isLeading()).toBe(true);
  });

  test('R15 where the namespace of the Lease is not there, nobody leads, and that is told', async () => {
    const clock = new ManualClock();
    const lost = candidate(new LeaseServer(), 'a', { clock, isNowhere: true });
    await clock.advance(3_000);
    expect(lost.isLeading()).toBe(false);
    expect(lost.news).toContain('failed');
  });

  test('R15 after a renewal that failed, the next may still succeed', async () => {
    const { clock, first, server } = await pair();
    first.isCutOff = true;
    await clock.advance(7_000);
    first.isCutOff = false;
    await clock.advance(30_000);
    expect(first.isLeading()).toBe(true);
    expect(server.holders).toEqual(['first']);
  });

  test('R15 F33 nobody goes by the wall clock: one that is an hour off takes nothing', async () => {
    const clock = new ManualClock();
    const server = new LeaseServer();
    const first = candidate(server, 'first', { clock });
    await clock.advance(10);
    const ahead: Clock = {
      nowMs: () => clock.nowMs(),
      wallTime: () => new Date(clock.wallTime().getTime() + 3_600_000),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    };
    const second = candidate(server, 'second', { clock: ahead });
    await clock.advance(60_000);
    expect([first.isLeading(), second.isLeading()]).toEqual([true, false]);
  });

  test('R15 F32 a leader that stood still past the deadline may send nothing, before any timer has told it', async () => {
    const { clock, first } = await pair();
    await clock.advance(2_500);
    const nowMs = clock.nowMs();
    const [term] = first.terms;
    expect(term?.remainingMs()).toBeGreaterThan(5_000);
    // Time goes on, and nothing of ours has run yet.
    clock.nowMs = () => nowMs + 10_000;
    expect(term?.lost.aborted).toBe(false);
    expect(term?.remainingMs()).toBe(0);
  });

  test('R15 what is sent may go on no longer than the lease is sure to be ours', async () => {
    const { clock, first } = await pair();
    const [term] = first.terms;
    first.isCutOff = true;
    await clock.advance(9_000);
    const remainingMs = term?.remainingMs() ?? 0;
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(6_000);
  });

  test('R15 a deleted Lease stays its holder’s for as long as it would have lasted', async () => {
    const { clock, server, first, second } = await pair();
    await clock.advance(5_000);
    server.remove();
    first.isCutOff = true;
    await clock.advance(10_000);
    expect(second.isLeading()).toBe(false);
    await clock.advance(6_000);
    expect(second.isLeading()).toBe(true);
  });

  test('R15 a Lease that somebody deletes is written again by its holder', async () => {
    const { clock, server, first, second } = await pair();
    server.remove();
    await clock.advance(10_000);
    expect([first.isLeading(), second.isLeading()]).toEqual([true, false]);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'first' });
  });

  test('R15 who lost it to a network fault stands for election again', async () => {
    const { clock, first, second } = await pair();
    first.isCutOff = true;
    await clock.advance(30_000);
    first.isCutOff = false;
    await second.stop();
    await clock.advance(5_000);
    expect(first.isLeading()).toBe(true);
    expect(first.terms).toHaveLength(2);
  });

  test('R15 a server that is away is asked no more often than the retry period says', async () => {
    const { clock, server, first, second } = await pair();
    const { asked } = server;
    first.isCutOff = true;
    second.isCutOff = true;
    await clock.advance(60_000);
    // A renewal that failed is followed by one look at the Lease, and a claim that failed too.
    expect(server.asked - asked).toBeLessThanOrEqual(2 * 2 * 30);
  });
});

describe('R15 the lease records the newest version', () => {
  test('R15 a newer version that leads writes its own, and an older one leaves it', async () => {
    const { clock, server, first, second } = await pair({ second: { version: '1.1.0' } });
    expect(server.lease?.metadata.annotations).toEqual({ [ANNOTATION]: '1.0.0' });
    await first.stop();
    await clock.advance(10);
    expect(second.terms[0]?.newestVersion).toBe('1.1.0');
    const third = candidate(server, 'third', { clock, version: '1.0.0' });
    await clock.advance(10);
    await second.stop();
    await clock.advance(10);
    expect(third.isLeading()).toBe(true);
    expect(third.terms[0]?.newestVersion).toBe('1.1.0');
    expect(server.lease?.metadata.annotations).toEqual({ [ANNOTATION]: '1.1.0' });
  });

  test.each([
    ['1.10.0', '1.9.9', '1.10.0'],
    ['1.0.0', '1.0.0-rc.1', '1.0.0'],
    ['', '0.1.0', '0.1.0'],
    ['nonsense', '0.1.0', '0.1.0'],
    ['0.1.0', 'nonsense', '0.1.0'],
  ])('of %s and %s the newer is %s', (a, b, newer) => {
    expect(newerVersion(a, b)).toBe(newer);
    expect(newerVersion(b, a)).toBe(newer);
  });
});
