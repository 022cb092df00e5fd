/**
 * Writes what the image has besides its base: the program as one file, its bill of materials, its licence and those
 * of the packages in it.
 * `node image/content.ts <folder>`, from the root of the project with its dependencies installed. The commit comes from
 * `REVISION`, the time of every file from `SOURCE_DATE_EPOCH` (https://reproducible-builds.org/specs/source-date-epoch/):
 * the same inputs give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BillOfMaterials, billOfMaterials, packagesIn } from './bill-of-materials.ts';
import { bundle } from './bundle.ts';
import { bundledPackages, LICENCES_FILE, licencesPage } from './licences.ts';

const [target] = process.argv.slice(2);
if (target === undefined) {
  throw new Error('write: node image/content.ts <folder>');
}
const app = join(target, 'app');
const epochSeconds = Number(process.env.SOURCE_DATE_EPOCH ?? '0');

mkdirSync(app, { recursive: true });
const { metafile } = await bundle(process.env.REVISION ?? 'unknown', {
  entryPoints: ['src/main.ts'],
  outfile: join(app, 'nsbaseline.mjs'),
});
// npm knows every package, esbuild which are in the program. `--omit=dev` would leave out what development needs as well.
const listed = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const bill = billOfMaterials(JSON.parse(listed) as BillOfMaterials, {
  packages: packagesIn(Object.keys(metafile.inputs)),
  epochSeconds,
});
writeFileSync(join(app, 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`);
copyFileSync('LICENSE', join(app, 'LICENSE'));
writeFileSync(join(app, LICENCES_FILE), licencesPage(bundledPackages(Object.keys(metafile.inputs))));
for (const name of readdirSync(app)) {
  utimesSync(join(app, name), epochSeconds, epochSeconds);
}
utimesSync(app, epochSeconds, epochSeconds);
utimesSync(target, epochSeconds, epochSeconds);
process.stdout.write(
  `${Object.keys(metafile.inputs).length} modules of ${bill.components.length} packages in ${Math.round(readFileSync(join(app, 'nsbaseline.mjs')).length / 1024)} KiB\n`,
);
