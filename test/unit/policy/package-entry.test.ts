import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPolicyPackage } from '../../../image/policy-package.ts';

const root = join(import.meta.dirname, '../../..');
/** It runs esbuild and the compiler. */
const LONG_MS = 240_000;
let stranger = '';

/** What docs/policy.md shows first. */
const PROGRAM = `import { clusterOf, compile, type VerdictKind, verdict } from 'nsbaseline/policy';

const objects: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'web' }, spec: {} },
  { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'db' }, spec: {} },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'shop', name: 'deny' }, spec: { podSelector: {} } },
];
const { kind, parts } = verdict(compile(clusterOf(objects)), {
  from: { kind: 'pod', namespace: 'shop', name: 'web' },
  to: { kind: 'pod', namespace: 'shop', name: 'db' },
  protocol: 'TCP',
  port: 5432,
});
declare const console: { log(...texts: unknown[]): void };
const answer: VerdictKind = kind;
console.log(answer, parts[0]?.ingress.policies[0]?.policy.name);
`;

beforeAll(async () => {
  stranger = await mkdtemp(join(tmpdir(), 'stranger-'));
  const installed = join(stranger, 'node_modules/nsbaseline');
  await mkdir(installed, { recursive: true });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  await buildPolicyPackage(join(installed, 'dist'));
  await writeFile(join(stranger, 'package.json'), '{"type":"module"}');
  await writeFile(join(stranger, 'ask.mts'), PROGRAM);
}, LONG_MS);

afterAll(() => rm(stranger, { recursive: true }));

test('a project elsewhere imports nsbaseline/policy and asks it, with nothing of this checkout', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['ask.mts'], { cwd: stranger });
  expect(stdout).toBe('denied deny\n');
}, 60_000);

test(
  'its types hold in a strict project that may not import .ts files',
  () => {
    const program = ts.createProgram([join(stranger, 'ask.mts')], {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2024,
      lib: ['lib.es2024.d.ts'],
      strict: true,
      noEmit: true,
      types: [],
    });
    const said = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    expect(said).toEqual([]);
  },
  LONG_MS,
);

test('nothing else of the package can be imported', async () => {
  await writeFile(join(stranger, 'deep.mjs'), "import 'nsbaseline/dist/policy.js';\n");
  await expect(promisify(execFile)(process.execPath, ['deep.mjs'], { cwd: stranger })).rejects.toThrow(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  );
}, 60_000);
