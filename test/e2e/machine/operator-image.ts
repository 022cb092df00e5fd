import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getContainerRuntimeClient } from 'testcontainers';
import type { Progress } from '../../support/control-plane/progress.ts';
import { commandOutput, commandResult } from './command.ts';
import { isRegistryReachable } from './images.ts';
import { ROOT } from './places.ts';

const STAND_INS = {
  BUILD_IMAGE: 'nsbaseline-stand-in/build:local',
  RUNTIME_IMAGE: 'nsbaseline-stand-in/runtime:local',
} as const;
/** What the Dockerfile reads of the checkout. */
const CONTEXT = ['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json', 'LICENSE', 'image', 'src'];

/** Builds the operator's image from the Dockerfile, as of another version where one is given: on the published bases where they can be pulled, on stand-ins otherwise. */
export async function buildOperatorImage(
  { image, version }: { readonly image: string; readonly version?: string },
  progress: Progress,
): Promise<void> {
  const bases = await baseImages(progress);
  const context = await mkdtemp(join(tmpdir(), 'nsbaseline-e2e-image-'));
  try {
    for (const name of CONTEXT) {
      await cp(join(ROOT, name), join(context, name), { recursive: true });
    }
    if (version !== undefined) {
      await writeFile(
        join(context, 'package.json'),
        (await readFile(join(ROOT, 'package.json'), 'utf8')).replace(/"version": "[^"]*"/, `"version": "${version}"`),
      );
    }
    progress.say(`Building ${image}`);
    const { image: images } = await getContainerRuntimeClient();
    await images.build(context, {
      t: image,
      dockerfile: 'Dockerfile',
      buildargs: { ...bases, ...(version === undefined ? {} : { VERSION: version }) },
      ...(bases.BUILD_IMAGE === undefined ? {} : { networkmode: 'host' }),
    });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  await commandOutput({ program: 'docker', args: ['image', 'inspect', image] });
}

async function baseImages(progress: Progress): Promise<Partial<typeof STAND_INS>> {
  if ((await isRegistryReachable('registry-1.docker.io')) && (await isRegistryReachable('gcr.io'))) {
    return {};
  }
  const standing = await commandResult({ program: 'docker', args: ['image', 'inspect', ...Object.values(STAND_INS)] });
  if (standing.exitCode !== 0) {
    progress.say('The base images cannot be pulled here; making stand-ins.');
    await commandOutput({ program: join(ROOT, 'image/stand-in/build.sh'), args: Object.values(STAND_INS) });
  }
  return STAND_INS;
}
