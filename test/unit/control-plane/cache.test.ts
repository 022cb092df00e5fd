import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cacheDirectory, missingPrograms } from '../../support/control-plane/cache.ts';
import { withLock } from '../../support/control-plane/cache-lock.ts';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nsbaseline-unit-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('NSBASELINE_CACHE goes before XDG_CACHE_HOME, and that before the home folder', () => {
  expect(cacheDirectory({ NSBASELINE_CACHE: '/own', XDG_CACHE_HOME: '/xdg' })).toBe('/own');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/nsbaseline');
  expect(cacheDirectory({ NSBASELINE_CACHE: '', XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache/nsbaseline'));
});

test('a program counts as there only when it can be run', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'etcd'), '', { mode: 0o755 });
  await writeFile(join(directory, 'kubectl'), '', { mode: 0o644 });
  expect(await missingPrograms(directory, ['etcd', 'kubectl', 'kube-apiserver'])).toEqual([
    'kubectl',
    'kube-apiserver',
  ]);
});

test('of two that want the same lock, one waits until the other is done', async () => {
  const path = join(await temporaryDirectory(), 'lock');
  const order: string[] = [];
  const held = Promise.withResolvers<undefined>();
  const entered = Promise.withResolvers<undefined>();
  const first = withLock({ path, onWait: () => undefined, pollMs: 5 }, async () => {
    entered.resolve(undefined);
    await held.promise;
    order.push('first');
  });
  await entered.promise;
  const second = withLock(
    {
      path,
      onWait: () => {
        held.resolve(undefined);
      },
      pollMs: 5,
    },
    () => Promise.resolve(order.push('second')),
  );
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});

test('the lock of a process that has died is taken over, and given back after a failure', async () => {
  const path = join(await temporaryDirectory(), 'lock');
  // Larger than any process id that a system gives.
  await writeFile(path, '999999999\n');
  const failing = withLock({ path, onWait: () => undefined, pollMs: 5 }, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});
