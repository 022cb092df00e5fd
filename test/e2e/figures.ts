import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../support/control-plane/progress.ts';
import { clusterName, e2eCache, ROOT } from './machine/places.ts';

/** Measured times by name, in milliseconds; said at the end of a run and never asserted. */
export type Figures = Readonly<Record<string, number | string>>;

function folder(): string {
  return join(e2eCache(), `${clusterName()}.figures`);
}

/** Keeps figures of this run, under a name that says what they are about. */
export async function noteFigures(about: string, figures: Figures): Promise<void> {
  await mkdir(folder(), { recursive: true });
  await writeFile(join(folder(), `${about}.json`), JSON.stringify(figures));
}

/** Says all figures of the run and writes them into one file: `E2E_FIGURES`, or e2e-figures.json below `dist`. */
export async function writeFigures(progress: Progress): Promise<void> {
  const names = await readdir(folder()).catch((): string[] => []);
  const all: Record<string, unknown> = {};
  for (const name of names.sort()) {
    all[name.replace(/\.json$/, '')] = JSON.parse(await readFile(join(folder(), name), 'utf8'));
  }
  const path = process.env.E2E_FIGURES ?? join(ROOT, 'dist/e2e-figures.json');
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
  for (const [about, figures] of Object.entries(all)) {
    progress.say(`${about}: ${JSON.stringify(figures)}`);
  }
  progress.say(`Figures are in ${path}`);
}

/** Forgets the figures of earlier runs. */
export async function forgetFigures(): Promise<void> {
  await rm(folder(), { recursive: true, force: true });
}
