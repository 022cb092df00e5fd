import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../src/api/crd/crd.ts';
import { CEL_RULES } from '../../src/api/schema-rule.ts';
import { validateBaselinePolicy } from '../../src/api/validation.ts';
import { yamlDocuments } from '../../src/cli/manifests/yaml-documents.ts';
import { PORT_NUMBER_TEXTS } from '../fixtures/policies/corpus.ts';
import { EMPTY_VALUE_CASES, type EmptyValueCase } from '../fixtures/policies/empty-values.ts';
import { type Answer, adminRequests } from '../support/control-plane/admin-requests.ts';
import { clusterAt } from '../support/control-plane/cluster.ts';

const cluster = clusterAt(inject('controlPlane'));
const admin = await adminRequests(cluster);
const POLICIES = '/apis/nsbaseline.io/v1alpha1/baselinepolicies';
const AT_ONCE = 16;

const policy = (name: string, spec: unknown): object => ({
  apiVersion: 'nsbaseline.io/v1alpha1',
  kind: 'BaselinePolicy',
  metadata: { name },
  spec,
});

type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

function dryRun(spec: unknown, fieldValidation: FieldValidation): Promise<Answer> {
  return admin.post(
    `${POLICIES}?dryRun=All&fieldValidation=${fieldValidation}`,
    JSON.stringify(policy('empty-values', spec)),
  );
}

