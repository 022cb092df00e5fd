import fc from 'fast-check';
import { load, YAML11_SCHEMA } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { printable } from '../../../../src/cli/views/printable.ts';
import { structuredText, yamlText } from '../../../../src/cli/views/structured-output.ts';
import { tableText } from '../../../../src/cli/views/text-table.ts';

const HOSTILE = '\u001b[2Jred\u009b31m \u202egnp.exe\u2066 \u2028 \u{e0041} \ud800';
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const MISREAD = [
  'y',
  'n',
  'no',
  'on',
  'off',
  'yes',
  '1e3',
  '0777',
  '0o7',
  '1_000',
  '2001-01-01',
  '12:30:45',
  '~',
  'null',
  '',
  '=',
  '<<',
  '.5',
  '+1',
  '0x1F',
];

describe('what a cluster says reaches no terminal as a command', () => {
  test('on a line of text', () => {
    expect(printable(HOSTILE)).not.toMatch(UNPRINTABLE);
    expect(printable('a\nb\tc\r\nd')).toBe('a b c d');
    expect(printable('grün – 日本語')).toBe('grün – 日本語');
  });

  test('in a table, whose columns stay in line', () => {
    const lines = tableText(
      ['NAME', 'MESSAGE'],
      [
        ['a\u001b[31m', 'x'],
        ['longer-than-that', ''],
      ],
      { isColoured: false },
    ).split('\n');
    expect(lines).toEqual(['NAME               MESSAGE', 'a\\u001b[31m        x', 'longer-than-that   <none>', '']);
  });

  test('as JSON and YAML, which say the same as what was given', () => {
    const value = { [HOSTILE]: [HOSTILE, `two\nlines ${HOSTILE}`, 'tab\there', 'two\nlines\n'] };
    for (const format of ['json', 'yaml'] as const) {
      const text = structuredText(value, format);
      expect(text.replaceAll('\n', '')).not.toMatch(UNPRINTABLE);
      expect(format === 'json' ? JSON.parse(text) : load(text)).toEqual(value);
    }
  });

  test('as YAML of any text', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), {
          maxKeys: 3,
          noNullPrototype: true,
        }),
        (value) => {
          fc.pre(!Object.hasOwn(value, '__proto__'));
          expect(load(yamlText(value))).toEqual(value);
        },
      ),
    );
  });
});

test('T text that YAML 1.1 readers take for something else stands in quotes, as a key and as a value', () => {
  const value = { keys: Object.fromEntries(MISREAD.map((word) => [word, 'x'])), values: MISREAD };
  expect(load(yamlText(value), { schema: YAML11_SCHEMA })).toEqual(value);
});

test('colours surround the text alone, and only where they are wanted', () => {
  const rows = [[{ text: 'Failed', tone: 'bad' as const }, 'x']];
  expect(tableText(['PHASE', 'NAME'], rows, { isColoured: true })).toBe(
    'PHASE    NAME\n\u001b[31mFailed\u001b[39m   x\n',
  );
  expect(tableText(['PHASE', 'NAME'], rows, { isColoured: false })).toBe('PHASE    NAME\nFailed   x\n');
});
