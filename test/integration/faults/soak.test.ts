import { expect, test } from 'vitest';
import { soak } from '../../soak/soak.ts';

const A_SHORT_WHILE_MS = 30_000;
/** So that enough kinds of things happen where the machine is slow. */
const FEWEST_ACTIONS = 100;

test('R5 R6 R15 a short soak: events, tampering and faults at random, each event answered, nothing foreign touched, and every report true at the end', async () => {
  const report = await soak({
    durationMs: A_SHORT_WHILE_MS,
    fewestActions: FEWEST_ACTIONS,
    seed: 11,
    operators: 2,
    signal: new AbortController().signal,
  });
  expect(report.complaints).toEqual([]);
  expect(report).toMatchObject({ missed: 0, violations: 0, isGood: true });
  // It did something, and the operator was what answered.
  expect(Object.keys(report.byKind).length).toBeGreaterThan(5);
  expect(Object.keys(report.faults).length).toBeGreaterThan(0);
  expect(report.answers).toBeGreaterThan(20);
}, 300_000);
