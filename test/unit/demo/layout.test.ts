import { describe, expect, test } from 'vitest';
import { columns, cut, leader, wrapped } from '../../demo/layout.ts';

describe('columns', () => {
  test('stand under one another, with no spaces at the end of a line', () => {
    expect(
      columns([
        ['NAME', 'PHASE'],
        ['team-a', 'Protected'],
        ['b', ''],
      ]),
    ).toEqual(['NAME    PHASE', 'team-a  Protected', 'b']);
  });

  test('of numbers end under one another', () => {
    expect(
      columns(
        [
          ['deleted', '9.9 ms'],
          ['x', '18 ms'],
        ],
        { rightFrom: 1 },
      ),
    ).toEqual(['deleted  9.9 ms', 'x         18 ms']);
  });

  test('may be missing at the end of a row, or altogether', () => {
    expect(columns([['a'], ['b', 'c']])).toEqual(['a', 'b  c']);
    expect(columns([])).toEqual([]);
  });
});

test('leaders make results and their numbers equally long, and never vanish', () => {
  const whole = (left: string, right: string): number =>
    left.length + leader(left.length + right.length).length + right.length;
  expect(whole('three policies stand', '18 ms')).toBe(whole('it is back', '9.9 ms'));
  expect(leader(1_000)).toBe('..');
});

test('a line that is too long is cut with an ellipsis, and line breaks in it become spaces', () => {
  expect(cut('one\n  two', 20)).toBe('one two');
  expect(cut('abcdef', 4)).toBe('abc…');
});

test('words are wrapped at the width, and a longer word stands alone', () => {
  expect(wrapped('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
  expect(wrapped('a incomprehensible b', 6)).toEqual(['a', 'incomprehensible', 'b']);
  expect(wrapped('  ', 6)).toEqual([]);
});
