import { describe, expect, test } from 'vitest';
import { CONTEST_PACE_MS, CONTEST_PACE_OF_DENY_MS } from '../../../../src/operator/queue/retry-policy.ts';
import { CONTEST_REPAIRS, CONTEST_WINDOW_MS, ContestTracker } from '../../../../src/operator/state/contest-tracker.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const dns = { namespace: 'a', name: 'standard.allow-dns' };
const deny = { namespace: 'a', name: 'standard.default-deny' };

function quarrel(object = dns, times = CONTEST_REPAIRS): { readonly log: ContestTracker; readonly clock: ManualClock } {
  const clock = new ManualClock();
  const log = new ContestTracker(clock);
  for (let count = 0; count < times; count += 1) {
    log.repaired(object, 'stubborn');
  }
  return { log, clock };
}

describe('R6 Contested', () => {
  test('R6 five repairs of one object within ten minutes are a contest, four are not', () => {
    expect(quarrel(dns, 4).log.contestsAmong('a', [dns.name]).size).toBe(0);
    expect(quarrel(dns, 5).log.contestsAmong('a', [dns.name]).get(dns.name)).toMatchObject({ manager: 'stubborn' });
  });

  test('R6 five repairs spread over more than ten minutes are no contest', async () => {
    const { log, clock } = quarrel(dns, 4);
    await clock.advance(CONTEST_WINDOW_MS);
    log.repaired(dns, 'stubborn');
    expect(log.contestsAmong('a', [dns.name]).size).toBe(0);
  });

  test('R6 a contested object is repaired at most every 10 s, a default-deny within 1 s', async () => {
    const calm = quarrel(dns);
    expect(calm.log.contestsAmong('a', [dns.name]).get(dns.name)?.waitMs).toBe(CONTEST_PACE_MS);
    await calm.clock.advance(CONTEST_PACE_MS);
    expect(calm.log.contestsAmong('a', [dns.name]).get(dns.name)?.waitMs).toBe(0);
    const open = quarrel(deny);
    expect(open.log.contestsAmong('a', [deny.name]).get(deny.name)?.waitMs).toBe(CONTEST_PACE_OF_DENY_MS);
    expect([CONTEST_PACE_MS, CONTEST_PACE_OF_DENY_MS]).toEqual([10_000, 1000]);
  });

  test('R6 a contest ends ten minutes after the last repair', async () => {
    const { log, clock } = quarrel();
    await clock.advance(CONTEST_WINDOW_MS - 1);
    log.repaired(dns, '');
    await clock.advance(CONTEST_WINDOW_MS - 1);
    expect(log.contestsAmong('a', [dns.name]).get(dns.name)?.manager).toBe('stubborn');
    await clock.advance(1);
    expect(log.contestsAmong('a', [dns.name]).size).toBe(0);
  });

  test('R6 a contest concerns one object in one namespace only', () => {
    const { log } = quarrel();
    expect(log.contestsAmong('a', [deny.name]).size).toBe(0);
    expect(log.contestsAmong('b', [dns.name]).size).toBe(0);
  });
});

describe('R6 what counts toward a contest', () => {
  const contested = (log: ContestTracker): boolean => log.contestOver(dns) !== undefined;

  test('R6 A4: rewrites to ever new specs, as discovery causes them, are no contest', () => {
    const log = new ContestTracker(new ManualClock());
    for (let count = 0; count < 20; count += 1) {
      log.rewritten(dns, count % 2 === 0 ? 'one resolver' : 'another resolver');
    }
    expect(contested(log)).toBe(false);
  });

  test('R6 A4: the same spec written again and again is a contest: it came back different', () => {
    const log = new ContestTracker(new ManualClock());
    for (let count = 0; count <= CONTEST_REPAIRS; count += 1) {
      expect(contested(log)).toBe(false);
      log.rewritten(dns, 'the same');
    }
    expect(contested(log)).toBe(true);
  });

  test('R6 the sixth removal of one name within ten minutes waits, with the manager, and delays no repair', async () => {
    const clock = new ManualClock();
    const log = new ContestTracker(clock);
    for (let count = 0; count < CONTEST_REPAIRS; count += 1) {
      expect(log.removalContestsAmong('a', [dns.name]).size).toBe(0);
      log.removed(dns, 'propagator');
    }
    const contest = { manager: 'propagator', waitMs: CONTEST_PACE_MS };
    expect(log.removalContestsAmong('a', [dns.name]).get(dns.name)).toEqual(contest);
    expect(contested(log)).toBe(false);
    expect(log.contestedCount()).toBe(1);
    await clock.advance(CONTEST_WINDOW_MS);
    expect(log.removalContestsAmong('a', [dns.name]).size).toBe(0);
  });
});
