import { expect, test } from 'vitest';
import { progressOn } from '../../support/control-plane/progress.ts';

test('in a log there is one update at most every 15 seconds, and everything said', () => {
  let nowMs = 0;
  let written = '';
  const progress = progressOn({ write: (text) => (written += text) }, () => nowMs);
  progress.update('1 %');
  nowMs = 14_999;
  progress.update('2 %');
  progress.say('a fact');
  nowMs = 15_000;
  progress.update('3 %');
  expect(written).toBe('1 %\na fact\n3 %\n');
});

test('on a terminal an update takes the place of the one before', () => {
  let written = '';
  const progress = progressOn({ isTTY: true, write: (text) => (written += text) });
  progress.update('1 %');
  progress.update('2 %');
  progress.say('done');
  expect(written.split('\r\u001b[K')).toEqual(['', '1 %', '2 %', 'done\n']);
});
