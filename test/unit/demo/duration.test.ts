import { expect, test } from 'vitest';
import { durationText } from '../../demo/duration.ts';

test.each([
  [0, '<1 ms'],
  [0.999, '<1 ms'],
  [1, '1.0 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [18.4, '18 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [4_870, '4.9 s'],
])('%d ms is written %s', (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text);
});
