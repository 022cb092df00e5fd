import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The four programs that make up a control plane for tests. */
export const PROGRAMS = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kubectl'] as const;
/** One of the {@link PROGRAMS}. */
export type Program = (typeof PROGRAMS)[number];

/** The folder that everything downloaded or built lives in; besides the checkout, nothing else on the machine changes. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const own = environment.NSBASELINE_CACHE;
  if (own !== undefined && own !== '') {
    return resolve(own);
  }
  const xdg = environment.XDG_CACHE_HOME;
  const base = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache');
  return resolve(base, 'nsbaseline');
}

/** Where the programs of one Kubernetes version are cached. */
export function versionDirectory(cache: string, version: string): string {
  return join(cache, 'controlplane', `v${version}`);
}

/** Those of the programs that are not there to be run. */
export async function missingPrograms(
  directory: string,
  programs: readonly Program[] = PROGRAMS,
): Promise<readonly Program[]> {
  const present = await Promise.all(programs.map((program) => isExecutable(join(directory, program))));
  return programs.filter((_, index) => present[index] !== true);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
