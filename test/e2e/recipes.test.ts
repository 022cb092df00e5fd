import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ROOT } from './machine/places.ts';
import { DATABASE, INTERNET, setOutside } from './outside.ts';
import { applyObjects, clear, expectAnswers, expectProtected, kubectl, namespaces, resolverAddress, startPods, type ProbePod, type Verdict } from './stage.ts';

const FOLDER = join(ROOT, 'deploy/components/examples');
const PORTS = ['tcp:443', 'tcp:5432', 'tcp:8080', 'udp:8081', 'tcp:9090', 'tcp:9443', 'tcp:31999', 'tcp:32000', 'tcp:32767', 'tcp:32768'];
const ELSEWHERE = 'recipes-elsewhere';

/** Who is in every cluster, by a short name. */
const NEIGHBOURS = {
  stranger: { namespace: ELSEWHERE, name: 'stranger', args: ['serve', ...PORTS] },
  impostor: { namespace: ELSEWHERE, name: 'impostor', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  prometheus: { namespace: 'monitoring', name: 'prometheus', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  visitor: { namespace: 'monitoring', name: 'visitor' },
  controller: { namespace: 'ingress-nginx', name: 'controller', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
  bystander: { namespace: 'ingress-nginx', name: 'bystander' },
  scanner: { namespace: 'pci-scanner', name: 'scanner' },
} satisfies Record<string, ProbePod>;

/** `<from> -> <what>`: the name of a pod, and a target such as `tcp@<pod>:8080`, where an address may stand for a pod. */
type Claims = Readonly<Record<string, Verdict>>;

interface Recipe {
  readonly file: string;
  /** What is asked for by label, when it is not `baseline=<the file's name>`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The pods of the namespace and their labels; a client and a server when absent. */
  readonly pods?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly claims: Claims;
  readonly ownPolicies?: readonly object[];
  readonly suffix?: string;
}

const DNS: Claims = { 'client -> dns-udp@resolver:53': 'answered', 'client -> dns-tcp@resolver:53': 'answered' };
const NO_DNS: Claims = { 'client -> dns-udp@resolver:53': 'silent', 'client -> dns-tcp@resolver:53': 'silent' };
const NOBODY_IN: Claims = { 'stranger -> tcp@server:8080': 'silent', 'stranger -> udp@server:8081': 'silent' };
const ALL_IN: Claims = { 'stranger -> tcp@server:8080': 'answered', 'stranger -> udp@server:8081': 'answered' };
const NOTHING_OUT: Claims = { 'client -> tcp@stranger:8080': 'silent', 'client -> udp@stranger:8081': 'silent' };
const ALL_OUT: Claims = { 'client -> tcp@stranger:8080': 'answered', 'client -> udp@stranger:8081': 'answered' };

const RECIPES: readonly Recipe[] = [
  { file: 'deny-all-ingress', claims: { ...NOBODY_IN, ...ALL_OUT, ...DNS } },
  { file: 'deny-all-egress', claims: { ...ALL_IN, ...NOTHING_OUT, ...NO_DNS } },
  { file: 'deny-all', claims: { ...NOBODY_IN, ...NOTHING_OUT, ...NO_DNS, 'prometheus -> tcp@server:9090': 'silent' } },
  { file: 'allow-dns', claims: { ...NOBODY_IN, ...NOTHING_OUT, ...DNS, 'prometheus -> tcp@server:9090': 'silent', [`client -> tcp@${INTERNET}:53`]: 'silent' } },
  { file: 'allow-dns-anywhere', claims: { ...NOBODY_IN, ...NOTHING_OUT, ...DNS, [`client -> udp@${INTERNET}:53`]: 'answered', [`client -> tcp@${INTERNET}:53`]: 'answered', [`client -> tcp@${INTERNET}:8080`]: 'silent' } },
  {
    file: 'allow-monitoring',
    claims: { ...NOBODY_IN, 'prometheus -> tcp@server:9090': 'answered', 'prometheus -> tcp@server:8080': 'silent', 'visitor -> tcp@server:9090': 'silent', 'impostor -> tcp@server:9090': 'silent' },
  },
  { file: 'same-namespace', claims: { ...NOBODY_IN, ...NOTHING_OUT, ...DNS, 'client -> tcp@server:8080': 'answered', 'client -> udp@server:8081': 'answered' } },
  { file: 'allow-ingress-controller', claims: { ...NOBODY_IN, 'controller -> tcp@server:8080': 'answered', 'controller -> tcp@server:5432': 'silent', 'bystander -> tcp@server:8080': 'silent' } },
  {
    file: 'three-tiers',
    pods: { web: { tier: 'web' }, app: { tier: 'app' }, database: { tier: 'database' } },
    claims: {
      'web -> tcp@app:8080': 'answered',
      'app -> tcp@database:5432': 'answered',
      'web -> tcp@database:5432': 'silent',
      'app -> tcp@web:8080': 'silent',
      'database -> tcp@app:8080': 'silent',
      'stranger -> tcp@app:8080': 'silent',
    },
  },
  {
    file: 'egress-to-database',
    pods: { client: {}, api: { app: 'api' } },
    claims: { ...DNS, [`api -> tcp@${DATABASE}:5432`]: 'answered', [`api -> tcp@${DATABASE}:443`]: 'silent', [`api -> tcp@${INTERNET}:5432`]: 'silent', [`client -> tcp@${DATABASE}:5432`]: 'silent' },
  },
  { file: 'egress-to-internet', claims: { ...ALL_IN, ...DNS, [`client -> tcp@${INTERNET}:443`]: 'answered', [`client -> tcp@${INTERNET}:8080`]: 'silent', 'client -> tcp@stranger:443': 'silent', 'client -> connect@api:443': 'silent' } },
  {
    file: 'port-ranges',
    pods: { client: {}, ftp: { app: 'ftp' } },
    claims: { 'client -> tcp@ftp:32000': 'answered', 'client -> tcp@ftp:32767': 'answered', 'client -> tcp@ftp:31999': 'silent', 'client -> tcp@ftp:32768': 'silent', 'stranger -> tcp@ftp:32000': 'silent' },
  },
  { file: 'kube-api-server', claims: { ...ALL_IN, ...NOTHING_OUT, ...DNS, 'client -> connect@api:443': 'answered' } },
  { file: 'two-policies', labels: { baseline: 'two-standard' }, suffix: '-standard', claims: { ...DNS, 'prometheus -> tcp@server:8080': 'answered', 'scanner -> tcp@server:443': 'silent' } },
  { file: 'two-policies', labels: { baseline: 'two-pci' }, suffix: '-pci', claims: { ...DNS, 'prometheus -> tcp@server:8080': 'answered', 'scanner -> tcp@server:443': 'answered', 'scanner -> tcp@server:8080': 'silent' } },
  {
    file: 'by-stage',
    labels: { baseline: 'by-stage', stage: 'production' },
    suffix: '-production',
    claims: { ...DNS, ...NOBODY_IN, 'controller -> tcp@server:8080': 'answered', 'client -> tcp@server:8080': 'silent', [`client -> tcp@${INTERNET}:443`]: 'silent' },
  },
  {
    file: 'by-stage',
    labels: { baseline: 'by-stage', stage: 'staging' },
    suffix: '-staging',
    claims: { ...DNS, ...NOBODY_IN, 'controller -> tcp@server:8080': 'answered', 'client -> tcp@server:8080': 'answered', [`client -> tcp@${INTERNET}:443`]: 'answered' },
  },
  {
    file: 'with-own-policies',
    pods: { client: { app: 'frontend' }, server: { app: 'api' }, other: {} },
    ownPolicies: [
      { metadata: { name: 'frontend-to-api' }, spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'frontend' } } }], ports: [{ port: 8080 }] }] } },
      { metadata: { name: 'frontend-out' }, spec: { podSelector: { matchLabels: { app: 'frontend' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 8080 }] }] } },
    ],
    claims: { ...DNS, ...NOBODY_IN, 'client -> tcp@server:8080': 'answered', 'client -> tcp@server:9090': 'silent', 'other -> tcp@server:8080': 'silent' },
  },
  { file: 'admission-webhooks', pods: { client: {}, webhook: { app: 'webhook' } }, claims: { 'stranger -> tcp@webhook:9443': 'answered', 'stranger -> tcp@webhook:8080': 'silent', ...ALL_OUT } },
];

