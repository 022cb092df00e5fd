import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, versionDirectory } from './cache.ts';
import { withLock } from './cache-lock.ts';
import { compileProgram, goEnvironment } from './go-command.ts';
import type { Progress } from './progress.ts';
import { KUBERNETES_VERSIONS, type KubernetesChoice } from './versions.ts';

/** What to build, and into which cache. */
export interface BuildRequest {
  readonly cache: string;
  readonly choice: KubernetesChoice;
  readonly programs: readonly Program[];
  readonly progress: Progress;
}

/** One `go build`: packages of one module, with the names of the programs that they become. */
interface Module {
  readonly folder: string;
  readonly packages: Readonly<Partial<Record<Program, string>>>;
}

const ETCD: Module = { folder: 'etcd', packages: { etcd: 'go.etcd.io/etcd/server/v3' } };

function kubernetes(choice: KubernetesChoice): Module {
  const names: readonly Program[] = ['kube-apiserver', 'kube-controller-manager', 'kubectl'];
  return {
    folder: `${choice}-kubernetes`,
    packages: Object.fromEntries(names.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
  };
}

/**
 * Builds programs from Go modules into the cache, some 6 minutes on two cores; what an interrupted build has compiled is
 * not compiled again. Go's own caches go into ours, so that the user's stay as they are; modules that the user has already
 * are read from there. Throws with what to install when there is no Go.
 */
export async function buildPrograms(request: BuildRequest): Promise<void> {
  const directory = versionDirectory(request.cache, KUBERNETES_VERSIONS[request.choice].built);
  const lock = {
    path: `${directory}.lock`,
    onWait: (holder: number) => {
      request.progress.say(`Another process (${holder}) is building this; waiting for it.`);
    },
  };
  await withLock(lock, async () => {
    const environment = await goEnvironment(request.cache);
    const staging = `${directory}.building`;
    await mkdir(staging, { recursive: true });
    await mkdir(directory, { recursive: true });
    for (const module of [kubernetes(request.choice), ETCD]) {
      const wanted = request.programs.filter((program) => module.packages[program] !== undefined);
      for (const program of wanted) {
        await buildProgram({ ...request, module, program, staging, environment });
      }
      for (const program of wanted) {
        await rename(join(staging, program), join(directory, program));
      }
    }
    await rm(staging, { recursive: true, force: true });
    // Gigabytes that only another build of the same version could use.
    await rm(join(request.cache, 'go', 'build'), { recursive: true, force: true });
  });
}

interface ProgramBuild extends BuildRequest {
  readonly module: Module;
  readonly program: Program;
  readonly staging: string;
  readonly environment: NodeJS.ProcessEnv;
}

async function buildProgram(build: ProgramBuild): Promise<void> {
  const { module, program, progress, environment, staging } = build;
  await compileProgram({
    name: program,
    module: join(import.meta.dirname, module.folder),
    packagePath: module.packages[program] ?? '',
    linkerFlags: linkerFlags(build),
    output: join(staging, program),
    environment,
    progress,
  });
}

function linkerFlags({ choice, module }: ProgramBuild): string {
  if (module === ETCD) {
    return '-s -w';
  }
  const version = KUBERNETES_VERSIONS[choice].built;
  const [major, minor] = version.split('.');
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return [
    '-s -w',
    ...Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value ?? ''}`),
  ].join(' ');
}
