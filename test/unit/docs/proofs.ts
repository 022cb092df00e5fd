import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** A row of a table, cell by cell. */
export type Row = readonly string[];

/** The text of a page of the documentation. */
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

/** The numbers of rules (`R4`) and faults (`F12`) that a cell of a table names. */
export function numbersInCell(cell: string): readonly string[] {
  return cell.match(/\b[RF][1-9]\d?\b/g) ?? [];
}

/** The test files that a cell of a table names, from the root of the repository. */
export function testFilesInCell(cell: string): readonly string[] {
  return [...cell.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
}