const addresses = new Map<string, string>();

beforeAll(async () => {
  await setOutside(inject('kind').node);
  await namespaces([ELSEWHERE], ['monitoring'], ['ingress-nginx'], ['pci-scanner']);
  const pods = Object.entries<ProbePod>(NEIGHBOURS);
  const found = await startPods(...pods.map(([, pod]) => pod));
  pods.forEach(([name], index) => addresses.set(name, found[index] ?? ''));
  addresses.set('resolver', await resolverAddress());
  addresses.set('api', await kubectl('get', 'service', 'kubernetes', '--namespace=default', '--output=jsonpath={.spec.clusterIP}'));
  for (const file of readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml')) await kubectl('apply', '--filename', join(FOLDER, file));
});

afterAll(async () => {
  await kubectl('delete', 'baselinepolicies', '--all');
  await clear({ namespaces: [ELSEWHERE, 'monitoring', 'ingress-nginx', 'pci-scanner'] });
});

describe('a recipe', () => {
  test.each(RECIPES.map((recipe) => ({ ...recipe, title: `${recipe.file}${recipe.suffix ?? ''}` })))('$title lets through what its page says, and nothing else of it', async (recipe) => {
    const namespace = `recipe-${recipe.title}`;
    await namespaces([namespace, recipe.labels ?? { baseline: recipe.file }]);
    try {
      const pods = Object.entries(recipe.pods ?? { client: {}, server: {} }).map(([name, labels]): ProbePod => ({ namespace, name, labels, args: ['serve', ...PORTS] }));
      const found = await startPods(...pods);
      const inside = new Map([...addresses, ...pods.map(({ name }, index) => [name, found[index] ?? ''] as const)]);
      await expectProtected(namespace);
      if (recipe.ownPolicies !== undefined) await applyObjects(...recipe.ownPolicies.map((own) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', ...own, metadata: { namespace, ...metadataOf(own) } })));
      await Promise.all([...questionsOf(recipe.claims, inside)].map(([from, expected]) => expectAnswers(podNamed(from, namespace), expected)));
    } finally {
      await clear({ namespaces: [namespace] });
    }
  });

  test('is one of these, every one of them', () => {
    expect([...new Set(RECIPES.map(({ file }) => `${file}.yaml`))].sort()).toEqual(readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml').sort());
  });
});

function metadataOf(own: object): object {
  return 'metadata' in own && typeof own.metadata === 'object' && own.metadata !== null ? own.metadata : {};
}

function podNamed(name: string, namespace: string): Pick<ProbePod, 'namespace' | 'name'> {
  return name in NEIGHBOURS ? NEIGHBOURS[name as keyof typeof NEIGHBOURS] : { namespace, name };
}

/** The claims by who asks, with addresses in place of names. */
function questionsOf(claims: Claims, known: ReadonlyMap<string, string>): ReadonlyMap<string, Readonly<Record<string, Verdict>>> {
  const questions = new Map<string, Record<string, Verdict>>();
  for (const [claim, verdict] of Object.entries(claims)) {
    const [from = '', target = ''] = claim.split(' -> ');
    const [kind = '', host = '', port = ''] = target.split(/[@:]/);
    questions.set(from, { ...questions.get(from), [`${kind}@${known.get(host) ?? host}:${port}`]: verdict });
  }
  return questions;
}
