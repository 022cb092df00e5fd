import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFailed, test } from 'vitest';
import { RUNBOOK_PAGES } from '../runbooks/pages.ts';
import { RunbookCluster } from '../runbooks/runbook-cluster.ts';
import { SITUATIONS } from '../runbooks/situations.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';

const root = join(import.meta.dirname, '../..');
let own: ControlPlane;
let stage: RunbookCluster;
let folder = '';

beforeAll(async () => {
  // Of its own: what the other files leave in a cluster counts in its guards.
  own = await startControlPlane({ version: inject('controlPlane').choice });
  stage = await RunbookCluster.set(own);
  folder = await mkdtemp(join(tmpdir(), 'runbooks-'));
  await symlink(stage.scene.cluster.address.kubectlPath, join(folder, 'kubectl'));
  // `status` ends with 4 where not all is well, which is when somebody reads these pages.
  await writeFile(
    join(folder, 'nsbaseline'),
    `#!/bin/sh\n'${process.execPath}' '${join(root, 'src/main.ts')}' "$@"\ncode=$?\n[ "$1 $code" = 'status 4' ] || exit $code\n`,
  );
  await chmod(join(folder, 'nsbaseline'), 0o755);
});

afterEach(async () => {
  await stage.clear();
});

afterAll(async () => {
  await stage.stopOperator();
  await own.stop();
  await rm(folder, { recursive: true });
});

/** Runs a block as somebody would who copies it into a terminal at the root of the checkout, and stops at the first command that fails. */
function typed(commands: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: `${folder}${delimiter}${process.env.PATH ?? ''}`,
      HOME: folder,
      KUBECONFIG: stage.scene.cluster.address.kubeconfigPath,
    };
    const child = spawn('bash', ['-eu', '-c', commands], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? -1, output });
    });
  });
}

/** The blocks of every page by their scene, in the order in which they stand; what uninstalls comes last. */
const courses = RUNBOOK_PAGES.flatMap(({ name, blocks }) => {
  const scenes = [...new Set(blocks.flatMap(({ scene }) => scene ?? []))];
  return scenes.map((scene) => ({
    page: `${name}.md`,
    scene,
    blocks: blocks.filter((block) => block.scene === scene),
  }));
}).sort((a, b) => Number(a.scene === 'uninstall') - Number(b.scene === 'uninstall'));

describe('the commands of docs/runbooks, out of the pages', () => {
  test.each(courses)('$page, where it is so: $scene', { timeout: 120_000 }, async ({ scene, blocks }) => {
    const { prepare, expected } = SITUATIONS[scene] ?? {
      prepare: () => Promise.reject(new Error(`there is no scene ${scene}`)),
      expected: () => Promise.resolve(),
    };
    // What a scene that failed has left undone is not for the next one.
    onTestFailed(() => stage.install());
    await prepare(stage);
    for (const { commands } of blocks) {
      const { code, output } = await typed(commands);
      expect(code, `${commands}\n${output}`).toBe(0);
    }
    await expected(stage);
  });
});
