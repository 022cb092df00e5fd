import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentHash } from '../../e2e/machine/content-hash.ts';
import { KUBERNETES_VERSIONS } from '../../support/control-plane/versions.ts';

const NODE = join(import.meta.dirname, '../../e2e/node');

describe('the node that is built here', () => {
  test('has the Kubernetes of the newest control plane', () => {
    const module = readFileSync(join(NODE, 'components/go.mod'), 'utf8');
    expect(module).toContain(`k8s.io/kubernetes v${KUBERNETES_VERSIONS.newest.built}\n`);
  });

  test('is known by what it is made from', async () => {
    const hash = await contentHash(NODE);
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(await contentHash(NODE)).toBe(hash);
    expect(await contentHash(NODE, 'a word')).not.toBe(hash);
  });
});
