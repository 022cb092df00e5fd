import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter, watchLine } from '../../../../src/kube/transport/watch-lines.ts';

/** All lines of a text that arrives in pieces of these lengths. */
function linesOf(
  text: string,
  lengths: readonly number[],
  limitBytes = 1_000_000,
): { lines: string[]; errors: unknown[]; splitter: LineSplitter } {
  const splitter = new LineSplitter(limitBytes);
  const lines: string[] = [];
  const errors: unknown[] = [];
  let rest = Buffer.from(text);
  for (let turn = 0; rest.byteLength > 0; turn += 1) {
    const length = lengths[turn % Math.max(1, lengths.length)] ?? rest.byteLength;
    const error = splitter.push(rest.subarray(0, length), (each) => {
      lines.push(each);
      return undefined;
    });
    if (error !== undefined) {
      errors.push(error);
    }
    rest = rest.subarray(length);
  }
  return { lines, errors, splitter };
}

describe('lines of a byte stream', () => {
  test('F2 however the bytes are cut, inside JSON or inside a character, the lines are the same', () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }).map((each) => JSON.stringify(each)));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, lengths) => {
        expect(linesOf(lines.map((each) => `${each}\n`).join(''), lengths).lines).toEqual(lines);
      }),
    );
  });

  test('F2 a line that was begun and not finished is known as such', () => {
    expect(linesOf('a\nb', [1]).splitter.hasRemainder).toBe(true);
    expect(linesOf('a\nb\n', [1]).splitter.hasRemainder).toBe(false);
  });

  test('F15 a line of exactly the limit is taken, one byte more is an error, in one piece or in many', () => {
    for (const lengths of [[1], [100]]) {
      expect(linesOf('12345\n', lengths, 5)).toMatchObject({ lines: ['12345'], errors: [] });
      expect(linesOf('123456', lengths, 5)).toMatchObject({ lines: [], errors: [{ kind: 'tooLarge', limitBytes: 5 }] });
    }
  });

  test('empty lines say nothing', () => {
    expect(linesOf('\n \r\na\n', [1]).lines).toEqual(['a']);
  });
});

describe('a line of a watch', () => {
  const wallTime = new Date(0);

  test.each(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'])('%s with an object is an event', (type) => {
    expect(watchLine(JSON.stringify({ type, object: { metadata: { name: 'a' } } }), wallTime)).toEqual({
      event: { type, object: { metadata: { name: 'a' } } },
    });
  });

  test.each([
    '{',
    'null',
    '[]',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"ADDED","object":{"metadata":{"name":5}}}',
    '{"type":"SEEN","object":{"metadata":{}}}',
    '{"__proto__":{"type":"ADDED"}}',
  ])('%s is malformed', (line) => {
    expect(watchLine(line, wallTime)).toMatchObject({ error: { kind: 'malformed' } });
  });
});
