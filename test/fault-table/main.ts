import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAULTS_PAGE, testFilesByFault, withTestFiles } from './rows.ts';

// Writes the last column of the table in docs/faults.md out of the titles of the tests. A unit test says when it has to be run.
const path = join(import.meta.dirname, '../..', FAULTS_PAGE);
await writeFile(path, withTestFiles(await readFile(path, 'utf8'), testFilesByFault()));
