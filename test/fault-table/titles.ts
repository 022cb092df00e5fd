import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The title of a call of `test` or `describe`, or of the second call of `test.each`. */
const TITLE = /(?:\b(?:test|describe)(?:\.\w+)?|\))\(\s*(['"`])((?:(?!\1).|\\.)+)\1\s*,/g;

/** The titles of all tests and groups of tests, by the path of their file from the root; files in order. */
export function titlesByFile(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    globSync('test/**/*.test.ts', { cwd: root })
      .sort()
      .map((path) => [path, titlesIn(readFileSync(join(root, path), 'utf8'))]),
  );
}

/** The titles in the text of a test file, in order; `%s` and `$name` stay as they are written. */
function titlesIn(source: string): readonly string[] {
  return [...source.matchAll(TITLE)].map((match) => (match[2] ?? '').replaceAll(/\\(['"`])/g, '$1'));
}

/** The rules (`R4`) and faults (`F12`) that a title carries, each once. */
export function numbersIn(title: string): readonly string[] {
  return [...new Set(title.match(/\b[RF][1-9]\d?\b/g) ?? [])];
}
