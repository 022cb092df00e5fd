import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAlive } from './process-id.ts';

/** How a {@link withLock} waits. */
export interface LockOptions {
  readonly path: string;
  /** Called once when somebody else holds the lock, with the id of that process. */
  readonly onWait: (holder: number) => void;
  readonly pollMs?: number;
}

/** Runs `work` while no other process on this machine does so under the same path. The lock of a process that has died is taken over. */
export async function withLock<Value>(options: LockOptions, work: () => Promise<Value>): Promise<Value> {
  const { path, onWait, pollMs = 500 } = options;
  await mkdir(dirname(path), { recursive: true });
  let hasWaited = false;
  while (!(await isTaken(path))) {
    const holder = await holderOf(path);
    if (holder === undefined || !isAlive(holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (!hasWaited) {
      onWait(holder);
    }
    hasWaited = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function isTaken(path: string): Promise<boolean> {
  return writeFile(path, `${process.pid}\n`, { flag: 'wx' }).then(
    () => true,
    () => false,
  );
}

/** `undefined` when the lock is gone or was left empty by a crash. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}
