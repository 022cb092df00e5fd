import { describe, expect, test } from 'vitest';
import { isSuppressed, suppressionsIn } from '../../../src/lint/suppression.ts';

const TWO_DOCUMENTS = `# nsbaseline-lint-disable broad-block, twin: the partner has no smaller block
kind: NetworkPolicy
---
kind: NetworkPolicy
spec: {} # nsbaseline-lint-disable undocumented: made by a tool
`;

describe('a comment that turns findings off', () => {
  test('is for the document that it stands in, and for the codes that it names', () => {
    const { suppressions, problems } = suppressionsIn(TWO_DOCUMENTS);
    expect(problems).toEqual([]);
    expect(suppressions.map(({ codes, reason, firstLine, lastLine }) => [codes, reason, firstLine, lastLine])).toEqual([
      [['broad-block', 'twin'], 'the partner has no smaller block', 1, 2],
      [['undocumented'], 'made by a tool', 3, 6],
    ]);
    expect(isSuppressed(suppressions, { code: 'twin', line: 2 })).toBe(true);
    expect(isSuppressed(suppressions, { code: 'twin', line: 4 })).toBe(false);
    expect(isSuppressed(suppressions, { code: 'undocumented', line: 2 })).toBe(false);
  });

  test.each([
    ['# nsbaseline-lint-disable twin', 'gives no reason'],
    ['# nsbaseline-lint-disable twin:  ', 'gives no reason'],
    ['# nsbaseline-lint-disable: because', 'names no code'],
    ['# nsbaseline-lint-disable twins: because', 'twins is no code of a finding'],
    ['# nsbaseline-lint-disable constructor: because', 'constructor is no code'],
  ])('%s is refused: %s', (comment, message) => {
    const { suppressions, problems } = suppressionsIn(`kind: List\n${comment}\n`);
    expect(suppressions).toEqual([]);
    expect(problems).toEqual([{ line: 2, message: expect.stringContaining(message) as string }]);
  });

  test('is read with Windows line ends too, and is no comment within a text', () => {
    expect(suppressionsIn('a: 1\r\n# nsbaseline-lint-disable twin: x\r\n').suppressions).toHaveLength(1);
    expect(suppressionsIn('a: "nsbaseline-lint-disable twin: x"').suppressions).toEqual([]);
  });
});
