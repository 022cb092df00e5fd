import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packagesIn } from '../../../image/bill-of-materials.ts';
import { bundle } from '../../../image/bundle.ts';
import { type BundledPackage, bundledPackages, licencesPage } from '../../../image/licences.ts';

const root = join(import.meta.dirname, '../../..');

test('every package that is in the program stands on the page of licences, with a text of its licence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nsbaseline-licences-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const { metafile } = await bundle('test', {
    entryPoints: [join(root, 'src/main.ts')],
    outfile: join(folder, 'nsbaseline.mjs'),
  });
  const files = Object.keys(metafile.inputs);
  const page = licencesPage(bundledPackages(files));
  const sections = page.split(`\n${'='.repeat(80)}\n`).slice(1);
  expect(sections.map((section) => section.split(' (')[0]).sort()).toEqual([...packagesIn(files)].sort());
  expect(sections.length).toBeGreaterThan(20);
  for (const section of sections) {
    expect(section).toMatch(
      /Permission is hereby granted|Permission to use, copy, modify|Apache License|Redistribution and use|free and unencumbered/,
    );
  }
}, 120_000);

test('a package without a text of its licence stops the build, unless its licence names no holder of a copyright', () => {
  const of = (licence: string): BundledPackage => ({ id: 'a@1.0.0', licence, texts: [] });
  expect(() => licencesPage([of('MIT')])).toThrow('there is no licence text of a@1.0.0 (MIT)');
  expect(licencesPage([of('Unlicense')])).toContain('released into the public domain');
});
