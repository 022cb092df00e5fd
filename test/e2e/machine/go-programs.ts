import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory, missingPrograms, versionDirectory } from '../../support/control-plane/cache.ts';
import { withLock } from '../../support/control-plane/cache-lock.ts';
import { buildPrograms } from '../../support/control-plane/go-build.ts';
import { compileProgram, goEnvironment } from '../../support/control-plane/go-command.ts';
import type { Progress } from '../../support/control-plane/progress.ts';
import { KUBERNETES_VERSIONS } from '../../support/control-plane/versions.ts';
import { contentHash, fileHash } from './content-hash.ts';
import { e2eCache } from './places.ts';

const KUBERNETES = KUBERNETES_VERSIONS.newest.built;
const [MAJOR = '', MINOR = ''] = KUBERNETES.split('.');
const STAMP = 'k8s.io/component-base/version';

/** Programs that are built from the Go modules of their folders, and nothing else is. */
const GO_PROGRAMS = {
  kind: { folder: '../node/kind', packagePath: 'sigs.k8s.io/kind', linkerFlags: '-s -w' },
  probe: { folder: '../probe', packagePath: '.', linkerFlags: '-s -w' },
  components: {
    folder: '../node/components',
    packagePath: '.',
    linkerFlags: `-s -w -X ${STAMP}.gitVersion=v${KUBERNETES} -X ${STAMP}.gitMajor=${MAJOR} -X ${STAMP}.gitMinor=${MINOR} -X ${STAMP}.gitTreeState=clean`,
  },
  coredns: { folder: '../node/coredns', packagePath: '.', linkerFlags: '-s -w' },
  enforcer: { folder: '../node/enforcer', packagePath: '.', linkerFlags: '-s -w' },
} as const;
/** One of them. */
export type GoProgram = keyof typeof GO_PROGRAMS;

/** Where a program lies, built now or before: by the content of its folder, and only with the sha256 that it was built with. Modules are checked against their go.sum. */
export async function goProgram(name: GoProgram, progress: Progress): Promise<string> {
  const { folder, packagePath, linkerFlags } = GO_PROGRAMS[name];
  const module = join(import.meta.dirname, folder);
  const hash = await contentHash(module, packagePath, linkerFlags);
  const path = join(e2eCache(), 'programs', `${name}-${hash}`, name);
  if (await isWhole(path)) {
    return path;
  }
  const onWait = (holder: number): void => {
    progress.say(`Another process (${holder}) is building ${name}; waiting for it.`);
  };
  await withLock({ path: `${dirname(path)}.lock`, onWait }, async () => {
    if (await isWhole(path)) {
      return;
    }
    await mkdir(dirname(path), { recursive: true });
    const output = `${path}.building`;
    const buildCache = join(e2eCache(), 'go-build');
    const environment = { ...(await goEnvironment(cacheDirectory(process.env))), GOCACHE: buildCache };
    progress.say(`Building ${name}, once.`);
    await compileProgram({ name, module, packagePath, linkerFlags, output, environment, progress });
    await writeFile(`${path}.sha256`, await fileHash(output));
    await rename(output, path);
  });
  return path;
}

/** kube-apiserver, kube-controller-manager, kubectl and etcd of the version that the other components have; those that a control plane for tests runs. */
export async function controlPlanePrograms(progress: Progress): Promise<string> {
  const cache = cacheDirectory(process.env);
  const directory = versionDirectory(cache, KUBERNETES);
  const missing = await missingPrograms(directory);
  if (missing.length > 0) {
    progress.say(
      `Building ${missing.join(', ')} (Kubernetes ${KUBERNETES}). This takes some 6 minutes on two cores, once.`,
    );
    await buildPrograms({ cache, choice: 'newest', programs: missing, progress });
  }
  return directory;
}

/** Takes away what only further builds could use, gigabytes of it. */
export async function forgetBuilds(): Promise<void> {
  await rm(join(e2eCache(), 'go-build'), { recursive: true, force: true });
}

async function isWhole(path: string): Promise<boolean> {
  const expected = await readFile(`${path}.sha256`, 'utf8').catch(() => undefined);
  if (expected === undefined) {
    return false;
  }
  return (await fileHash(path).catch(() => '')) === expected.trim();
}
