import { describe, expect, test } from 'vitest';
import { explanationSchema, reachListSchema } from '../../../../src/cli/commands/explain/explanation-schema.ts';
import { runOn, SHOP } from './shop.ts';

function explain(...words: readonly string[]) {
  return runOn(SHOP, 'explain', ...words);
}

async function explanation(text: string, ...words: readonly string[]) {
  const { printed } = await runOn(text, 'explain', ...words, '-o', 'json');
  return explanationSchema.parse(JSON.parse(printed));
}

async function verdictOf(text: string, ...words: readonly string[]): Promise<string> {
  return (await explanation(text, ...words)).verdict;
}

describe('what explain shows', () => {
  test('the verdict, the policies of each end with file and line, and what comes closest', async () => {
    const { code, printed } = await explain('shop/deploy/web', 'shop/svc/db');
    expect(code).toBe(0);
    expect(printed).toBe(`shop/web (Deployment, its template) to shop/db (Service)
  DENIED  5432/tcp

Port 5432/tcp (arrives at port 5433 of the pod):

Egress of shop/web: denied, as no policy that selects it has a rule for it
  shop/allow-dns [shop.yaml:40]: egress[0].to[0].ports[0] comes closest; it wants label kubernetes.io/metadata.name=kube-system on namespace shop; label k8s-app=kube-dns on shop/db; port UDP 53
  shop/default-deny [shop.yaml:28]: has no rule for egress

Ingress to shop/db: denied, as no policy that selects it has a rule for it
  shop/db-from-api [shop.yaml:50]: ingress[0].from[0].ports[0] comes closest; it wants label app=api on shop/web
  shop/default-deny [shop.yaml:28]: has no rule for ingress

--fix prints the smallest rule that would allow it.
`);
    expect(printed.split('\n').length).toBeLessThanOrEqual(24);
  });

  test('every port of the destination; a UDP rule alone leaves DNS over TCP denied', async () => {
    const { printed, complaint } = await explain('deploy/web', 'dns', '-n', 'shop');
    expect(printed).toContain('  ALLOWED  53/udp\n  DENIED  53/tcp\n');
    expect(complaint).toContain('the usual resolver (kube-system, k8s-app=kube-dns), or');
  });

  test('the rule that allows, and nothing else, where the connection is allowed', async () => {
    const { printed } = await explain('shop/web', 'dns', '--port', '53/udp');
    expect(printed).toContain(
      'Egress of shop/web: allowed, by\n  shop/allow-dns [shop.yaml:40]: egress[0].to[0].ports[0] allows it\n\nIngress to kube-system/cluster-dns: allowed, as no policy selects it',
    );
  });

  test('JSON and YAML in the documented schema', async () => {
    const denied = await explanation(SHOP, 'shop/web', 'shop/db');
    expect(denied).toMatchObject({ verdict: 'denied', fix: { verdict: 'allowed' }, reading: { mode: 'files' } });
    expect(denied.ports[0]?.ingress?.policies[0]).toMatchObject({ matches: 'no', source: 'shop.yaml:28' });
    expect(await verdictOf(SHOP, 'shop/web', 'dns')).toBe('mixed');
    expect((await explain('shop/web', 'shop/db', '-o', 'yaml')).printed).toContain('kind: Explanation\n');
  });
});