/** The answers to all cases, in their order. */
async function answersTo(
  cases: readonly EmptyValueCase[],
  fieldValidation: FieldValidation,
): Promise<readonly (readonly [EmptyValueCase, Answer])[]> {
  const answers: (readonly [EmptyValueCase, Answer])[] = [];
  for (let start = 0; start < cases.length; start += AT_ONCE) {
    const some = cases.slice(start, start + AT_ONCE);
    const asked = some.map(async (one) => [one, await dryRun(one.spec, fieldValidation)] as const);
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

const isTaken = ({ status }: Answer): boolean => status !== 'Failure';
const isTakenOffline = (spec: unknown): boolean => validateBaselinePolicy('empty-values', spec).ok;

/** Whether a refusal names the field, or the object that it is in, and says what to write. */
function saysWhatToWrite(answer: Answer, field: string): boolean {
  const around = field.slice(0, field.lastIndexOf('.'));
  return (answer.details?.causes ?? []).some(
    (cause) =>
      (cause.field === field || cause.field === around) &&
      /write a value, or take the field out|supported values: "|Required value/.test(cause.message ?? ''),
  );
}

beforeAll(async () => {
  await cluster.applyManifests('deploy/crds');
});
afterAll(async () => {
  admin.end();
  await cluster.kubectl('delete', '--kustomize=deploy/crds', '--timeout=50s');
});

describe.each<FieldValidation>(['Strict', 'Ignore'])('R11 F61 with fieldValidation %s', (fieldValidation) => {
  test('the API server refuses a field without a value wherever it stands, and says what to write', async () => {
    const cases = EMPTY_VALUE_CASES.filter(({ isNull }) => isNull);
    expect(cases.length).toBeGreaterThan(128);
    const answers = await answersTo(cases, fieldValidation);
    expect(answers.flatMap(([{ title }, answer]) => (isTaken(answer) ? [title] : []))).toEqual([]);
    expect(
      answers.flatMap(([{ title, path }, answer]) =>
        saysWhatToWrite(answer, path) ? [] : [`${title}: ${answer.message ?? ''}`],
      ),
    ).toEqual([]);
  });

  test('the API server and offline validation decide alike on every empty value of every field', async () => {
    const answers = await answersTo(EMPTY_VALUE_CASES, fieldValidation);
    expect(answers.flatMap(([{ title }, answer]) => (isTaken(answer) ? [title] : []))).toEqual(
      EMPTY_VALUE_CASES.flatMap(({ title, spec }) => (isTakenOffline(spec) ? [title] : [])),
    );
  });
});

describe('R11 F61 a field without a value', () => {
  test('is refused in a server-side apply and a replacement of a policy that is there', async () => {
    onTestFinished(async () => {
      await cluster.kubectl('delete', 'baseline', 'empty-values');
    });
    await cluster.applyManifests([
      policy('empty-values', { rules: [{ name: 'a', egress: [{ to: [{ podSelector: {} }] }] }] }),
    ]);
    const emptied = JSON.stringify(policy('empty-values', { rules: [{ name: 'a', egress: [{ to: null }] }] }));
    for (const command of [['apply', '--server-side', '--force-conflicts'], ['replace']]) {
      const refused = await cluster.tryKubectl([...command, '--filename=-'], { stdin: emptied });
      expect(refused.stderr).toContain('write a value, or take the field out');
    }
  });

  // What docs/limits.md says: kubectl itself takes the field out, so that no API server can see it.
  test('T never reaches the API server when kubectl apply updates a policy, so that limits.md names it', async () => {
    onTestFinished(async () => {
      await cluster.kubectl('delete', 'baseline', 'empty-values');
    });
    for (const mode of ['Paused', null]) {
      await cluster.tryKubectl(['apply', '--filename=-'], { stdin: JSON.stringify(policy('empty-values', { mode })) });
    }
    const stored = load(await cluster.kubectl('get', 'baseline', 'empty-values', '--output=yaml')) as Answer;
    expect(stored.spec).toEqual({});
  });
});

describe('R11 F61 a number', () => {
  const manifest = (port: string): string =>
    `{apiVersion: nsbaseline.io/v1alpha1, kind: BaselinePolicy, metadata: {name: numbers}, spec: {rules: [{name: a, egress: [{ports: [{port: ${port}}]}]}]}}`;
  const offline = (port: string): unknown => {
    const documents = yamlDocuments(manifest(port));
    const [document] = documents.ok ? documents.value : [];
    const verdict = validateBaselinePolicy('numbers', (document as Answer | undefined)?.spec);
    return verdict.ok ? verdict.spec : 'refused';
  };

  test('is the same port to kubectl, the API server and render, however YAML may write it', async () => {
    const answers: Record<string, unknown> = {};
    for (const text of PORT_NUMBER_TEXTS) {
      const answer = await admin.post(
        `${POLICIES}?dryRun=All&fieldValidation=Strict`,
        manifest(text),
        'application/yaml',
      );
      answers[text] = isTaken(answer) ? answer.spec : 'refused';
    }
    expect(answers).toEqual(Object.fromEntries(PORT_NUMBER_TEXTS.map((text) => [text, offline(text)])));
    expect(answers).toMatchObject({ '80.0': { rules: [{ egress: [{ ports: [{ port: 80 }] }] }] }, '80.5': 'refused' });
  });

  test.each(['80.0', '1e2'])('that is written %s as JSON is a whole number to kubectl as to render', async (text) => {
    const json = JSON.stringify(
      policy('numbers', { rules: [{ name: 'a', egress: [{ ports: [{ port: 8888 }] }] }] }),
    ).replace('8888', text);
    const taken = await cluster.tryKubectl(['create', '--dry-run=server', '--output=json', '--filename=-'], {
      stdin: json,
    });
    expect((JSON.parse(taken.stdout) as Answer).spec).toEqual(offline(text));
    // Without kubectl in between the API server does not take it for one.
    expect(isTaken(await admin.post(`${POLICIES}?dryRun=All`, json))).toBe(false);
  });
});

/** The CRD of BaselinePolicies as a former version had it: with none of the rules that refuse what may be stored already. */
function formerCrd(): object {
  const [definition] = RESOURCE_DEFINITIONS;
  if (definition === undefined) {
    throw new Error('there is no resource');
  }
  return JSON.parse(JSON.stringify(crdFor(definition)), (key, value: unknown) =>
    key === CEL_RULES || key === 'nullable' ? undefined : value,
  ) as object;
}

test('R11 F61 a policy that a former CRD took keeps its status and its finalizers, and may be corrected', async () => {
  onTestFinished(async () => {
    await cluster.kubectl('delete', 'baseline', 'former');
    await cluster.applyManifests('deploy/crds');
  });
  await cluster.applyManifests([formerCrd()]);
  const former = { namespaceSelector: { matchExpressions: [] }, rules: [{ name: 'a', egress: [{ to: null }] }] };
  await expect
    .poll(async () => isTaken(await admin.post(POLICIES, JSON.stringify(policy('former', former)))))
    .toBe(true);
  await cluster.applyManifests('deploy/crds');
  await expect.poll(async () => isTaken(await dryRun(former, 'Ignore'))).toBe(false);

  const merge = (path: string, body: object): Promise<Answer> =>
    admin.patch(`${POLICIES}/former${path}`, JSON.stringify(body), 'application/merge-patch+json');
  expect(isTaken(await merge('/status', { status: { observedGeneration: 1 } }))).toBe(true);
  expect(isTaken(await merge('', { metadata: { finalizers: ['nsbaseline.io/removal'] } }))).toBe(true);
  expect(isTaken(await merge('', { metadata: { finalizers: [] } }))).toBe(true);
  const edited = await merge('', { spec: { mode: 'Paused' } });
  expect(edited.spec).toEqual({
    namespaceSelector: { matchExpressions: [] },
    rules: [{ name: 'a', egress: [{}] }],
    mode: 'Paused',
  });
  expect(isTaken(await merge('', { spec: { namespaceSelector: {} } }))).toBe(true);
});
