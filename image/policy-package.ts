/**
 * Makes the package entry `nsbaseline/policy` importable without this checkout: `node image/policy-package.ts <folder>`
 * leaves `policy.js`, which needs nothing but Node, and its types in the folder.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const ENTRY = join(root, 'src/policy/index.ts');

/** Writes the entry and its types into the folder. */
export async function buildPolicyPackage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await bundle('', { entryPoints: [ENTRY], outfile: join(folder, 'policy.js') });
  const types = join(folder, 'types');
  await rm(types, { recursive: true, force: true });
  emitTypes(types);
  await withJsImports(types);
  await writeFile(join(folder, 'policy.d.ts'), "export * from './types/policy/index.js';\n");
}

function emitTypes(outDir: string): void {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    readonly config: { readonly compilerOptions: Record<string, unknown> };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([ENTRY], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, 'src'),
    outDir,
  });
  const { diagnostics } = program.emit();
  const [first] = diagnostics;
  if (first !== undefined) {
    throw new Error(ts.flattenDiagnosticMessageText(first.messageText, '\n'));
  }
}

/** Other projects may not import `.ts` files. */
async function withJsImports(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.d.ts')) {
      const path = join(folder, name);
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replaceAll(/(from '|import\(")(\.[^'"]*)\.ts(['"])/g, '$1$2.js$3'));
    }
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    throw new Error('write: node image/policy-package.ts <folder>');
  }
  await buildPolicyPackage(folder);
}
