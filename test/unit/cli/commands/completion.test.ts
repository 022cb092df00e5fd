import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { flagOf, RUN_OPTION_KEYS } from '../../../../src/app/run-options.ts';
import { COMMANDS } from '../../../../src/cli/commands/commands.ts';
import { BASELINE_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';
import { outcomeOf } from '../command-line.ts';

const root = join(import.meta.dirname, '../../../..');

/** What completion offers for the last word, without descriptions, and whether it asks for files. */
async function offered(...words: string[]): Promise<{ values: string[]; isFile: boolean }> {
  const { printed } = await outcomeOf(['__complete', ...words]);
  const lines = printed.trimEnd().split('\n');
  const directive = lines.pop();
  return { values: lines.map((line) => line.replace(/\t.*/, '')), isFile: directive === ':0' };
}

describe('completion offers', () => {
  test('every command, with what it does', async () => {
    expect((await offered('')).values).toEqual([...COMMANDS.map(({ name }) => name), 'help']);
    expect((await outcomeOf(['__complete', 'ru'])).printed).toBe('run\trun the operator\n:4\n');
  });

  test('commands and their flags behind flags of kubectl, too', async () => {
    expect((await offered('-n', 'team-a', 'sta')).values).toEqual(['status']);
    expect((await offered('-n', 'team-a', 'status', '--prob')).values).toEqual(['--problems']);
  });

  test('every flag of run', async () => {
    expect((await offered('run', '--')).values).toEqual([...RUN_OPTION_KEYS.map(flagOf), '--help']);
  });

  test.each([
    [
      ['run', '--log-level', ''],
      ['debug', 'info', 'warn', 'error'],
    ],
    [['run', '--log-level', 'w'], ['warn']],
    [['run', '--log-level=w'], ['warn']],
    [['run', '--log-level', '=', 'w'], ['warn']],
    [
      ['run', '--log-level', '='],
      ['debug', 'info', 'warn', 'error'],
    ],
    [['run', '--log-level', 'warn', '--log-f'], ['--log-format']],
    [['run', '--workers', ''], []],
    [['completion', 'z'], ['zsh']],
    [['completion', 'zsh', ''], []],
    [
      ['version', '-o', ''],
      ['json', 'yaml'],
    ],
    [['help', 'ver'], ['version']],
    [['nonsense', ''], []],
  ])('for %j: %j', async (words, values) => {
    expect(await offered(...words)).toEqual({ values, isFile: false });
  });

  test('files where a path is wanted', async () => {
    expect(await offered('run', '--kubeconfig', '')).toEqual({ values: [], isFile: true });
    expect(await offered('run', '--kubeconfig=/tmp/')).toEqual({ values: [], isFile: true });
  });
});

describe('names in the cluster', () => {
  let cluster: CliCluster;
  beforeAll(async () => {
    cluster = await startCliCluster();
    for (const name of ['team-a', 'team-b', 'other']) {
      await cluster.namespace(name);
    }
    for (const name of ['standard', 'strict']) {
      valueOf(
        await cluster.kube.create(BASELINE_POLICIES, {
          apiVersion: API_VERSION,
          kind: 'BaselinePolicy',
          metadata: { name },
          spec: {},
        }),
      );
    }
  });
  afterAll(() => cluster.stop());

  test.each([
    [
      ['status', '-n', 'team-'],
      ['team-a', 'team-b'],
    ],
    [['prune', '--namespace=o'], ['other']],
    [
      ['status', 'st'],
      ['standard', 'strict'],
    ],
    [['approve', 'str'], ['strict']],
    [['approve', 'standard', ''], []],
  ])('are asked for: %j', async ([command = '', ...words], values) => {
    expect(await offered(command, '--kubeconfig', cluster.kubeconfig, ...words)).toEqual({ values, isFile: false });
    expect(await offered(command, `--kubeconfig=${cluster.kubeconfig}`, ...words)).toEqual({ values, isFile: false });
  });

  test('are none, without a word, where the cluster does not answer', async () => {
    expect(await offered('status', '--kubeconfig', '/nope', '-n', '')).toEqual({ values: [], isFile: false });
    cluster.server.intercept = () => ({ kind: 'silence', when: 'before' });
    expect(await outcomeOf(['__complete', 'status', '--kubeconfig', cluster.kubeconfig, ''])).toEqual({
      code: 0,
      printed: ':4\n',
      complaint: '',
    });
  });
});

describe('the scripts', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'completion-'));
    await writeFile(
      join(folder, 'nsbaseline'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src/main.ts')}' "$@"\n`,
      { mode: 0o755 },
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function bash(script: string): Promise<string[]> {
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-euc', script], {
      env: { PATH: `${folder}:${process.env.PATH ?? ''}` },
    });
    return stdout.trimEnd().split('\n');
  }

  test.each([
    [['nsbaseline', 'ver'], ['version']],
    [
      ['nsbaseline', 'run', '--log-'],
      ['--log-level', '--log-format'],
    ],
    [['nsbaseline', 'run', '--log-level', '=', 'd'], ['debug']],
  ])('of bash completes %j', async (words, completed) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    expect(
      await bash(
        `eval "$(nsbaseline completion bash)"; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _nsbaseline; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ),
    ).toEqual(completed);
  });

  test('of bash is registered for the program', async () => {
    expect(await bash('eval "$(nsbaseline completion bash)"; complete -p nsbaseline')).toEqual([
      'complete -F _nsbaseline nsbaseline',
    ]);
  });

  test.each(['bash', 'zsh', 'fish'])('of %s call the file that people call, and hold no placeholder', async (shell) => {
    const { printed } = await outcomeOf(['completion', shell], { executable: 'kubectl-baseline' });
    expect(printed).toContain('kubectl-baseline __complete');
    expect(printed).not.toMatch(/FUNCTION|EXECUTABLE/);
  });
});
