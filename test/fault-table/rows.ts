import { numbersIn, titlesByFile } from './titles.ts';

/** The page that the table is in, from the root of the repository. */
export const FAULTS_PAGE = 'docs/faults.md';

/** These prove that the fake API server can produce a fault, not that the operator survives it. */
const OF_THE_FAKE = 'test/contract/fake-faults.test.ts';

/** The test files by the numbers (`F7`) that titles in them carry, each list in order. */
export function testFilesByFault(): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  for (const [path, titles] of titlesByFile()) {
    const numbers = path === OF_THE_FAKE ? [] : titles.flatMap(numbersIn).filter((number) => number.startsWith('F'));
    for (const fault of new Set(numbers)) {
      files.set(fault, [...(files.get(fault) ?? []), path]);
    }
  }
  return files;
}

/** The page with the last column of its table as the tests have it now; everything else is left as it is. */
export function withTestFiles(page: string, files: ReadonlyMap<string, readonly string[]>): string {
  return page
    .split('\n')
    .map((line) => {
      const fault = /^\| (F\d+) \|/.exec(line)?.[1];
      if (fault === undefined) {
        return line;
      }
      const cells = line.split(' | ');
      const named = (files.get(fault) ?? []).map((path) => `\`${path}\``).join(', ');
      return [...cells.slice(0, -1), `${named === '' ? '–' : named} |`].join(' | ');
    })
    .join('\n');
}
