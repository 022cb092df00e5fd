import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll, YAML11_SCHEMA } from 'js-yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { yamlText } from '../../../src/cli/views/structured-output.ts';
import { generatedFiles } from '../../../src/generate/generated-files.ts';
import { LABEL_VALUE_TEXTS } from '../../fixtures/policies/corpus.ts';

const root = join(import.meta.dirname, '../../..');

test.each([...generatedFiles()])('%s is what the schemas say', async (path, text) => {
  expect(await readFile(join(root, path), 'utf8')).toBe(text);
});

test('a kustomization gets the same CRDs as everybody else', () => {
  const files = generatedFiles();
  for (const resource of ['nsbaseline.io_baselinepolicies.yaml', 'nsbaseline.io_namespacebaselines.yaml']) {
    expect(files.get(`deploy/crds/${resource}`)).toBe(files.get(`crds/${resource}`));
    expect(files.get('deploy/crds/kustomization.yaml')).toContain(`- ${resource}`);
  }
});

describe('src/generate/main.ts', () => {
  interface Run {
    readonly exitCode: number;
    readonly stdout: string;
  }
  const run = (directory: string, ...args: readonly string[]): Promise<Run> =>
    new Promise((resolve) => {
      execFile(process.execPath, [join(directory, 'src/generate/main.ts'), ...args], (error, stdout) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout });
      });
    });

  test('--check writes nothing, names what differs and fails; without it, the files are written', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'nsbaseline-generate-'));
    onTestFinished(() => rm(copy, { recursive: true }));
    for (const entry of ['src', 'package.json', ...generatedFiles().keys()]) {
      await cp(join(root, entry), join(copy, entry), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    const edited = 'crds/nsbaseline.io_baselinepolicies.yaml';
    await writeFile(join(copy, edited), 'edited by hand');
    await rm(join(copy, 'docs/api.md'));

    const check = await run(copy, '--check');
    expect(check).toEqual({
      exitCode: 1,
      stdout: `differs from the schemas: ${edited}\ndiffers from the schemas: docs/api.md\nrun: node src/generate/main.ts\n`,
    });
    expect(await readFile(join(copy, edited), 'utf8')).toBe('edited by hand');

    expect(await run(copy)).toEqual({ exitCode: 0, stdout: `written: ${edited}\nwritten: docs/api.md\n` });
    expect(await run(copy, '--check')).toEqual({ exitCode: 0, stdout: '' });
  });
});

describe('T generated YAML', () => {
  const misread = [
    'y',
    'Y',
    'n',
    'N',
    'yes',
    'no',
    'on',
    'off',
    'true',
    'null',
    '~',
    '1e3',
    '0777',
    '0o7',
    '0x1f',
    '1_000',
    '12:30:45',
    '.inf',
    '.5',
    '2001-01-01',
    '=',
    '<<',
    '',
    '- a',
    'a: b',
    '#',
    "'",
    '"',
    '@a',
    '%a',
  ];

  test.each([...misread, ...LABEL_VALUE_TEXTS])(
    '%j stays text to a reader of YAML 1.1, as a key and as a value',
    (text) => {
      const [read] = loadAll(yamlText({ value: text, list: [text] }), { schema: YAML11_SCHEMA });
      expect(read).toEqual({ value: text, list: [text] });
      const [keys] = loadAll(yamlText({ map: JSON.parse(`{${JSON.stringify(text)}:1}`) as unknown }), {
        schema: YAML11_SCHEMA,
      });
      expect(JSON.stringify(keys)).toBe(`{"map":{${JSON.stringify(text)}:1}}`);
    },
  );
  test.each(['y', 'n', 'no', 'on', '1e3', '0777'])('%s stands in quotes', (text) => {
    expect(yamlText({ [text]: text })).toMatch(new RegExp(`^(['"])${text}\\1: (['"])${text}\\2\n$`));
  });
});
