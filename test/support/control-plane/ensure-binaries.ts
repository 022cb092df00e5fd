/** Has the programs of a control plane in the cache before anything else begins, with progress on the terminal. */
import { controlPlaneBinaries } from './binaries.ts';
import { progressOn } from './progress.ts';
import { kubernetesChoice } from './versions.ts';

// An exit, unlike a death by signal, takes a running build along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}

try {
  await controlPlaneBinaries({ version: kubernetesChoice(process.env), progress: progressOn(process.stderr) });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
