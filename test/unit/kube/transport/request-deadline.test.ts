import { expect, test } from 'vitest';
import { RequestDeadline } from '../../../../src/kube/transport/request-deadline.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

test('the limit counts from the last touch, and its error says how long it was', async () => {
  const clock = new ManualClock();
  const deadline = new RequestDeadline(clock);
  deadline.allow(100);
  await clock.advance(60);
  deadline.touch();
  await clock.advance(99);
  expect([deadline.signal.aborted, deadline.reason]).toEqual([false, undefined]);
  await clock.advance(1);
  expect(deadline.signal.aborted).toBe(true);
  expect(deadline.reason).toMatchObject({ kind: 'timeout', limitMs: 100 });
});

test('a new limit replaces the one before, and none is none', async () => {
  const clock = new ManualClock();
  const deadline = new RequestDeadline(clock);
  deadline.allow(100);
  deadline.allow(undefined);
  await clock.advance(1_000_000);
  expect(deadline.reason).toBeUndefined();
});

test('the first reason wins', async () => {
  const clock = new ManualClock();
  const caller = new AbortController();
  const deadline = new RequestDeadline(clock, caller.signal);
  deadline.allow(100);
  deadline.end({ kind: 'malformed', message: 'm' });
  caller.abort();
  await clock.advance(100);
  expect(deadline.reason).toMatchObject({ kind: 'malformed' });
});

test('the signal of the caller aborts it, also if that happened before', () => {
  const caller = new AbortController();
  const deadline = new RequestDeadline(new ManualClock(), caller.signal);
  caller.abort();
  expect(deadline.reason).toMatchObject({ kind: 'aborted' });
  expect(new RequestDeadline(new ManualClock(), caller.signal).signal.aborted).toBe(true);
});

test('once it is disposed, nothing ends it', async () => {
  const clock = new ManualClock();
  const caller = new AbortController();
  const deadline = new RequestDeadline(clock, caller.signal);
  deadline.allow(100);
  deadline.dispose();
  caller.abort();
  await clock.advance(100);
  expect(deadline.signal.aborted).toBe(false);
});
