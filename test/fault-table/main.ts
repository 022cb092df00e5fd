import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesOf, PROOFS_PAGE, proofsByNumber, proofsPage } from './proofs-page.ts';
import { FAULTS_PAGE, testFilesByFault, withTestFiles } from './rows.ts';

// Writes what the titles of the tests say into the last column of docs/faults.md and into docs/proofs.md. Unit tests
// fail when either is out of date.
const root = join(import.meta.dirname, '../..');
const faults = withTestFiles(await readFile(join(root, FAULTS_PAGE), 'utf8'), testFilesByFault());
await writeFile(join(root, FAULTS_PAGE), faults);
const names = namesOf({ rules: await readFile(join(root, 'docs/reconcile.md'), 'utf8'), faults });
await writeFile(join(root, PROOFS_PAGE), proofsPage(names, proofsByNumber()));
