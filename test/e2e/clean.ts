/** Removes the cluster and, unless other clusters of kind stand, the images made for it and, where it was started from here, Docker. Everything cached stays. */
import { readFile, rm } from 'node:fs/promises';
import { progressOn } from '../support/control-plane/progress.ts';
import { commandOutput, commandResult } from './machine/command.ts';
import { goProgram } from './machine/go-programs.ts';
import { removeCluster } from './machine/kind-cluster.ts';
import { dockerFiles, kubeconfigPath, leftClusterPath } from './machine/places.ts';

const progress = progressOn(process.stderr);
const others: string[] = [];

if ((await commandResult({ program: 'docker', args: ['version'], timeoutMs: 20_000 })).exitCode === 0) {
  const kind = await goProgram('kind', progress);
  await removeCluster(kind);
  others.push(
    ...(await commandOutput({ program: kind, args: ['get', 'clusters', '--quiet'] }))
      .split('\n')
      .filter((line) => line !== ''),
  );
  if (others.length === 0) {
    await removeImages();
  }
}
for (const path of [kubeconfigPath(), leftClusterPath()]) {
  await rm(path, { force: true });
}
if (others.length === 0) {
  await endDocker();
} else {
  progress.say(`Images and Docker stay, for ${others.join(', ')}.`);
}

async function removeImages(): Promise<void> {
  const images = await commandResult({
    program: 'docker',
    args: ['images', '--quiet', '--no-trunc', '--filter', 'reference=nsbaseline-e2e/*'],
  });
  const ids = [...new Set(images.stdout.split('\n').filter((line) => line !== ''))];
  if (ids.length > 0) {
    await commandResult({ program: 'docker', args: ['rmi', '--force', ...ids] });
  }
}

async function endDocker(): Promise<void> {
  const { processId } = dockerFiles();
  const daemon = Number((await readFile(processId, 'utf8').catch(() => '')).trim());
  const commandLine = await readFile(`/proc/${daemon}/comm`, 'utf8').catch(() => '');
  if (daemon > 1 && commandLine.trim() === 'dockerd') {
    process.kill(daemon, 'SIGTERM');
    progress.say('Docker, which was started for the tests, ends.');
  }
  await rm(processId, { force: true });
}
