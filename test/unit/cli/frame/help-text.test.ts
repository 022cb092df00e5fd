import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands/commands.ts';
import { wrappedText } from '../../../../src/cli/frame/help-text.ts';
import { outcomeOf } from '../command-line.ts';

describe('help is wrapped', () => {
  test('paragraphs are filled, and the last column of a row is wrapped below itself', () => {
    expect(wrappedText('One two three\nfour five six.\n\n  4  One two three four five six seven', 30)).toBe(
      'One two three four five six.\n\n  4  One two three four five\n     six seven',
    );
  });

  test('a command to copy is never broken', () => {
    const command = `  kubectl get baselinepolicy standard -o yaml | nsbaseline render -f -`;
    expect(wrappedText(command, 30)).toBe(command);
  });

  test.each(['', ...COMMANDS.map(({ name }) => name)])('at 80 columns where there is no terminal: %s', async (name) => {
    const { printed } = await outcomeOf([...(name === '' ? [] : [name]), '--help']);
    const examples = printed.slice(printed.indexOf('Examples:'));
    const wide = printed
      .split('\n')
      .filter((line) => line.length > 80 && line.trim().includes(' ') && !examples.includes(line));
    expect(wide).toEqual([]);
  });

  test('at the width of the terminal where there is one', async () => {
    const widest = async (columns: number): Promise<number> => {
      const { printed } = await outcomeOf(['uninstall', '--help'], { columns });
      return Math.max(...printed.split('\n').map((line) => line.length));
    };
    expect(await widest(120)).toBeGreaterThan(90);
    expect(await widest(120)).toBeLessThanOrEqual(120);
  });
});
