import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { proofsByNumber } from '../../fault-table/proofs-page.ts';
import { numbersInCell, pageAt, tableAfter, testFilesInCell } from './proofs.ts';

const root = join(import.meta.dirname, '../../..');
const page = pageAt('docs/threat-model.md');
const proofs = proofsByNumber();
const promises = tableAfter(page, '## What is promised').map(([promise = '', , , proof = '']) => ({
  promise,
  numbers: numbersInCell(proof),
  files: testFilesInCell(proof),
}));

describe('docs/threat-model.md', () => {
  test('promises something', () => {
    expect(promises.length).toBeGreaterThan(15);
  });

  test.each(promises)('names rules with tests, or test files: $promise', ({ numbers, files }) => {
    expect([...numbers, ...files]).not.toEqual([]);
    expect(numbers.filter((number) => !proofs.has(number))).toEqual([]);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('lists exactly the rights that deploy/base gives the operator', () => {
    const listed = tableAfter(page, '## A stolen token').map(([where = '', resource = '', only = '', verbs = '']) => ({
      where,
      resource,
      only,
      verbs,
    }));
    expect(listed.sort(byText)).toEqual([...shippedRights()].sort(byText));
  });
});

const roleSchema = z.object({
  kind: z.enum(['ClusterRole', 'Role']),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      resourceNames: z.array(z.string()).default([]),
      verbs: z.array(z.string()),
    }),
  ),
});

/** Every rule of every role that is bound to the operator, as the page has them; the one for viewers is bound to nobody. */
function shippedRights(): readonly Record<'where' | 'resource' | 'only' | 'verbs', string>[] {
  const folder = 'deploy/base';
  const documents: readonly unknown[] = readdirSync(join(root, folder)).flatMap((file) =>
    loadAll(pageAt(join(folder, file))),
  );
  const roles = documents.flatMap((document) => {
    const role = roleSchema.safeParse(document);
    return role.success && role.data.metadata.name !== 'nsbaseline-view' ? [role.data] : [];
  });
  return roles.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => ({
          where: metadata.namespace ?? 'everywhere',
          resource: group === '' ? resource : `${resource}.${group}`,
          only: resourceNames.join(', '),
          verbs: verbs.join(', '),
        })),
      ),
    ),
  );
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
