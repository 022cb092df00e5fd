import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECKOUT } from '../../demo/manifests.ts';
import { STORY } from '../../demo/story.ts';
import { terminalLines } from '../../demo/terminal-lines.ts';
import { terminalPicture } from '../../demo/terminal-picture.ts';

const ESCAPE = '\u001b';

/** What keeps a text from being XML (https://www.w3.org/TR/xml/), as far as our pictures use it: every tag closed in order, every `&` an entity, no stray `<`. */
function problemsOf(xml: string): readonly string[] {
  const problems: string[] = [];
  const open: string[] = [];
  let position = 0;
  const attribute = String.raw`\s+[a-zA-Z-]+="[^"<]*"`;
  for (const tag of xml.matchAll(new RegExp(`<(/?)([a-z]+)((?:${attribute})*)\\s*(/?)>`, 'g'))) {
    problems.push(...strays(xml.slice(position, tag.index)), ...strays(tag[3] ?? ''));
    position = tag.index + tag[0].length;
    if (tag[1] === '/' && open.pop() !== tag[2]) {
      problems.push(`</${tag[2] ?? ''}> closes something else`);
    } else if (tag[1] !== '/' && tag[4] !== '/') {
      open.push(tag[2] ?? '');
    }
  }
  return [...problems, ...strays(xml.slice(position)), ...open.map((name) => `<${name}> is not closed`)];
}

function strays(text: string): readonly string[] {
  const isClean = !/[<\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) && !/&(?!(?:amp|lt|gt|quot);)/.test(text);
  return isClean ? [] : [`stray characters in ${JSON.stringify(text.slice(0, 80))}`];
}

function pictureOf(output: string): string {
  return terminalPicture({ title: 'make demo', lines: terminalLines(output) });
}

describe('what is left on a terminal', () => {
  test('is what was written last on each line', () => {
    const lines = terminalLines(
      `\r${ESCAPE}[K⠋ starting 1 s\r${ESCAPE}[K⠙ starting 2 s\r${ESCAPE}[K✓ started\r\nnext\r\n`,
    );
    expect(lines.map((spans) => spans.map(({ text }) => text).join(''))).toEqual(['✓ started', 'next']);
  });

  test('keeps its styles', () => {
    const [line] = terminalLines(
      `${ESCAPE}[1m${ESCAPE}[36m1${ESCAPE}[39m${ESCAPE}[22m plain ${ESCAPE}[2mdim${ESCAPE}[22m`,
    );
    expect(line).toEqual([
      { text: '1', isBold: true, isDim: false, colour: 'cyan' },
      { text: ' plain ', isBold: false, isDim: false },
      { text: 'dim', isBold: false, isDim: true },
    ]);
  });
});

describe('the picture of a terminal', () => {
  test('is well-formed whatever was written', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('<b>', '&amp;', '"', ']]>', `${ESCAPE}[31m`, `${ESCAPE}[`, '\r', '\n', '\u0000'),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(problemsOf(pictureOf(pieces.join('')))).toEqual([]);
      }),
    );
  });

  test('shows the text as it is', () => {
    expect(pictureOf(`-p '{"a":[]}' <none> &`)).toContain(">-p '{&quot;a&quot;:[]}' &lt;none&gt; &amp;<");
  });

  test('is the same for the same output', () => {
    expect(pictureOf('a\nb')).toBe(pictureOf('a\nb'));
  });

  test('in the documentation is well-formed, fetches nothing and shows the whole story', () => {
    const picture = readFileSync(join(CHECKOUT, 'docs/demo.svg'), 'utf8');
    expect(problemsOf(picture)).toEqual([]);
    expect(picture.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|href|<script|<image/);
    for (const { title } of STORY) {
      expect(picture).toContain(`>${title.replaceAll('"', '&quot;')}</text>`);
    }
  });
});

test('the check of well-formedness finds what is wrong', () => {
  expect(problemsOf('<a><b></a></b>')).not.toEqual([]);
  expect(problemsOf('<a>1 < 2</a>')).not.toEqual([]);
  expect(problemsOf('<a>x & y</a>')).not.toEqual([]);
  expect(problemsOf('<a>')).not.toEqual([]);
  expect(problemsOf('<a x="1"/>')).toEqual([]);
});
