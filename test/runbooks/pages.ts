import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = join(import.meta.dirname, '../../docs/runbooks');

/** A block of commands of a page. */
export interface CommandBlock {
  /** The scene in which it is tried; undefined where it needs pods, Prometheus or a person. */
  readonly scene: string | undefined;
  readonly commands: string;
}

/** A page of docs/runbooks. */
export interface RunbookPage {
  /** Without `.md`. */
  readonly name: string;
  readonly text: string;
  /** What it is for: everything in backticks in the line below its title. */
  readonly covers: readonly string[];
  /** The headings of its sections, in order. */
  readonly sections: readonly string[];
  readonly blocks: readonly CommandBlock[];
}

/** Every page of docs/runbooks as it stands, the index among them. */
export const RUNBOOK_PAGES: readonly RunbookPage[] = globSync('*.md', { cwd: folder })
  .sort()
  .map((file) => pageFrom(basename(file, '.md'), readFileSync(join(folder, file), 'utf8')));

/** The index, and the page of what can be held: they lead to others, and are not about one thing. */
export const OVERVIEWS: readonly string[] = ['README', 'by-hand'];

function pageFrom(name: string, text: string): RunbookPage {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const coverLine = /^For .*$/m.exec(prose)?.[0] ?? '';
  return {
    name,
    text,
    covers: [...coverLine.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
    sections: [...prose.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? ''),
    blocks: [...text.matchAll(/^```sh(?: scene=(?<scene>[\w-]+))?\n(?<commands>.*?)^```$/gms)].map(
      ({ groups = {} }) => ({ scene: groups.scene, commands: groups.commands ?? '' }),
    ),
  };
}
