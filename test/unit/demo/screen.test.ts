import { describe, expect, test } from 'vitest';
import { type Screen, screenOn } from '../../demo/screen.ts';

function screenWith(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string>> = {},
): { readonly screen: Screen; readonly written: () => string } {
  const pieces: string[] = [];
  const screen = screenOn({ ...stream, write: (text) => pieces.push(text) }, environment);
  return { screen, written: () => pieces.join('') };
}

function fill(screen: Screen): void {
  screen.title('title');
  screen.step(1, 'a step');
  screen.note('a note');
  screen.command(['kubectl', 'get', 'pods']);
  screen.output('NAME\nx   \n');
  screen.result('done', 12);
  screen.result('also done');
  screen.problem('failed');
}

describe('the screen', () => {
  test('is plain, line by line, where it is no terminal', () => {
    const { screen, written } = screenWith({});
    fill(screen);
    expect(written()).not.toMatch(/[\r\u001b]/);
    expect(written()).toContain('   $ kubectl get pods\n     NAME\n     x\n');
  });

  test('has colour on a terminal', () => {
    const { screen, written } = screenWith({ isTTY: true });
    fill(screen);
    expect(written()).toContain('\u001b[');
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colour on a terminal with %o', (environment) => {
    const { screen, written } = screenWith({ isTTY: true }, environment);
    fill(screen);
    expect(written()).not.toContain('\u001b');
  });

  test('says the same with colour as without', () => {
    const [plain, coloured] = [screenWith({}), screenWith({ isTTY: true })];
    fill(plain.screen);
    fill(coloured.screen);
    expect(coloured.written().replaceAll(/\u001b\[\d+m/g, '')).toBe(plain.written());
  });

  test('has no line of more than 100 columns', () => {
    const { screen, written } = screenWith({});
    screen.note('word '.repeat(60));
    screen.output('x'.repeat(300));
    screen.command([
      'kubectl',
      'patch',
      ...Array.from({ length: 20 }, (_, index) => [`--flag${index}`, 'value']).flat(),
    ]);
    const longest = Math.max(
      ...written()
        .split('\n')
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(100);
  });

  test('gives what the work gives that it shows to be under way, and passes its failure on', async () => {
    const { screen } = screenWith({ isTTY: true });
    await expect(screen.during('working', Promise.resolve(7))).resolves.toBe(7);
    await expect(screen.during('working', Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
