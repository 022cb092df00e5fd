import { Command } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import type { RunOptions } from '../../../../src/app/run-options.ts';
import { defineRun, type RunOperator } from '../../../../src/cli/commands/run/run.ts';

/** `run` with an operator of ours in place of the real one. */
async function run(words: readonly string[], operator: RunOperator, env: Record<string, string> = {}) {
  let code: number | undefined;
  const context = {
    programName: 'nsbaseline',
    executable: 'nsbaseline',
    env,
    print: () => undefined,
    writeError: () => undefined,
    exit: (wanted: number) => {
      code = wanted;
    },
  };
  const command = new Command('run');
  defineRun(command, context, operator);
  await command.parseAsync([...words], { from: 'user' });
  return code;
}

describe('run', () => {
  test('gives the operator what was written, and ends with its exit code', async () => {
    let given: RunOptions | undefined;
    const code = await run(
      ['--workers=3', '--exclude-namespaces', 'a', '--exclude-namespaces=b,c', '--request-timeout', '2s'],
      (options) => {
        given = options;
        return Promise.resolve(3);
      },
      { NSBASELINE_LOG_LEVEL: 'warn' },
    );
    expect(code).toBe(3);
    expect(given).toMatchObject({
      workers: 3,
      excludeNamespaces: ['a', 'b', 'c'],
      requestTimeoutMs: 2_000,
      logLevel: 'warn',
    });
  });

  test('starts nothing when something is wrong', async () => {
    const operator = vi.fn<RunOperator>();
    expect(await run(['--workers=0'], operator)).toBe(2);
    expect(operator).not.toHaveBeenCalled();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'tells the operator to end on %s, and leaves no handler behind',
    async (signal) => {
      const before = process.listenerCount(signal);
      const code = await run(
        [],
        (_, aborted) =>
          new Promise((resolve) => {
            aborted.addEventListener('abort', () => {
              resolve(0);
            });
            process.emit(signal, signal);
          }),
      );
      expect(code).toBe(0);
      expect(process.listenerCount(signal)).toBe(before);
    },
  );

  test('ends at once on a second signal', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${String(code)}`);
    });
    const ended = run([], () => {
      process.emit('SIGINT', 'SIGINT');
      process.emit('SIGTERM', 'SIGTERM');
      return Promise.resolve(0);
    });
    await expect(ended).rejects.toThrow('exit 143');
    exit.mockRestore();
  });
});
