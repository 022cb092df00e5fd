import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Progress, progressOn } from '../support/control-plane/progress.ts';
import { forgetFigures, writeFigures } from './figures.ts';
import { commandOutput, commandResult } from './machine/command.ts';
import { ensureDocker } from './machine/docker.ts';
import { goProgram } from './machine/go-programs.ts';
import { clusterImages, isRegistryReachable, loadImages } from './machine/images.ts';
import { createCluster, type KindAddress, removeCluster } from './machine/kind-cluster.ts';
import { buildOperatorImage } from './machine/operator-image.ts';
import { clusterName, leftClusterPath, ROOT } from './machine/places.ts';

declare module 'vitest' {
  /** What `inject` gives in end-to-end tests. */
  export interface ProvidedContext {
    readonly kind: KindAddress;
    /** The image that deploy/base names, and a later build of it. */
    readonly operatorImages: { readonly current: string; readonly next: string };
  }
}

/** What tests are told of the cluster. */
interface Ground {
  readonly kind: KindAddress;
  readonly operatorImages: { readonly current: string; readonly next: string };
}

/** The cluster of a vitest run, with the operator of deploy/base in it. It goes when the run ends, unless KEEP=1. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = progressOn(process.stderr);
  const isKept = process.env.KEEP === '1';
  await forgetFigures();
  await ensureDocker(progress);
  // Its reaper is an image that has to be pulled; what is made here is removed by hand.
  if (!(await isRegistryReachable('registry-1.docker.io'))) {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  }
  const ground = (isKept ? await groundLeft() : undefined) ?? (await groundMade(progress));
  project.provide('kind', ground.kind);
  project.provide('operatorImages', ground.operatorImages);
  return async () => {
    await writeFigures(progress);
    if (isKept) {
      await writeFile(leftClusterPath(), JSON.stringify(ground));
      progress.say(
        `The cluster stays: export KUBECONFIG=${ground.kind.kubeconfigPath}; "make e2e-clean E2E_CLUSTER=${clusterName()}" removes it.`,
      );
      return;
    }
    await removeCluster(await goProgram('kind', progress));
  };
}

/** The cluster that an earlier run has left, as it was left, if it still answers. */
async function groundLeft(): Promise<Ground | undefined> {
  const text = await readFile(leftClusterPath(), 'utf8').catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  const ground = JSON.parse(text) as Ground;
  const answer = await commandResult({
    program: ground.kind.kubectlPath,
    args: ['get', 'deployment', 'nsbaseline', '--namespace=nsbaseline-system'],
    environment: { ...process.env, KUBECONFIG: ground.kind.kubeconfigPath },
  });
  return answer.exitCode === 0 ? ground : undefined;
}

async function groundMade(progress: Progress): Promise<Ground> {
  const images = await clusterImages(progress);
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  const operatorImages = { current: `nsbaseline:${manifest.version}`, next: `nsbaseline:${manifest.version}-next` };
  await buildOperatorImage({ image: operatorImages.current }, progress);
  await buildOperatorImage({ image: operatorImages.next, version: laterThan(manifest.version) }, progress);
  progress.say('Creating the cluster');
  const kind = await createCluster(images, progress);
  await loadImages(kind.node, Object.values(operatorImages));
  await install(kind);
  progress.say('The operator runs');
  return { kind, operatorImages };
}

/** As README says. */
async function install({ kubectlPath, kubeconfigPath }: KindAddress): Promise<void> {
  const kubectl = (...args: readonly string[]): Promise<string> =>
    commandOutput({ program: kubectlPath, args, environment: { ...process.env, KUBECONFIG: kubeconfigPath } });
  await kubectl('apply', '--kustomize', join(ROOT, 'deploy/crds'));
  await kubectl(
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    'crd/baselinepolicies.nsbaseline.io',
    'crd/namespacebaselines.nsbaseline.io',
  );
  await kubectl('apply', '--kustomize', join(ROOT, 'deploy/base'));
  await kubectl('rollout', 'status', 'deployment/nsbaseline', '--namespace=nsbaseline-system', '--timeout=180s');
}

function laterThan(version: string): string {
  const [major = '0', minor = '0'] = version.split('.');
  return `${major}.${Number(minor) + 1}.0`;
}
