import { describe, expect, test } from 'vitest';
import {
  fieldOf,
  fieldsOf,
  isAbsent,
  isAbsentOrEmpty,
  isEmptyMap,
  isJsonObject,
  itemsOf,
  parsedJson,
  present,
  stringFieldOf,
  textFieldsOf,
  textOf,
} from '../../../src/base/json.ts';

const ODD: readonly unknown[] = [undefined, null, 0, '', 'text', true, []];

test.each(ODD.map((value) => [value]))('%j is no object and has no fields', (value) => {
  expect(isJsonObject(value)).toBe(false);
  expect(fieldOf(value, 'length')).toBeUndefined();
  expect(fieldsOf(value)).toEqual({});
  expect(textFieldsOf(value)).toEqual({});
});

test('only own fields are read, whatever their name', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    expect(fieldOf({}, name)).toBeUndefined();
  }
  expect(fieldOf(parsedJson('{"__proto__": 7}'), '__proto__')).toBe(7);
  expect(fieldOf(Object.create(null), 'a')).toBeUndefined();
});

test('values of another type read as absent', () => {
  expect([stringFieldOf({ a: 'b' }, 'a'), stringFieldOf({ a: 1 }, 'a')]).toEqual(['b', undefined]);
  expect([textOf('a'), textOf(1), textOf(undefined)]).toEqual(['a', '', '']);
  expect([itemsOf([1]), itemsOf({ length: 1 }), itemsOf('ab')]).toEqual([[1], [], []]);
  expect(textFieldsOf({ a: 'b', c: 1, d: null })).toEqual({ a: 'b' });
});

test('text that is not JSON is undefined, which no JSON text is', () => {
  expect([parsedJson('{'), parsedJson(''), parsedJson('null'), parsedJson('[1]')]).toEqual([
    undefined,
    undefined,
    null,
    [1],
  ]);
});

test('present drops undefined and keeps every other value', () => {
  const fields = present({ a: undefined, b: null, c: 0, d: '' });
  expect(Object.keys(fields)).toEqual(['b', 'c', 'd']);
});

describe('absent as the API reads it', () => {
  test.each([
    [undefined, true, true, true],
    [null, true, true, true],
    [[], false, true, false],
    [{}, false, false, true],
    [[1], false, false, false],
    [{ a: 1 }, false, false, false],
    [0, false, false, false],
    ['', false, false, false],
  ])('%j', (value, absent, absentOrEmptyList, emptyMap) => {
    expect([isAbsent(value), isAbsentOrEmpty(value), isEmptyMap(value)]).toEqual([absent, absentOrEmptyList, emptyMap]);
  });
});
