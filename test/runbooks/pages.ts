import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const docs = join(import.meta.dirname, '../../docs');
const folder = join(docs, 'runbooks');

/** What a terminal shows when a command was refused. */
const REFUSAL = /^Error from server|^The \w+ "[^"]*" is invalid/;
/** What kubectl prints in every run alike. */
const STABLE = /^[\w./-]+ (?:(?:un)?labeled|created|configured|patched|annotated|condition met)$/;

/** A block of commands of a page. */
export interface CommandBlock {
  /** The scene in which it is tried; undefined where it needs pods, Prometheus or a person. */
  readonly scene: string | undefined;
  readonly commands: string;
  /** For a block that shows outputs: the lines that are the same in every run, which must be printed. */
  readonly printed: readonly string[];
}

/** A page of docs/guides: a reader types its blocks one after the other. */
export interface GuidePage {
  /** Without `.md`. */
  readonly name: string;
  /** Every YAML block that begins with its name in a comment, by that name: the reader saves it. */
  readonly files: ReadonlyMap<string, string>;
  readonly blocks: readonly CommandBlock[];
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

/** Every page of docs/guides. */
export const GUIDE_PAGES: readonly GuidePage[] = globSync('*.md', { cwd: join(docs, 'guides') })
  .sort()
  .map((file) => {
    const text = readFileSync(join(docs, 'guides', file), 'utf8');
    return { name: basename(file, '.md'), files: filesIn(text), blocks: blocksIn(text) };
  });

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
    blocks: blocksIn(text),
  };
}

function blocksIn(text: string): readonly CommandBlock[] {
  const blocks = text.matchAll(/^```(?<kind>sh|console)(?: scene=(?<scene>[\w-]+))?\n(?<content>.*?)^```$/gms);
  return [...blocks].map(({ groups = {} }) => {
    const { kind, scene, content = '' } = groups;
    return kind === 'console' ? { scene, ...typedInto(content) } : { scene, commands: content, printed: [] };
  });
}

/** The commands of a terminal session, which the prompt `$ ` marks; one that was refused there must be refused again. */
function typedInto(session: string): Pick<CommandBlock, 'commands' | 'printed'> {
  const steps = session
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.trimEnd().split('\n');
      const isRefused = output.some((line) => REFUSAL.test(line));
      return { command: isRefused ? `if ${command}; then exit 99; fi` : command, output };
    });
  return {
    commands: steps.map(({ command }) => command).join('\n'),
    printed: steps.flatMap(({ output }) => output.filter((line) => STABLE.test(line))),
  };
}

function filesIn(text: string): ReadonlyMap<string, string> {
  const files = text.matchAll(/^```yaml\n# (?<name>[\w-]+\.yaml)\n(?<content>.*?)^```$/gms);
  return new Map([...files].map(({ groups: { name = '', content = '' } = {} }) => [name, content]));
}
