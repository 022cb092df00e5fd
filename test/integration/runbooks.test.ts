import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFailed, test } from 'vitest';
import { GUIDE_SITUATIONS } from '../runbooks/guide-situations.ts';
import { type CommandBlock, GUIDE_PAGES, RUNBOOK_PAGES } from '../runbooks/pages.ts';
import { RunbookCluster } from '../runbooks/runbook-cluster.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';

const root = join(import.meta.dirname, '../..');
/** The readers of a guide answer the question of a command with `y`; a test has no terminal, and says so by a flag. */
const ANSWERED = `case "$ANSWER $1 $*" in *--dry-run*) ;; 'yes prune '*|'yes approve '*) set -- "$@" --yes ;; esac\n`;
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
    `#!/bin/sh\n${ANSWERED}'${process.execPath}' '${join(root, 'src/main.ts')}' "$@"\ncode=$?\n[ "$1 $code" = 'status 4' ] || exit $code\n`,
  );
  // Where a reader saves the files of a guide, beside `deploy`.
  await mkdir(join(folder, 'guide'));
  await symlink(join(root, 'deploy'), join(folder, 'guide', 'deploy'));
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
function typed(
  commands: string,
  { cwd, answer = '' }: { readonly cwd: string; readonly answer?: string },
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: `${folder}${delimiter}${process.env.PATH ?? ''}`,
      HOME: folder,
      KUBECONFIG: stage.scene.cluster.address.kubeconfigPath,
      ANSWER: answer,
    };
    const child = spawn('bash', ['-eu', '-c', commands], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
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
function coursesOf<Page extends { readonly name: string; readonly blocks: readonly CommandBlock[] }>(
  pages: readonly Page[],
) {
  return pages
    .flatMap((page) => {
      const scenes = [...new Set(page.blocks.flatMap(({ scene }) => scene ?? []))];
      return scenes.map((scene) => ({
        page,
        file: `${page.name}.md`,
        scene,
        blocks: page.blocks.filter((block) => block.scene === scene),
      }));
    })
    .sort((a, b) => Number(a.scene === 'uninstall') - Number(b.scene === 'uninstall'));
}

async function act(
  { scene, blocks }: { readonly scene: string; readonly blocks: readonly CommandBlock[] },
  typing: Parameters<typeof typed>[1],
): Promise<void> {
  const { prepare, expected } = GUIDE_SITUATIONS[scene] ?? {
    prepare: () => Promise.reject(new Error(`there is no scene ${scene}`)),
    expected: () => Promise.resolve(),
  };
  // What a scene that failed has left undone is not for the next one.
  onTestFailed(() => stage.install());
  await prepare(stage);
  for (const { commands, printed } of blocks) {
    const { code, output } = await typed(commands, typing);
    expect(code, `${commands}\n${output}`).toBe(0);
    expect(output.split('\n'), commands).toEqual(expect.arrayContaining([...printed]));
  }
  await expected(stage);
}

describe('the commands of docs/guides, out of the pages', () => {
  test.each(coursesOf(GUIDE_PAGES))('$file: $scene', { timeout: 300_000 }, async ({ page, ...course }) => {
    const cwd = join(folder, 'guide');
    for (const [name, text] of page.files) {
      await writeFile(join(cwd, name), text);
    }
    await act(course, { cwd, answer: 'yes' });
  });
});

describe('the commands of docs/runbooks, out of the pages', () => {
  test.each(coursesOf(RUNBOOK_PAGES))('$file, where it is so: $scene', { timeout: 120_000 }, async (course) => {
    await act(course, { cwd: root });
  });
});
