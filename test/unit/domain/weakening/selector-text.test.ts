import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeSelector } from '../../../../src/domain/weakening/selector-text.ts';
import { anySelector } from '../../../fixtures/arbitraries.ts';

describe('pods are described by their labels', () => {
  test.each<[unknown, string]>([
    [undefined, 'all pods'],
    [{}, 'all pods'],
    [{ matchLabels: {}, matchExpressions: [] }, 'all pods'],
    [{ matchLabels: { b: '2', a: '1' } }, 'pods a=1,b=2'],
    [
      {
        matchExpressions: [
          { key: 'tier', operator: 'NotIn', values: ['a', 'b'] },
          { key: 'canary', operator: 'DoesNotExist' },
          { key: 'app', operator: 'Exists' },
        ],
      },
      'pods !canary,app,tier notin (a,b)',
    ],
    [{ matchLabels: { 'a\n': '\u001b[31m' } }, 'pods a?=?[31m'],
    [{ matchLabels: { constructor: 7 }, matchExpressions: [null] }, 'pods ? ? (),constructor=?'],
  ])('%j', (selector, text) => {
    expect(describeSelector(selector)).toBe(text);
  });

  test('in a line, whatever the selector', () => {
    fc.assert(
      fc.property(anySelector, (selector) => {
        expect(describeSelector(selector)).toMatch(/^(?:all pods|pods .{1,201})$/u);
      }),
    );
    expect(
      describeSelector({
        matchLabels: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 'x'.repeat(60)])),
      }).length,
    ).toBeLessThan(210);
  });
});