describe('the ends that explain takes', () => {
  const open = SHOP.replaceAll(/^kind: NetworkPolicy$/gm, 'kind: Nothing');

  test.each([
    ['shop/web', 'shop/db'],
    ['shop/deploy/web', 'shop/statefulset/db'],
    ['shop/app=web', 'shop/svc/db'],
    ['shop/app in (web,api)', 'shop/db'],
    ['shop/svc/db', 'shop/web'],
    ['internet', 'shop/web'],
    ['10.1.2.3', 'shop/web'],
    ['10.0.0.0/8', 'shop/web'],
    ['shop/web', '8.8.8.8'],
    ['shop/web', 'internet'],
    ['shop/web', 'dns'],
  ])('%s to %s', async (from, to) => {
    expect(await verdictOf(open, from, to)).toBe('allowed');
  });

  test.each([
    [['shop/nope', 'shop/db'], 'there is no pod nope in namespace shop; there are db, web'],
    [['shop/web', 'shop/svc/nope'], 'there is no Service nope in namespace shop; there are db'],
    [['shop/app=nope', 'shop/db'], 'no pod in namespace shop has the labels app=nope'],
    [['shop/a/b', 'shop/db'], '"shop/a/b" is no end'],
    [['shop/web', 'apiserver'], 'there is no Service kubernetes in namespace default'],
    [['shop/web', 'shop/db', '--port', '99999'], '"99999" is no port'],
    [['shop/web'], 'needs FROM and TO'],
    [['shop/web', 'shop/db', '--service', 'web'], 'there is no Service web in namespace shop'],
  ])('%j is a mistake that says what there is', async (words, said) => {
    const { code, complaint, printed } = await explain(...words);
    expect([code, printed]).toEqual([2, '']);
    expect(complaint).toContain(said);
  });

  test('the API server, which connects to admission webhooks from its own addresses', async () => {
    const server = `${SHOP}---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {ports: [{name: https, port: 443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
endpoints: [{addresses: [192.168.7.1]}]
ports: [{name: https, port: 6443}]
`;
    const { printed } = await runOn(server, 'explain', 'apiserver', 'shop/web', '--fix');
    expect(printed).toContain('cidr: 192.168.7.1/32');
    expect(await verdictOf(`${server}---\n${printed}`, 'apiserver', 'shop/web')).toBe('allowed');
    const outward = await explanation(server, 'shop/web', 'apiserver');
    expect(outward.ports).toMatchObject([{ port: 443, toPort: 6443, verdict: 'denied', to: '192.168.7.1' }]);
  });

  test('--service connects through a Service, at its port', async () => {
    const { printed } = await explain('shop/web', 'shop/sts/db', '--service', 'db');
    expect(printed).toContain('through Service shop/db\n  DENIED  5432/tcp\n');
    expect(printed).toContain('arrives at port 5433 of the pod');
  });

  test('a port that no rule names has the port of the pod: a Service port in place of it is denied', async () => {
    const wrong = SHOP.replace('app: api', 'app: web').replace('port: 5433}]}]', 'port: 5432}]}]');
    expect((await explanation(wrong, 'shop/web', 'shop/svc/db')).ports[0]?.ingress?.policies).toMatchObject([
      {},
      { nearestMiss: { lacks: [{ kind: 'port', wanted: 'TCP 5432' }] } },
    ]);
  });
});

describe('exit codes of explain', () => {
  test('a denial is no failure, unless --fail-on names it', async () => {
    expect((await explain('shop/web', 'shop/db')).code).toBe(0);
    expect((await explain('shop/web', 'shop/db', '--fail-on', 'denied')).code).toBe(5);
    expect((await explain('shop/web', 'shop/db', '--fail-on', 'allowed,undefined')).code).toBe(0);
    expect((await explain('shop/web', 'shop/db', '--fail-on', 'nonsense')).code).toBe(2);
  });
});

