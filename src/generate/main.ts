import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

// `node src/generate/main.ts` writes the generated files; with `--check` it writes nothing, names those that differ and exits 1.
const root = fileURLToPath(new URL('../..', import.meta.url));
const isCheck = process.argv.includes('--check');

const differing: string[] = [];
for (const [path, text] of generatedFiles()) {
  if ((await currentText(path)) === text) {
    continue;
  }
  differing.push(path);
  if (isCheck) {
    continue;
  }
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
for (const path of differing) {
  process.stdout.write(`${isCheck ? 'differs from the schemas' : 'written'}: ${path}\n`);
}
if (isCheck && differing.length > 0) {
  process.stdout.write('run: node src/generate/main.ts\n');
  process.exitCode = 1;
}

async function currentText(path: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
