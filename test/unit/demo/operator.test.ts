import { expect, test } from 'vitest';
import { readableLine } from '../../demo/operator.ts';

test('a line of the operator’s log reads level, message, fields', () => {
  const line = JSON.stringify({
    level: 'warn',
    time: '2026-01-01T00:00:00Z',
    pid: 1,
    hostname: 'h',
    namespace: 'team-a',
    problems: ['x'],
    msg: 'namespace is not as declared',
  });
  expect(readableLine(line)).toBe('warn  namespace is not as declared namespace=team-a problems=["x"]');
});

test('what is no log line, such as the trace of a crash, is shown as it is', () => {
  expect(readableLine('Error: broken')).toBe('Error: broken');
  expect(readableLine('[1]')).toBe('[1]');
});
