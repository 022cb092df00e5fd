import { expect, test } from 'vitest';
import { CONTEST_PACE_MS } from '../../../../src/operator/queue/retry-policy.ts';
import { CONTEST_REPAIRS, ContestTracker } from '../../../../src/operator/state/contest-tracker.ts';
import { ReportRateLimit } from '../../../../src/operator/write/report-rate-limit.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

type Write = Parameters<ReportRateLimit['wrote']>[1];

/** What the report has to wait for after these writes of it. */
function waitMsAfter(writes: Iterable<Write>): number {
  const clock = new ManualClock();
  const pace = new ReportRateLimit(new ContestTracker(clock), clock);
  for (const write of writes) {
    pace.wrote('team-a', write);
  }
  return pace.waitMs('team-a');
}

const times = (count: number, writeAt: (index: number) => Write): readonly Write[] =>
  Array.from({ length: count }, (_, index) => writeAt(index));
const first: Write = { before: undefined, wanted: 'ours', stored: 'ours' };

test.each([
  ['changes', 'theirs', 'ours'],
  ['deletes', undefined, 'ours'],
  ['creates', 'theirs', undefined],
])('R6 a report that somebody %s again and again is put right five times, then every 10 s', (_how, before, wanted) => {
  const puttingRight = { before, wanted, stored: wanted };
  const begun = { ...first, wanted, stored: wanted };
  expect(waitMsAfter([begun, ...times(CONTEST_REPAIRS - 1, () => puttingRight)])).toBe(0);
  expect(waitMsAfter([begun, ...times(CONTEST_REPAIRS, () => puttingRight)])).toBe(CONTEST_PACE_MS);
});

test('R6 a report that is stored otherwise than it was written is not written in a loop either', () => {
  expect(waitMsAfter(times(CONTEST_REPAIRS, () => ({ ...first, stored: 'altered' })))).toBe(CONTEST_PACE_MS);
});

const news = (count: number): readonly Write[] =>
  times(count, (index) => ({ before: `${index}`, wanted: `${index + 1}`, stored: `${index + 1}` }));

test('R16 F59 a report whose content changes again and again is written ten times without a pause, and once a second then', async () => {
  expect(waitMsAfter(news(9))).toBe(0);
  expect(waitMsAfter(news(10))).toBe(1_000);
  const clock = new ManualClock();
  const pace = new ReportRateLimit(new ContestTracker(clock), clock);
  const written: number[] = [];
  for (const [index, write] of news(400).entries()) {
    if (pace.waitMs('team-a') === 0) {
      pace.wrote('team-a', { ...write, before: `${written.at(-1) ?? 0}`, wanted: `${index}`, stored: `${index}` });
      written.push(index);
    }
    await clock.advance(100);
  }
  expect(written.length).toBe(49);
  expect(pace.waitMs('team-b')).toBe(0);
});

test('F13 a new namespace of the same name starts without contests, and no other namespace has one', () => {
  const clock = new ManualClock();
  const pace = new ReportRateLimit(new ContestTracker(clock), clock);
  for (const write of times(CONTEST_REPAIRS + 1, () => ({ ...first, before: 'theirs' }))) {
    pace.wrote('team-a', write);
  }
  expect([pace.waitMs('team-a'), pace.waitMs('team-b')]).toEqual([CONTEST_PACE_MS, 0]);
  pace.forget('team-a');
  expect(pace.waitMs('team-a')).toBe(0);
});
