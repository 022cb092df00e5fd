import { createHash } from 'node:crypto';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, missingPrograms, PROGRAMS, type Program, versionDirectory } from './cache.ts';
import { downloadObstacle, downloadPrograms, PUBLIC_SOURCES, place, reasonOf } from './download.ts';
import { buildPrograms } from './go-build.ts';
import type { Progress } from './progress.ts';
import { KUBERNETES_VERSIONS, type KubernetesChoice, versionsInOrder } from './versions.ts';

/** What is wanted, and who is told how it goes; nothing is said when all is in the cache. */
export interface BinariesRequest {
  readonly version: KubernetesChoice;
  readonly progress: Progress;
}

/** The same, with what it depends on spelt out. */
interface Search extends BinariesRequest {
  readonly cache: string;
  readonly programs: readonly Program[];
}

/**
 * A folder with kube-apiserver, etcd, kube-controller-manager and kubectl: `KUBEBUILDER_ASSETS` where it is set (for the
 * newest only), else the cache, else a download, else a build with Go. Throws with what to do when none of them works.
 */
export async function controlPlaneBinaries(request: BinariesRequest): Promise<string> {
  const search: Search = { ...request, cache: cacheDirectory(process.env), programs: PROGRAMS };
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (request.version === 'newest' && assets !== undefined && assets !== '') {
    return assetsDirectory(search, assets);
  }
  return obtained(search);
}

/** Whether {@link controlPlaneBinaries} would neither download nor build anything. */
export async function areBinariesCached(version: KubernetesChoice): Promise<boolean> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  const cache = cacheDirectory(process.env);
  if (version === 'newest' && assets !== undefined && assets !== '' && (await missingPrograms(assets)).length === 0) {
    return true;
  }
  return (await cached({ version, cache, programs: PROGRAMS })) !== undefined;
}

/** `KUBEBUILDER_ASSETS` itself, or, since those of envtest have no kube-controller-manager, a folder of links with one added. */
async function assetsDirectory(search: Search, assets: string): Promise<string> {
  const missing = await missingPrograms(assets);
  if (missing.length === 0) {
    return assets;
  }
  const others = missing.filter((program) => program !== 'kube-controller-manager');
  if (others.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS is ${assets}, but there is no ${others.join(' and no ')} in it. Unset it, or let it name a folder with all of them.`,
    );
  }
  search.progress.say(
    `KUBEBUILDER_ASSETS has no kube-controller-manager; taking that of Kubernetes ${KUBERNETES_VERSIONS.newest.built}.`,
  );
  const addition = await obtained({ ...search, programs: missing });
  const links = join(
    search.cache,
    'controlplane',
    `assets-${createHash('sha256').update(assets).digest('hex').slice(0, 8)}`,
  );
  await mkdir(links, { recursive: true });
  for (const program of PROGRAMS) {
    await rm(join(links, program), { force: true });
    await symlink(join(missing.includes(program) ? addition : assets, program), join(links, program));
  }
  return links;
}

async function obtained(search: Search): Promise<string> {
  return (await cached(search)) ?? (await downloaded(search)) ?? (await built(search));
}

async function cached({ version, cache, programs }: Omit<Search, 'progress'>): Promise<string | undefined> {
  for (const candidate of versionsInOrder(version)) {
    const directory = versionDirectory(cache, candidate);
    if ((await missingPrograms(directory, programs)).length === 0) {
      return directory;
    }
  }
  return undefined;
}

async function downloaded(search: Search): Promise<string | undefined> {
  const { cache, progress, programs } = search;
  const version = KUBERNETES_VERSIONS[search.version].downloaded;
  const obstacle = await downloadObstacle(PUBLIC_SOURCES);
  if (obstacle !== undefined) {
    progress.say(`Kubernetes cannot be downloaded here (${obstacle}); building it with Go instead.`);
    return undefined;
  }
  const directory = versionDirectory(cache, version);
  const withoutManager = programs.filter((program) => program !== 'kube-controller-manager');
  try {
    await downloadPrograms({ sources: PUBLIC_SOURCES, cache, version, programs: withoutManager, progress });
  } catch (error) {
    progress.say(`The download of Kubernetes ${version} failed (${reasonOf(error)}); building it with Go instead.`);
    return undefined;
  }
  if (!programs.includes('kube-controller-manager')) {
    return directory;
  }
  try {
    await downloadPrograms({
      sources: PUBLIC_SOURCES,
      cache,
      version,
      programs: ['kube-controller-manager'],
      progress,
    });
  } catch (error) {
    progress.say(`kube-controller-manager ${version} cannot be downloaded (${reasonOf(error)}); building it with Go.`);
    const beside = await built({ ...search, programs: ['kube-controller-manager'] });
    await place(join(beside, 'kube-controller-manager'), directory, 'kube-controller-manager');
  }
  return directory;
}

async function built({ version, cache, programs, progress }: Search): Promise<string> {
  const number = KUBERNETES_VERSIONS[version].built;
  const directory = versionDirectory(cache, number);
  const missing = await missingPrograms(directory, programs);
  progress.say(
    `Building ${missing.join(', ')} (Kubernetes ${number}) into ${directory}. This takes some 6 minutes on two cores, once.`,
  );
  await buildPrograms({ cache, choice: version, programs: missing, progress });
  return directory;
}
