import { expect, test } from 'vitest';
import { microTime } from '../../../src/base/micro-time.ts';

test('a MicroTime has exactly six digits after the second', () => {
  expect(microTime(new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)))).toBe('2026-01-02T03:04:05.006000Z');
  expect(microTime(new Date(0))).toBe('1970-01-01T00:00:00.000000Z');
});
