/** Has the tools that tests run in the cache before anything else begins, with progress on the terminal. */
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../control-plane/cache.ts';
import { withLock } from '../control-plane/cache-lock.ts';
import { compileProgram, goEnvironment } from '../control-plane/go-command.ts';
import { progressOn } from '../control-plane/progress.ts';
import { TOOLS, type ToolName, toolFor, toolPath } from './tools.ts';

const progress = progressOn(process.stderr);

// An exit, unlike a death by signal, takes a running build along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}

try {
  for (const name of Object.keys(TOOLS) as ToolName[]) {
    await ensureTool(name);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function ensureTool(name: ToolName): Promise<void> {
  const path = toolPath(name);
  if (await isExecutable(path)) {
    return;
  }
  const cache = cacheDirectory(process.env);
  const onWait = (holder: number): void => {
    progress.say(`Another process (${holder}) is building ${name}; waiting for it.`);
  };
  await withLock({ path: `${dirname(path)}.lock`, onWait }, async () => {
    if (await isExecutable(path)) {
      return;
    }
    const { version, packagePath, linkerFlags, tags = [] } = toolFor(name);
    progress.say(`Building ${name} ${version} into ${dirname(path)}, once.`);
    await mkdir(dirname(path), { recursive: true });
    // Of its own, since another build may be running, and gigabytes that nothing else could use, so it goes afterwards.
    const buildCache = join(cache, 'go', `build-${name}`);
    const environment = { ...(await goEnvironment(cache)), GOCACHE: buildCache };
    const output = `${path}.building`;
    await compileProgram({
      name,
      module: join(import.meta.dirname, name),
      packagePath,
      linkerFlags,
      tags,
      output,
      environment,
      progress,
    });
    await rename(output, path);
    await rm(buildCache, { recursive: true, force: true });
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
