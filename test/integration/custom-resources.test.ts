import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { BaselinePolicySpec, Rule } from '../../src/api/baseline-policy.ts';
import { validateBaselinePolicy } from '../../src/api/validation.ts';
import { yamlText } from '../../src/cli/views/structured-output.ts';
import {
  CIDR_TEXTS,
  INVALID_POLICIES,
  LABEL_KEY_TEXTS,
  LABEL_VALUE_TEXTS,
  PORT_NAME_TEXTS,
  type PolicyCase,
  RULE_NAME_TEXTS,
  VALID_POLICIES,
} from '../fixtures/policies/corpus.ts';
import { adminRequests } from '../support/control-plane/admin-requests.ts';
import { clusterAt } from '../support/control-plane/cluster.ts';
import { explanationOf } from '../support/control-plane/explanation.ts';

const cluster = clusterAt(inject('controlPlane'));
const POLICIES = '/apis/nsbaseline.io/v1alpha1/baselinepolicies';
const NAMESPACE_BASELINES = '/apis/nsbaseline.io/v1alpha1/namespaces/default/namespacebaselines';
const DRY_RUN = 'dryRun=All&fieldValidation=Strict';

const admin = await adminRequests(cluster);
const { post } = admin;

const policy = ({ name = 'standard', spec }: Omit<PolicyCase, 'title'>): object => ({
  apiVersion: 'nsbaseline.io/v1alpha1',
  kind: 'BaselinePolicy',
  metadata: { name },
  spec,
});

/** Where the API server refuses the policy, and with which words; empty when it takes it. */
async function refusals(
  policyCase: Omit<PolicyCase, 'title'>,
): Promise<readonly { readonly field: string; readonly message: string }[]> {
  const answer = await post(`${POLICIES}?${DRY_RUN}`, JSON.stringify(policy(policyCase)));
  if (answer.status !== 'Failure') {
    return [];
  }
  const unknown = [...(answer.message ?? '').matchAll(/unknown field "([^"]+)"/g)].map(([message, field = '']) => ({
    field,
    message,
  }));
  const causes = (answer.details?.causes ?? []).map(({ field = '', message = '' }) => ({ field, message }));
  // Under `<nil>` the API server says that it looked no further, or says once more what it says of a field.
  return [...unknown, ...causes.filter(({ field }) => field !== '<nil>')];
}

async function isTaken(spec: unknown): Promise<boolean> {
  return (await refusals({ spec })).length === 0;
}

const isTakenOffline = (spec: unknown): boolean => validateBaselinePolicy('standard', spec).ok;

beforeAll(async () => {
  await cluster.applyManifests('deploy/crds');
});
afterAll(async () => {
  admin.end();
  await cluster.kubectl('delete', '--kustomize=deploy/crds', '--timeout=50s');
});

