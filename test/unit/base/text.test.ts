import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText } from '../../../src/base/text.ts';

test('what fits stays as it is', () => {
  expect(cutText('team-a', 6)).toBe('team-a');
  expect(cutText('😀', 2)).toBe('😀');
});

test('what is too long keeps as much of its beginning as fits', () => {
  expect(cutText('team-a', 4)).toBe('team');
  expect(cutText('a😀b', 3)).toBe('a😀');
  expect(cutText('team-a', 0)).toBe('');
});

test('a character is never cut in two', () => {
  expect(cutText('a😀b', 2)).toBe('a');
  expect(cutText('😀', 1)).toBe('');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, maxLength) => {
      const cut = cutText(text, maxLength);
      expect(cut.isWellFormed()).toBe(text.isWellFormed());
      expect(text.startsWith(cut)).toBe(true);
      expect(cut.length).toBeLessThanOrEqual(maxLength);
    }),
  );
});
