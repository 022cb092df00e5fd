import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type Result, success } from '../../base/result.ts';
import type { Terminal } from '../frame/terminal.ts';

/** The text of a manifest, and where it came from as people call it. */
export interface ManifestText {
  readonly source: string;
  readonly text: string;
}

/** As much as the API server would take, with room for several documents. */
const MAX_BYTES = 16 * 1024 ** 2;
const MANIFEST_NAME = /\.(?:ya?ml|json)$/;

/**
 * What the `-f` of kubectl means: a file, the `.yaml`, `.yml` and `.json` files of a folder in the order of their names
 * (with those of its folders, where `isRecursive`), or `-` for standard input. No text has more than `limitBytes`, 16 MiB
 * when absent. The error says which cannot be read, and why.
 */
export async function manifestTexts(
  path: string,
  options: { readonly isRecursive: boolean; readonly terminal: Terminal; readonly limitBytes?: number },
): Promise<Result<readonly ManifestText[], string>> {
  const limitBytes = options.limitBytes ?? MAX_BYTES;
  if (path === '-') {
    const input = await options.terminal.readInput(limitBytes);
    return input.ok
      ? success([{ source: 'standard input', text: input.value }])
      : failure(`standard input ${input.error}`);
  }
  try {
    if (!(await stat(path)).isDirectory()) {
      return success([await manifestText(path, limitBytes)]);
    }
    const paths = await manifestsIn(path, options.isRecursive);
    if (paths.length === 0) {
      return failure(
        `${path}: there is no .yaml, .yml or .json file in this folder${options.isRecursive ? '' : ' (-R looks into its folders too)'}`,
      );
    }
    return success(await Promise.all(paths.map((file) => manifestText(file, limitBytes))));
  } catch (thrown) {
    return failure(`${path}: ${causeText(thrown)}`);
  }
}

async function manifestsIn(folder: string, isRecursive: boolean): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: isRecursive });
  const paths = names
    .filter((name) => MANIFEST_NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
  const kinds = await Promise.all(paths.map(async (path) => (await stat(path)).isFile()));
  return paths.filter((_, at) => kinds[at]);
}

async function manifestText(path: string, limitBytes: number): Promise<ManifestText> {
  const { size } = await stat(path);
  if (size > limitBytes) {
    throw new Error(`${path} has more than ${limitBytes} bytes`);
  }
  return { source: path, text: await readFile(path, 'utf8') };
}

function causeText(thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return 'cannot be read';
  }
  const known = 'code' in thrown ? CAUSES.get(thrown.code) : undefined;
  return known ?? thrown.message;
}

const CAUSES: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EACCES', 'may not be read'],
]);
