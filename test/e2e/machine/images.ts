import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../support/control-plane/progress.ts';
import { commandOutput, commandResult } from './command.ts';
import { contentHash } from './content-hash.ts';
import { ensureNodeTools } from './docker.ts';
import { controlPlanePrograms, forgetBuilds, goProgram } from './go-programs.ts';
import { e2eCache } from './places.ts';

const NODE = join(import.meta.dirname, '../node');
const REGISTRY_LIMIT_MS = 5_000;

/** What a cluster is made from. */
export interface ClusterImages {
  /** The node image that was built here; undefined where kind pulls its own. */
  readonly node: string | undefined;
  readonly probe: string;
}

/** Whether images can be pulled from there; any answer of its API will do. */
export async function isRegistryReachable(host: string): Promise<boolean> {
  return fetch(`https://${host}/v2/`, { signal: AbortSignal.timeout(REGISTRY_LIMIT_MS) }).then(
    () => true,
    () => false,
  );
}

/** Has the images that a cluster and its probes need. kind's own node image where it can be pulled, one made here otherwise or where `NODE_IMAGE=own` asks for it. */
export async function clusterImages(progress: Progress): Promise<ClusterImages> {
  const probe = await probeImage(progress);
  if (process.env.NODE_IMAGE !== 'own' && (await isRegistryReachable('registry-1.docker.io'))) {
    return { node: undefined, probe };
  }
  progress.say("kind's published node image cannot be pulled here; using one that is built here.");
  return { node: await nodeImage(progress), probe };
}

async function nodeImage(progress: Progress): Promise<string> {
  const programs = await controlPlanePrograms(progress);
  const own = {
    components: await goProgram('components', progress),
    coredns: await goProgram('coredns', progress),
    enforcer: await goProgram('enforcer', progress),
    probe: await goProgram('probe', progress),
  };
  await forgetBuilds();
  const image = `nsbaseline-e2e/node:${await contentHash(NODE, ...Object.values(own), programs)}`;
  if (await isImageThere(image)) {
    return image;
  }
  await ensureNodeTools(progress);
  const folder = join(e2eCache(), 'node-programs');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kubectl', 'etcd']) {
    await symlink(join(programs, name), join(folder, name));
  }
  for (const [name, path] of Object.entries(own)) {
    await symlink(path, join(folder, name));
  }
  // Debian's packages change of themselves: the file system is as old as its list of packages.
  const base = join(e2eCache(), `node-base-${await contentHash(join(NODE, 'files'))}.tar`);
  await commandOutput({
    program: join(NODE, 'image.sh'),
    args: [folder, base, image],
    environment: { ...process.env, DOCKER_BUILDKIT: '0' },
    onLine: (line) => {
      if (line.startsWith('node image:')) {
        progress.say(line);
      }
    },
  });
  return image;
}

async function probeImage(progress: Progress): Promise<string> {
  const program = await goProgram('probe', progress);
  const image = `nsbaseline-e2e/probe:${await contentHash(join(program, '..'))}`;
  if (await isImageThere(image)) {
    return image;
  }
  const folder = join(e2eCache(), 'probe-image');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o777 });
  await cp(program, join(folder, 'probe'));
  await commandOutput({
    program: 'sh',
    args: [
      '-c',
      `chmod 1777 "$1/tmp" && tar -C "$1" -c . | docker import --change 'ENTRYPOINT ["/probe"]' --change 'USER 65532:65532' - "$2"`,
      'import',
      folder,
      image,
    ],
  });
  return image;
}

async function isImageThere(image: string): Promise<boolean> {
  return (await commandResult({ program: 'docker', args: ['image', 'inspect', image] })).exitCode === 0;
}

/** Gives images of Docker to the containerd of a node. */
export async function loadImages(node: string, images: readonly string[]): Promise<void> {
  const pipe =
    'node=$1; shift; docker save "$@" | docker exec --interactive "$node" ctr --namespace=k8s.io images import -';
  await commandOutput({ program: 'sh', args: ['-c', pipe, 'load', node, ...images] });
}