describe('what explain --fix prints', () => {
  test('one policy for each end that denies, as YAML that allows the connection when it is applied', async () => {
    const { printed } = await explain('shop/web', 'shop/svc/db', '--fix');
    expect(printed).toContain('# With this applied, the connection is allowed:\n---\n');
    expect(printed).not.toContain('pod-template-hash');
    expect(await verdictOf(`${SHOP}---\n${printed}`, 'shop/web', 'shop/svc/db')).toBe('allowed');
    expect(await verdictOf(`${SHOP}---\n${printed}`, 'shop/web', 'shop/db', '--port', '80')).toBe('denied');
  });

  test('from another namespace by its name, to the internet without private addresses', async () => {
    const far = `${SHOP}---\nkind: Pod\napiVersion: v1\nmetadata: {name: far, namespace: b, labels: {app: far}}\nspec: {}\n`;
    const { printed } = await runOn(far, 'explain', 'b/far', 'shop/db', '--fix');
    expect(printed).toContain('kubernetes.io/metadata.name: b');
    expect(await verdictOf(`${far}---\n${printed}`, 'b/far', 'shop/db')).toBe('allowed');
    const internet = (await explain('shop/web', 'internet', '--fix')).printed;
    expect(internet).toContain('- 10.0.0.0/8');
    expect(internet).toContain('name: allow-web-to-internet');
  });

  test('nothing where nothing is denied, and no policy where an Admin tier denies', async () => {
    const { printed } = await explain('shop/web', 'dns', '--port', '53/udp', '--fix');
    expect(printed).toContain('# Nothing is denied');
    expect(printed).not.toContain('---');
    const admin = `${SHOP}---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: deny}
spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}], egress: [{action: Deny, to: [{namespaces: {}}]}]}
`;
    const refused = await runOn(admin, 'explain', 'shop/web', 'shop/db', '--fix');
    expect(refused.printed).toContain('Admin tier: no NetworkPolicy can allow it');
    expect(refused.printed).toContain('# No rule of a NetworkPolicy would allow it.');
  });

  test('R2: a rule of the BaselinePolicy that isolates the pod, with the rules that it has', async () => {
    const baseline = `${SHOP.replaceAll(/^kind: NetworkPolicy$/gm, 'kind: Nothing')}---
apiVersion: nsbaseline.io/v1alpha1
kind: BaselinePolicy
metadata: {name: standard}
spec:
  namespaceSelector: {matchLabels: {team: shop}}
  isolate: [Ingress]
  rules: [{name: old, podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}]
`;
    const { printed } = await runOn(baseline, 'explain', 'shop/web', 'shop/db');
    expect(printed).toContain('shop/standard.default-deny (of BaselinePolicy standard) [shop.yaml:');
    const fixed = await runOn(baseline, 'explain', 'shop/web', 'shop/db', '--fix-as', 'baselinepolicy');
    expect(fixed.printed).toContain('kind: BaselinePolicy');
    expect(fixed.printed).toContain('- name: old');
    expect(fixed.printed).toContain('- name: allow-db-from-web');
    expect(await verdictOf(`${baseline}---\n${fixed.printed}`, 'shop/web', 'shop/db')).toBe('allowed');
    const plain = await runOn(baseline, 'explain', 'shop/web', 'shop/db', '--fix');
    expect(plain.printed).toContain('--fix-as baselinepolicy gives this as a rule of it');
  });
});

describe('explain --who-can-reach and --what-can', () => {
  test('list by workload', async () => {
    const open = SHOP.replace('app: api', 'app: web').replace(
      'policyTypes: [Ingress, Egress]',
      'policyTypes: [Ingress]',
    );
    const { printed } = await runOn(
      open.replace('kind: NetworkPolicy\nmetadata: {name: allow-dns', 'kind: No\nmetadata: {name: x'),
      'explain',
      '--who-can-reach',
      'shop/db',
    );
    expect(printed).toBe(
      'FROM       KIND         ALLOWED    UNDEFINED   DENIED\nshop/web   Deployment   5433/tcp   -           -\ndenied on every port: 1\n',
    );
  });

  test('in the documented schema, with --fail-on', async () => {
    const { printed, code } = await explain('--what-can', 'shop/web', '-o', 'json', '--fail-on', 'denied');
    const list = reachListSchema.parse(JSON.parse(printed));
    expect(list.items.map(({ workload, denied }) => `${workload} ${denied.join()}`)).toEqual([
      'shop/db 5433/tcp',
      'shop/web 8080/tcp',
      'internet 443/tcp',
    ]);
    expect(code).toBe(5);
  });
});

describe('bad input to explain', () => {
  test('what the API server would refuse is left out and said with file and line; other kinds are counted', async () => {
    const bad = `${SHOP}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "\\e[2Jbad", namespace: shop}\nspec:\n  podSelector: {matchLabels: {on: no}}\n---\nkind: ConfigMap\nmetadata: {name: x}\n`;
    const { complaint, code } = await runOn(bad, 'explain', 'shop/web', 'shop/db');
    expect(code).toBe(0);
    expect(complaint).toContain('shop.yaml:56: NetworkPolicy shop/\\u001b[2Jbad: spec.podSelector.matchLabels[');
    expect(complaint).toContain('in quotes in YAML');
    expect(complaint).toContain('note: skipped 1 object of other kinds: 1 ConfigMap\n');
    expect(complaint).not.toContain('\u001b');
  });

  test('a file that is not YAML ends it: a policy in it might decide', async () => {
    const { code, complaint } = await runOn(`${SHOP}---\na: b\n c: d\n`, 'explain', 'shop/web', 'shop/db');
    expect(code).toBe(2);
    expect(complaint).toContain('shop.yaml:53: is not YAML');
  });

  test('line ends of Windows change nothing', async () => {
    expect(await verdictOf(SHOP.replaceAll('\n', '\r\n'), 'shop/web', 'shop/db')).toBe('denied');
  });
});
