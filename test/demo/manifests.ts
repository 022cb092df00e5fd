import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { isKubeObject, type KubeObject } from '../../src/kube/client/kube-object.ts';

/** The files that the demo applies, as paths from the top of the checkout, so that a user can apply them too. */
export const MANIFESTS = {
  teams: 'test/demo/manifests/teams.yaml',
  standard: 'test/demo/manifests/standard.yaml',
  strict: 'test/demo/manifests/strict.yaml',
} as const;

/** The top of the checkout. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** The objects of a manifest, in order. */
export async function objectsIn(manifest: string): Promise<readonly KubeObject[]> {
  const objects = loadAll(await readFile(`${CHECKOUT}/${manifest}`, 'utf8'));
  return objects.map((object) => {
    if (!isKubeObject(object)) {
      throw new Error(`${manifest} holds something that is no API object`);
    }
    return object;
  });
}