describe('R11 the API server and offline validation decide alike', () => {
  test.each(VALID_POLICIES)('taking $title', async (policyCase) => {
    expect(await refusals(policyCase)).toEqual([]);
  });

  test.each(INVALID_POLICIES)('refusing $title, at the same fields', async ({ refused, ...policyCase }) => {
    const found = await refusals(policyCase);
    expect([...new Set(found.map(({ field }) => field))].sort()).toEqual(Object.keys(refused).sort());
    for (const { field, message } of found) {
      expect(message).toContain(refused[field] ?? '');
    }
  });

  const borders: readonly {
    readonly of: string;
    readonly texts: readonly string[];
    readonly spec: (text: string) => unknown;
  }[] = [
    { of: 'a CIDR', texts: CIDR_TEXTS, spec: (text) => ({ allow: { internet: { cidrs: [text] } } }) },
    {
      of: 'an except',
      texts: CIDR_TEXTS,
      spec: (text) => ({
        rules: [
          {
            name: 'a',
            egress: [{ to: [{ ipBlock: { cidr: text.includes(':') ? '::/0' : '0.0.0.0/0', except: [text] } }] }],
          },
        ],
      }),
    },
    {
      of: 'a label value',
      texts: LABEL_VALUE_TEXTS,
      spec: (text) => ({ namespaceSelector: { matchLabels: { a: text } } }),
    },
    {
      of: 'a label key',
      texts: LABEL_KEY_TEXTS,
      spec: (text) => ({ namespaceSelector: { matchExpressions: [{ key: text, operator: 'Exists' }] } }),
    },
    {
      of: 'a key of matchLabels',
      texts: LABEL_KEY_TEXTS,
      spec: (text) => ({ namespaceSelector: { matchLabels: JSON.parse(`{${JSON.stringify(text)}:"x"}`) as unknown } }),
    },
    {
      of: 'the name of a port',
      texts: PORT_NAME_TEXTS,
      spec: (text) => ({ rules: [{ name: 'a', egress: [{ ports: [{ port: text }] }] }] }),
    },
    { of: 'the name of a rule', texts: RULE_NAME_TEXTS, spec: (text) => ({ rules: [{ name: text, egress: [{}] }] }) },
  ];
  test.each(borders)('on what is $of', async ({ texts, spec }) => {
    const online = await Promise.all(texts.map((text) => isTaken(spec(text))));
    expect(Object.entries(online)).toContainEqual([expect.any(String), true]);
    expect(texts.filter((_, index) => online[index])).toEqual(texts.filter((text) => isTakenOffline(spec(text))));
  });

  test('but for a label without a value, which both refuse, each at its own depth', async () => {
    const found = await refusals({ spec: { namespaceSelector: { matchLabels: { team: null, env: 'x' } } } });
    expect(found).toEqual([
      {
        field: 'spec.namespaceSelector.matchLabels',
        message: expect.stringContaining('has a key without a value') as string,
      },
    ]);
  });
});

test('T what is valid in rules is valid in a NetworkPolicy', async () => {
  const rules = VALID_POLICIES.flatMap(({ spec }): readonly Rule[] => (spec as BaselinePolicySpec).rules ?? []);
  for (const { name, podSelector = {}, ingress = [], egress = [] } of rules) {
    const networkPolicy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec: { podSelector, policyTypes: ['Ingress', 'Egress'], ingress, egress },
    };
    const answer = await post(
      `/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?${DRY_RUN}`,
      JSON.stringify(networkPolicy),
    );
    expect({ name, refusal: answer.details }).toEqual({ name, refusal: undefined });
  }
});

test('T the API server reads from our YAML what we wrote, labels called no, on, y, 1e3 and 0777 too', async () => {
  const texts = LABEL_VALUE_TEXTS.filter((text) => isTakenOffline({ namespaceSelector: { matchLabels: { a: text } } }));
  const labels = Object.fromEntries([
    ...texts.filter((text) => text !== '').map((text) => [text, text]),
    ['empty', ''],
  ]) as Record<string, string>;
  const written = yamlText({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'custom-resources-yaml', labels },
  });
  const read = await post('/api/v1/namespaces?dryRun=All&fieldValidation=Strict', written, 'application/yaml');
  expect(read.metadata?.labels).toMatchObject(labels);
});

