/**
 * Gets the programs of a control plane into the cache before anything else starts, with progress on the terminal. With
 * `--cached` it gets nothing, and exits with 1 where they are not in the cache.
 */
import { areBinariesCached, controlPlaneBinaries } from './binaries.ts';
import { progressOn } from './progress.ts';
import { kubernetesChoice } from './versions.ts';

// An exit, unlike a death by signal, takes a running build along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}

try {
  const version = kubernetesChoice(process.env);
  if (process.argv.includes('--cached')) {
    process.exitCode = (await areBinariesCached(version)) ? 0 : 1;
  } else {
    await controlPlaneBinaries({ version, progress: progressOn(process.stderr) });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
