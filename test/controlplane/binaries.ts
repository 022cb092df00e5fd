import { cacheDirectory, missingPrograms, versionDirectory } from './cache.ts';
import { versionsInOrder, type KubernetesChoice } from './versions.ts';

/** What is wanted, and who is told how it goes. */
export interface BinariesRequest {
  readonly version: KubernetesChoice;
  /** Gets whole sentences for people, never more than a line each. */
  readonly progress: (line: string) => void;
}

/** A folder with kube-apiserver, etcd, kube-controller-manager and kubectl. */
export async function controlPlaneBinaries(request: BinariesRequest): Promise<string> {
  const cache = cacheDirectory(process.env);
  for (const version of versionsInOrder(request.version)) {
    const directory = versionDirectory(cache, version);
    if ((await missingPrograms(directory)).length === 0) return directory;
  }
  throw new Error('not cached');
}
