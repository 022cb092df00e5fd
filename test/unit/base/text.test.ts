import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, cutToBytes, readableText } from '../../../src/base/text.ts';

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

test('readable text is one line of at most 1000 code units without control characters', () => {
  expect(readableText('a\u001b[31mb\r\nc\u0085d')).toBe('a [31mb c d');
  expect(readableText('x'.repeat(2_000))).toHaveLength(1_000);
});

test.each([
  ['äöü', 6, 'äöü'],
  ['äöü', 5, 'ä…'],
  ['a😀b', 6, 'a😀b'],
  ['a😀bc', 6, 'a…'],
  ['\ud800', 3, '\ufffd'],
])('%j cut to %i bytes is %j', (text, maxBytes, cut) => {
  expect(cutToBytes(text, maxBytes)).toBe(cut);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
});
