import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { applyObjects, kubectl, managedPolicies } from './e2e-cluster.ts';
import { ROOT } from './machine/places.ts';
import { BOTH_WAYS } from './recipes/both-ways.ts';
import { askForRecipe, type Claim, expectClaims, FROM_STRANGERS, NAMES, type Recipe } from './recipes/claims.ts';
import { INWARD } from './recipes/inward.ts';
import { OUTWARD } from './recipes/outward.ts';
import { type AddressBook, OUTWARD_TEAM, podsRemoved, podsStarted, TEAM } from './recipes/pods.ts';

const FOLDER = join(ROOT, 'deploy/components/examples');
const FILES = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');
const OWN_POLICIES = loadAll(blocksOf('with-own-policies').slice(1).join('---\n')) as readonly {
  readonly metadata: { readonly name: string };
}[];
const SHOPKEEPERS: Recipe = {
  title: 'a floor with policies of the owners on top lets through what theirs say, and no more',
  file: 'with-own-policies',
  allowed: [...NAMES, 'web -> tcp@api:8080', 'prometheus -> tcp@api:9090'],
  refused: [
    ...FROM_STRANGERS,
    'web -> tcp@api:9090',
    'web -> udp@api:8080',
    'web -> tcp@server:8080',
    'client -> tcp@api:8080',
    'stranger -> tcp@api:8080',
    'api -> tcp@web:8080',
  ],
};
const RECIPES = [
  ...[...INWARD, ...BOTH_WAYS, SHOPKEEPERS].map((recipe) => ({ ...recipe, namespace: TEAM })),
  ...OUTWARD.map((recipe) => ({ ...recipe, namespace: OUTWARD_TEAM })),
];
/** The same namespace and pod selectors as in the recipe, as two items of the list. */
const AS_TWO_ITEMS = 'allow-monitoring-as-two-items';
let book: AddressBook;

beforeAll(async () => {
  await kubectl('apply', ...FILES.map((file) => `--filename=${join(FOLDER, file)}`));
  book = await podsStarted(inject('kind').node);
});

afterAll(async () => {
  await podsRemoved();
  await kubectl(
    'delete',
    'baselinepolicies',
    '--ignore-not-found',
    AS_TWO_ITEMS,
    ...FILES.flatMap((file) => policiesOf(file).map(({ metadata }) => metadata.name)),
  );
});

describe('a recipe', () => {
  test('is asked for by a label: with all of them applied, whoever has none is open, and so is who names no stage', async () => {
    for (const namespace of [TEAM, OUTWARD_TEAM]) {
      await askForRecipe({ namespace, labels: { baseline: 'by-stage' }, policies: [] });
    }
    const all = new Set<Claim>(RECIPES.flatMap(({ allowed, refused }) => allowed.concat(refused)));
    await expectClaims(book, { allowed: [...all], refused: [] });
  });

  test('for monitoring would let in the whole of that namespace, and pods of the own one, with two items instead of one', async () => {
    const [recipe] = policiesOf('allow-monitoring.yaml');
    const monitoring = recipe?.spec.allow?.monitoring;
    const from = monitoring?.from?.flatMap(({ namespaceSelector, podSelector }) => [
      { namespaceSelector },
      { podSelector },
    ]);
    const namespaceSelector = { matchLabels: { baseline: AS_TWO_ITEMS } };
    await applyObjects({
      ...recipe,
      metadata: { name: AS_TWO_ITEMS },
      spec: {
        ...recipe?.spec,
        namespaceSelector,
        isolate: ['Ingress'],
        allow: { monitoring: { ...monitoring, from } },
      },
    });
    await askForRecipe({ namespace: TEAM, labels: { baseline: AS_TWO_ITEMS }, policies: [AS_TWO_ITEMS] });
    await expectClaims(book, {
      allowed: ['prometheus -> tcp@server:9090', 'visitor -> tcp@server:9090', 'helper -> tcp@server:9090'],
      refused: [
        'visitor -> tcp@server:8080',
        'impostor -> tcp@server:9090',
        'client -> tcp@server:9090',
        'stranger -> tcp@server:9090',
      ],
    });
    expect(await managedPolicies(TEAM)).toEqual([`${AS_TWO_ITEMS}.allow-monitoring`, `${AS_TWO_ITEMS}.default-deny`]);
  });

  test.each(RECIPES.map((recipe) => [recipe.title, recipe] as const))(
    '%s',
    async (_title, { file, namespace, labels = { baseline: file }, policies = [file], allowed, refused }) => {
      if (file === SHOPKEEPERS.file) {
        await applyObjects(...OWN_POLICIES.map((own) => ({ ...own, metadata: { ...own.metadata, namespace: TEAM } })));
      }
      const theirs = await ownPolicies();
      await askForRecipe({ namespace, labels, policies });
      await expectClaims(book, { allowed, refused });
      expect(await ownPolicies()).toEqual(theirs);
      if (file === SHOPKEEPERS.file) {
        await kubectl(
          'delete',
          'networkpolicies',
          `--namespace=${TEAM}`,
          ...OWN_POLICIES.map(({ metadata }) => metadata.name),
        );
      }
    },
  );

  test('is one of these, every one of them', () => {
    expect([...new Set(RECIPES.map(({ file }) => `${file}.yaml`))].sort()).toEqual([...FILES].sort());
  });
});

interface Example {
  readonly metadata: { readonly name: string };
  readonly spec: BaselinePolicySpec;
}

function policiesOf(file: string): readonly Example[] {
  return loadAll(readFileSync(join(FOLDER, file), 'utf8')) as readonly Example[];
}

/** The YAML of a recipe's page, block by block; the first is the file itself. */
function blocksOf(recipe: string): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs/recipes', `${recipe}.md`), 'utf8');
  return [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);
}

/** The owners' policies in the namespace as they stand, every field of them. */
async function ownPolicies(): Promise<readonly unknown[]> {
  const text = await kubectl(
    'get',
    'networkpolicies',
    `--namespace=${TEAM}`,
    '--selector=app.kubernetes.io/managed-by!=nsbaseline',
    '--output=json',
  );
  return (JSON.parse(text) as { readonly items: readonly unknown[] }).items;
}
