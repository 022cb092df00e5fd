import { readdirSync, readFileSync } from 'node:fs';
import { packageFoldersIn } from './bill-of-materials.ts';

/** A package of which something is in the program, with what its licence asks to pass on. */
export interface BundledPackage {
  /** `name@version`. */
  readonly id: string;
  /** The SPDX identifier that it names (https://spdx.org/licenses/). */
  readonly licence: string;
  /** Its licence and notice files, as they are. */
  readonly texts: readonly string[];
}

/** The file beside the program that has the licence of every package in it. */
export const LICENCES_FILE = 'THIRD-PARTY-LICENSES';

const LICENCE_FILE = /^(?:licen[cs]e|copying|copyright|notice)(?:[.-].*)?$/iu;

/**
 * The text of a licence that names no holder of a copyright, for packages that come without a file of it
 * (https://spdx.org/licenses/Unlicense.html).
 */
const TEXTS: Readonly<Record<string, string>> = {
  Unlicense: `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any means.

In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright interest in the software to the public domain. We make this dedication for the benefit of the public at large and to the detriment of our heirs and successors. We intend this dedication to be an overt act of relinquishment in perpetuity of all present and future rights to this software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <https://unlicense.org/>`,
};

/** The packages that the files of a bundle come from, by name, each once for each version. */
export function bundledPackages(files: readonly string[]): readonly BundledPackage[] {
  const byId = new Map([...packageFoldersIn(files)].map(packageIn).map((found) => [found.id, found]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function packageIn(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8').replaceAll('\r\n', '\n').trim());
  return {
    id: `${name}@${version}`,
    licence: license ?? 'no licence named',
    texts: texts.filter((text) => text !== ''),
  };
}

/** The page for {@link LICENCES_FILE}. Throws when there is no text for a package. Pure. */
export function licencesPage(packages: readonly BundledPackage[]): string {
  const lacking = packages.filter(({ licence, texts }) => texts.length === 0 && TEXTS[licence] === undefined);
  if (lacking.length > 0) {
    throw new Error(`there is no licence text of ${lacking.map(({ id, licence }) => `${id} (${licence})`).join(', ')}`);
  }
  const sections = packages.map(({ id, licence, texts }) =>
    [`${id} (${licence})`, '-'.repeat(80), ...(texts.length > 0 ? texts : [TEXTS[licence] ?? ''])].join('\n\n'),
  );
  return `The program contains the packages below, each under the licence that stands with it.\n\n${'='.repeat(80)}\n${sections.join(`\n\n${'='.repeat(80)}\n`)}\n`;
}
