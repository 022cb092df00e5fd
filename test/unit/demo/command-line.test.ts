import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandLines, shellWord } from '../../demo/command-line.ts';

function asShellReads(command: string): readonly string[] {
  return execFileSync('sh', ['-c', `for word in "$@"; do :; done; set -- ${command}\nprintf '%s\\0' "$@"`], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1);
}

describe('a command that is shown', () => {
  test('is what a shell reads back, whatever its words, broken into lines or not', () => {
    const word = fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom('a', 'B', '1', '-', ' ', "'", '"', '$', '{', '}', '\\', '*', '`', '!', '=', '[', '~', '#'),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.integer({ min: 5, max: 60 }), (words, width) => {
        expect(asShellReads(commandLines(words, width).join('\n'))).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });

  test('is quoted only where a shell would change it', () => {
    expect(shellWord('nsbaseline.io/enabled=true')).toBe('nsbaseline.io/enabled=true');
    expect(shellWord('{"a":[{}]}')).toBe(`'{"a":[{}]}'`);
  });

  test('is one line where it fits, and else is broken before a flag with its value', () => {
    expect(commandLines(['kubectl', 'get', 'pods', '-n', 'team-a'], 40)).toEqual(['kubectl get pods -n team-a']);
    expect(commandLines(['kubectl', 'get', 'pods', '-n', 'team-a', '-o', 'name'], 30)).toEqual([
      'kubectl get pods -n team-a \\',
      '    -o name',
    ]);
  });
});
