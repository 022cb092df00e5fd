import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** A test that a page names as proof of what it says. */
export interface Proof {
  /** From the root of the repository. */
  readonly path: string;
  /** The title, or the beginning or another part of it. */
  readonly title: string;
}

/** A row of a table, cell by cell. */
export type Row = readonly string[];

/** A page of the documentation as it stands. */
export function pageAt(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The rows of the first table after `heading`, without its head. */
export function tableAfter(page: string, heading: string): readonly Row[] {
  const lines = page.slice(page.indexOf(`${heading}\n`)).split('\n');
  const begin = lines.findIndex((line) => /^\|[-|]+\|$/.test(line)) + 1;
  const end = lines.findIndex((line, index) => index >= begin && !line.startsWith('|'));
  return lines.slice(begin, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The tests that a list of a section names: one to a line, with the whole path. */
export function listedProofs(text: string): readonly Proof[] {
  return [...text.matchAll(/^- `(?<path>[^`]+)`: "(?<title>.+)"$/gm)].map(({ groups = {} }) => ({
    path: groups.path ?? '',
    title: groups.title ?? '',
  }));
}

/** The tests that a cell of a table names: `removal` is an integration test, `operator/execute` a unit test. */
export function proofsInCell(cell: string): readonly Proof[] {
  return [...cell.matchAll(/`(?<short>[\w/-]+)`: "(?<title>[^"]+)"/g)].map(({ groups = {} }) => ({
    path: pathOf(groups.short ?? ''),
    title: groups.title ?? '',
  }));
}

function pathOf(short: string): string {
  return short.includes('/')
    ? `test/unit/${short.replace(/^unit\//, '')}.test.ts`
    : `test/integration/${short}.test.ts`;
}

const titles = new Map(globSync('test/**/*.test.ts', { cwd: root }).map((path) => [path, titlesIn(path)]));

/** Everything that stands in quotes at the beginning of a call of test or describe, or of the second call of test.each. */
function titlesIn(path: string): readonly string[] {
  return [...pageAt(path).matchAll(/\(\s*(['"`])((?:(?!\1).|\\.)+)\1\s*,/g)].map((match) => match[2] ?? '');
}

/** The titles of the named file that have the named text in them; empty where there is no such test. */
export function titlesOf({ path, title }: Proof): readonly string[] {
  return titles.get(path)?.filter((candidate) => candidate.includes(title)) ?? [];
}

/** Whether any test has this word in its title. */
export function isInSomeTitle(word: string): boolean {
  const pattern = new RegExp(`\\b${word}\\b`);
  return [...titles.values()].flat().some((title) => pattern.test(title));
}