describe('a BaselinePolicy as people see it', () => {
  test('R16 one that nobody has looked at says so, and nothing is filled into its spec', async () => {
    const stored = await post(`${POLICIES}?${DRY_RUN}`, JSON.stringify(policy({ spec: {} })));
    expect({ spec: stored.spec, status: stored.status }).toEqual({ spec: {}, status: { observedGeneration: -1 } });
  });

  test('shows mode, matched, protected, ready and age under its short name and its category', async () => {
    onTestFinished(async () => {
      await cluster.kubectl('delete', 'baseline', 'columns');
    });
    await cluster.applyManifests([policy({ name: 'columns', spec: {} })]);
    const condition = {
      type: 'Ready',
      status: 'True',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Applied',
      message: 'Everything is in place.',
    };
    const namespaces = { matched: 12, protected: 11, pending: 1, failed: 0, conflicted: 0, weakened: 3, wide: 4 };
    const status = {
      observedGeneration: 1,
      mode: 'Enforce',
      conditions: [condition],
      namespaces,
      failed: [],
      discovered: {},
    };
    await cluster.kubectl(
      'patch',
      'baseline',
      'columns',
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({ status })}`,
    );
    const [header, row] = (await cluster.kubectl('get', 'baseline')).trim().split('\n');
    expect(header?.split(/\s+/)).toEqual(['NAME', 'MODE', 'MATCHED', 'PROTECTED', 'READY', 'ALLPROTECTED', 'AGE']);
    expect(row?.split(/\s+/).slice(0, 5)).toEqual(['columns', 'Enforce', '12', '11', 'True']);
    const [wideHeader, wideRow] = (await cluster.kubectl('get', 'baseline', '--output=wide')).trim().split('\n');
    expect(wideHeader?.split(/\s+/).slice(6, 8)).toEqual(['WEAKENED', 'WIDE']);
    expect(wideRow).toMatch(/ 3 +4 /);
    expect(await cluster.kubectl('get', 'nsbaseline', '--output=name')).toBe('baselinepolicy.nsbaseline.io/columns\n');
  });

  test.each([
    'spec.allow.dns',
    'spec.allow.internet.except',
    'spec.rules.egress.to.ipBlock',
    'spec.namespaceSelector',
    'status.namespaces',
  ])('explains %s', async (path) => {
    const explanation = await explanationOf(cluster, `baselinepolicy.${path}`);
    expect(explanation).toMatch(/DESCRIPTION:\s+\w/);
    expect(explanation).not.toContain('<no description>');
  });

  test('is refused with an unknown field, which kubectl has the API server look for', async () => {
    const refused = await cluster.tryKubectl(['create', '--dry-run=server', '--filename=-'], {
      stdin: JSON.stringify(policy({ spec: { alow: {} } })),
    });
    expect(refused.stderr).toContain('unknown field "spec.alow"');
  });
});

describe('a NamespaceBaseline as people see it', () => {
  const status = (phase: string): object => ({
    phase,
    policies: [{ policy: 'standard', generation: 1, mode: 'Enforce', phase, inPlace: false, managed: [] }],
    conditions: [],
  });
  const namespaceBaseline = (name: string, phase: string): string =>
    JSON.stringify({
      apiVersion: 'nsbaseline.io/v1alpha1',
      kind: 'NamespaceBaseline',
      metadata: { name },
      status: status(phase),
    });

  test('is always named baseline', async () => {
    const refused = await post(`${NAMESPACE_BASELINES}?${DRY_RUN}`, namespaceBaseline('other', 'Failed'));
    expect(refused.details?.causes).toEqual([
      expect.objectContaining({
        field: 'metadata.name',
        message: expect.stringContaining('its name is baseline') as string,
      }),
    ]);
  });

  test('is created whole in one write, and found by its phase', async () => {
    onTestFinished(async () => {
      await cluster.kubectl('delete', 'nsb', 'baseline', '--namespace=default');
    });
    const created = await post(NAMESPACE_BASELINES, namespaceBaseline('baseline', 'Failed'));
    expect(created.status).toEqual(status('Failed'));
    expect(
      await cluster.kubectl(
        'get',
        'nsb',
        '--namespace=default',
        '--field-selector=status.phase=Failed',
        '--output=name',
      ),
    ).toBe('namespacebaseline.nsbaseline.io/baseline\n');
    expect(
      await cluster.kubectl(
        'get',
        'nsb',
        '--namespace=default',
        '--field-selector=status.phase=Protected',
        '--output=name',
      ),
    ).toBe('');
    const [header] = (await cluster.kubectl('get', 'nsb', '--namespace=default')).split('\n');
    expect(header?.trim().split(/\s+/)).toEqual(['NAME', 'PHASE', 'REASON', 'AGE']);
    const patch = JSON.stringify({ status: { weakened: 'wide' } });
    await cluster.kubectl('patch', 'nsb', 'baseline', '--namespace=default', '--type=merge', `--patch=${patch}`);
    const [wideHeader, row] = (await cluster.kubectl('get', 'nsb', '--namespace=default', '--output=wide')).split('\n');
    expect(wideHeader?.trim().split(/\s+/)).toEqual(['NAME', 'PHASE', 'REASON', 'WEAKENED', 'POLICIES', 'AGE']);
    expect(row).toMatch(/ Failed .* wide /);
  });
});
