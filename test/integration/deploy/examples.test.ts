import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../src/api/baseline-policy.ts';
import { renderedParts } from '../../../src/domain/rendering/rendering.ts';
import { clusterAt } from '../../support/control-plane/cluster.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'deploy/components/examples');
const cluster = clusterAt(inject('controlPlane'));
const NAMESPACE = 'deploy-examples';

interface Example {
  readonly metadata: { readonly name: string };
  readonly spec: BaselinePolicySpec;
}

const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
const examples = files.map((file) => ({
  file,
  policies: loadAll(readFileSync(join(folder, file), 'utf8')) as readonly Example[],
}));

beforeAll(async () => {
  await cluster.applyManifests(join(root, 'deploy/crds'));
  await cluster.applyManifests([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
});

afterAll(async () => {
  await cluster.kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
});

describe('the examples', () => {
  test.each(examples)(
    '$file is taken by the API server as it stands: every field is known, every rule is kept',
    async ({ file }) => {
      await cluster.kubectl('apply', '--dry-run=server', '--validate=strict', `--filename=${join(folder, file)}`);
    },
  );

  test.each(examples)('$file: what it stands for is taken as NetworkPolicies', async ({ policies }) => {
    const parts = policies.flatMap(({ metadata, spec }) => renderedParts(metadata.name, spec, {}));
    const objects = parts.map(({ name, spec }) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: NAMESPACE },
      spec,
    }));
    const result = await cluster.tryKubectl(['create', '--dry-run=server', '--validate=strict', '--filename=-'], {
      stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    });
    expect(objects.length).toBeGreaterThan(0);
    expect(result).toMatchObject({ exitCode: 0 });
  });

  test.each(examples)('$file has a page, and the page has the file', ({ file }) => {
    const page = readFileSync(join(root, 'docs/recipes', file.replace('.yaml', '.md')), 'utf8');
    for (const heading of ['## What it does', '## Why', '## The mistake people make', '## How to check']) {
      expect(page).toContain(heading);
    }
    expect(page).toContain(`deploy/components/examples/${file}`);
    expect(page).toContain(`\`\`\`yaml\n${readFileSync(join(folder, file), 'utf8')}\`\`\``);
  });

  test('are all in the kustomization', () => {
    const { resources } = load(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
      resources: readonly string[];
    };
    expect([...resources].sort()).toEqual([...files].sort());
  });

  test('select no namespace that does not say so by a label of its own', () => {
    for (const { metadata, spec } of examples.flatMap(({ policies }) => policies)) {
      const { matchLabels = {}, matchExpressions = [] } = spec.namespaceSelector ?? {};
      const asked = [
        ...Object.entries(matchLabels),
        ...matchExpressions
          .filter(({ operator }) => operator === 'In')
          .map(({ key, values = [] }) => [key, values.join()] as const),
      ];
      expect(
        asked.map(([key]) => key),
        metadata.name,
      ).toContain('baseline');
    }
  });
});
