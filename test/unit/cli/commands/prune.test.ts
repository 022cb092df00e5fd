import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { removalSteps } from '../../../../src/cli/cluster/orphan-removal.ts';
import { definePrune } from '../../../../src/cli/commands/prune/prune.ts';
import { BASELINE_POLICIES, NAMESPACES, NETWORK_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';
import { scriptedTerminal } from '../scripted-terminal.ts';

const SET = ['old.allow-dns', 'old.allow-monitoring', 'old.default-deny'];
let cluster: CliCluster;
let liveUid = '';

beforeEach(async () => {
  cluster = await startCliCluster();
  for (const name of ['team-a', 'team-b']) {
    await cluster.namespace(name);
  }
  const live = valueOf(
    await cluster.kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'standard' },
      spec: {},
    }),
  );
  liveUid = live.metadata.uid ?? '';
  for (const name of SET) {
    await cluster.networkPolicy('team-a', name, 'dead');
  }
  await cluster.networkPolicy('team-a', 'standard.default-deny', liveUid);
  await cluster.networkPolicy('team-a', 'mine');
  await cluster.networkPolicy('team-b', 'old.default-deny', 'dead');
});

afterEach(() => cluster.stop());

const OTHERS = ['mine', 'standard.default-deny'];

describe('prune', () => {
  test('R8 shows the orphans of the namespace, asks, and removes them and nothing else', async () => {
    const terminal = scriptedTerminal(['y']);
    const { code, printed, complaint } = await cluster.run(definePrune, [], terminal);
    expect(code).toBe(0);
    expect(terminal.questions).toEqual([
      'Remove 3 NetworkPolicies in 1 namespace; a default-deny goes in 1 namespace, and what no other NetworkPolicy isolates there is open then? [y/N] ',
    ]);
    expect(complaint).toContain('old.allow-monitoring');
    expect(printed.trim().split('\n')).toEqual(
      ['old.default-deny', 'old.allow-monitoring', 'old.allow-dns'].map(
        (name) => `networkpolicy.networking.k8s.io/${name} deleted in namespace team-a`,
      ),
    );
    expect(await cluster.networkPolicyNames('team-a')).toEqual(OTHERS);
    expect(await cluster.networkPolicyNames('team-b')).toEqual(['old.default-deny']);
  });

  test.each([[['']], [['no']], [['yesno']], [[undefined]]])(
    'R8 removes nothing after the answer %j',
    async (answers) => {
      const { code, complaint } = await cluster.run(definePrune, ['-A'], scriptedTerminal(answers));
      expect(code).toBe(1);
      expect(complaint).toContain('nothing was removed');
      expect(await cluster.networkPolicyNames('team-a')).toEqual([...OTHERS, ...SET].sort());
    },
  );

  test('R5 shows copies with --copies, asks, and removes them and nothing else', async () => {
    const shown = await cluster.run(definePrune, ['-A', '--copies', '--dry-run']);
    expect(shown.printed).toContain('standard.default-deny');
    expect(shown.printed).not.toContain('old.');
    const { code } = await cluster.run(definePrune, ['-A', '--copies'], scriptedTerminal(['y']));
    expect(code).toBe(0);
    expect(await cluster.networkPolicyNames('team-a')).toEqual(['mine', ...SET].sort());
    expect((await cluster.run(definePrune, ['-A', '--copies'])).printed).toBe('There are no copies.\n');
  });

  test('R5 prune --copies removes nothing of a namespace that the policy selects, even when asked by name', async () => {
    await cluster.kube.apply(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'team-a', labels: { 'nsbaseline.io/enabled': 'true' } },
    });
    const { code, complaint } = await cluster.run(definePrune, ['standard.default-deny', '--copies', '--yes']);
    expect(code).toBe(2);
    expect(complaint).toContain('is no copy');
    expect(await cluster.networkPolicyNames('team-a')).toEqual([...OTHERS, ...SET].sort());
  });

  test('R8 refuses to remove anything where nobody can be asked, and says what to write', async () => {
    const { code, complaint } = await cluster.run(definePrune, ['-A']);
    expect(code).toBe(2);
    expect(complaint).toContain('add --yes to go on, or --dry-run to only look');
    expect(await cluster.networkPolicyNames('team-a')).toEqual([...OTHERS, ...SET].sort());
  });

  test('removes in every namespace without a question, and says so as JSON', async () => {
    const { code, printed } = await cluster.run(definePrune, ['-A', '--yes', '-o', 'json']);
    expect(code).toBe(0);
    const { items } = JSON.parse(printed) as { items: readonly { namespace: string; name: string; outcome: string }[] };
    expect(items.map(({ namespace, name, outcome }) => `${namespace} ${name} ${outcome}`).sort()).toEqual([
      ...SET.map((name) => `team-a ${name} removed`),
      'team-b old.default-deny removed',
    ]);
    expect(await cluster.networkPolicyNames('team-a')).toEqual(OTHERS);
    expect(await cluster.networkPolicyNames('team-b')).toEqual([]);
  });

  test('only shows with --dry-run, and says where there is nothing', async () => {
    const { code, printed } = await cluster.run(definePrune, ['-A', '--dry-run']);
    expect({ code, lines: printed.trim().split('\n').length }).toEqual({ code: 0, lines: 5 });
    expect(await cluster.networkPolicyNames('team-a')).toEqual([...OTHERS, ...SET].sort());
    expect(await cluster.run(definePrune, ['-n', 'default'])).toEqual({
      code: 0,
      printed: 'There are no orphans.\n',
      complaint: '',
    });
  });

  test.each([
    ['mine', 'is not ours'],
    ['nope', 'is not there'],
    ['standard.default-deny', 'belongs to BaselinePolicy standard'],
    ['copy.default-deny', 'carries no uid of a BaselinePolicy'],
    ['kept.default-deny', 'add --kept'],
    ['standard.allow-dns', 'takes it over'],
  ])('R5 R8 refuses %s when it is asked for by name: %s', async (name, why) => {
    await cluster.networkPolicy('team-a', 'copy.default-deny', '');
    await cluster.networkPolicy('team-a', 'kept.default-deny', 'dead', { 'nsbaseline.io/kept': 'true' });
    await cluster.namespace('team-c', { 'nsbaseline.io/enabled': 'true' });
    const uidByName = new Map([
      ['mine', undefined],
      ['standard.default-deny', liveUid],
      ['copy.default-deny', ''],
      ['kept.default-deny', 'dead'],
    ]);
    for (const other of uidByName.keys()) {
      await cluster.networkPolicy(
        'team-c',
        other,
        uidByName.get(other),
        other === 'kept.default-deny' ? { 'nsbaseline.io/kept': 'true' } : {},
      );
    }
    await cluster.networkPolicy('team-c', 'standard.allow-dns', 'dead');
    const before = await cluster.networkPolicyNames('team-c');
    const { code, complaint } = await cluster.run(definePrune, ['-n', 'team-c', '--yes', name]);
    expect(code).toBe(2);
    expect(complaint).toContain(why);
    expect(await cluster.networkPolicyNames('team-c')).toEqual(before);
  });

  test('R4 prune removes kept NetworkPolicies only with --kept, and never those of a live policy', async () => {
    await cluster.networkPolicy('team-b', 'kept.default-deny', 'dead', { 'nsbaseline.io/kept': 'true' });
    await cluster.networkPolicy('team-b', 'standard.default-deny', liveUid, { 'nsbaseline.io/kept': 'true' });
    await cluster.run(definePrune, ['-n', 'team-b', '--yes']);
    expect(await cluster.networkPolicyNames('team-b')).toEqual(['kept.default-deny', 'standard.default-deny']);
    await cluster.run(definePrune, ['-n', 'team-b', '--yes', '--kept']);
    expect(await cluster.networkPolicyNames('team-b')).toEqual(['standard.default-deny']);
  });

  test('R13 leaves alone what became another object, or was changed, while the question stood', async () => {
    const terminal = {
      ...scriptedTerminal(),
      canAsk: true,
      ask: async () => {
        const standing = valueOf(
          await cluster.kube.get({ type: NETWORK_POLICIES, namespace: 'team-a', name: 'old.allow-monitoring' }),
        );
        valueOf(
          await cluster.kube.replace(NETWORK_POLICIES, {
            ...standing,
            spec: { podSelector: { matchLabels: { app: 'mine' } } },
          }),
        );
        valueOf(await cluster.kube.remove({ type: NETWORK_POLICIES, namespace: 'team-a', name: 'old.allow-dns' }));
        await cluster.networkPolicy('team-a', 'old.allow-dns');
        return 'yes';
      },
    };
    const { code, complaint } = await cluster.run(definePrune, [], terminal);
    expect(code).toBe(1);
    expect(complaint).toContain('old.allow-dns in namespace team-a: not removed');
    expect(await cluster.networkPolicyNames('team-a')).toEqual([
      'mine',
      'old.allow-dns',
      'old.allow-monitoring',
      'standard.default-deny',
    ]);
  });

  test('R8 leaves alone what a policy that came while the question stood takes over', async () => {
    const terminal = {
      ...scriptedTerminal(),
      canAsk: true,
      ask: async () => {
        valueOf(
          await cluster.kube.create(BASELINE_POLICIES, {
            apiVersion: API_VERSION,
            kind: 'BaselinePolicy',
            metadata: { name: 'old' },
            spec: { namespaceSelector: {} },
          }),
        );
        return 'yes';
      },
    };
    expect((await cluster.run(definePrune, ['-A'], terminal)).code).toBe(1);
    expect(await cluster.networkPolicyNames('team-b')).toEqual(['old.default-deny']);
  });

  test('R13 deletes by uid and resourceVersion: what changed after the last look stays', async () => {
    cluster.server.intercept = ({ verb, resource, body }) => {
      if (verb !== 'delete' || resource !== 'networkpolicies') {
        return undefined;
      }
      const { preconditions } = JSON.parse(body) as { preconditions: { uid?: string; resourceVersion?: string } };
      return preconditions.uid !== undefined && preconditions.resourceVersion !== undefined
        ? undefined
        : { kind: 'respond', status: 500, body: '{}' };
    };
    expect((await cluster.run(definePrune, ['-A', '--yes'])).code).toBe(0);
  });

  test('R3 leaves the rest of a set where its default-deny cannot be removed, and goes on elsewhere', async () => {
    cluster.server.intercept = ({ verb, path }) =>
      verb === 'delete' && path.endsWith('/team-a/networkpolicies/old.default-deny')
        ? { kind: 'respond', status: 403, body: JSON.stringify({ kind: 'Status', message: 'no\u001b[2J' }) }
        : undefined;
    const { code, complaint } = await cluster.run(definePrune, ['-A', '--yes']);
    expect(code).toBe(1);
    expect(complaint).toContain(
      'cannot delete networkpolicies.networking.k8s.io named old.default-deny in namespace team-a',
    );
    expect(complaint).not.toContain('\u001b');
    expect(await cluster.networkPolicyNames('team-a')).toEqual([...OTHERS, ...SET].sort());
    expect(await cluster.networkPolicyNames('team-b')).toEqual([]);
  });

  test.each(['networkpolicies', 'baselinepolicies'])(
    'R13 removes nothing where %s cannot be listed to the end',
    async (plural) => {
      cluster.server.intercept = ({ verb, resource }) =>
        verb === 'list' && resource === plural
          ? { kind: 'respond', status: 403, body: '{"kind":"Status","message":"no"}' }
          : undefined;
      expect((await cluster.run(definePrune, ['-A', '--yes'])).code).toBe(3);
      cluster.server.intercept = undefined;
      expect(await cluster.networkPolicyNames('team-b')).toEqual(['old.default-deny']);
    },
  );

  test('R8 removes nothing where BaselinePolicies are not served, and says how to', async () => {
    cluster.server.intercept = ({ resource }) =>
      resource === 'baselinepolicies' ? { kind: 'respond', status: 404, body: '404 page not found' } : undefined;
    const { code, complaint } = await cluster.run(definePrune, ['-A', '--yes']);
    expect(code).toBe(1);
    expect(complaint).toContain('nsbaseline uninstall --remove-policies');
    expect(await cluster.networkPolicyNames('team-b')).toEqual(['old.default-deny']);
  });
});

test('R3 of one namespace default-deny goes first and allow-dns last', () => {
  const orphan = (name: string) => ({
    namespace: 'a',
    name,
    uid: name,
    resourceVersion: '1',
    isLabelled: true,
    policyLabel: 'x',
    policyUid: 'u',
    isKept: false,
    isTerminating: false,
  });
  expect(
    removalSteps(['x.allow-dns', 'x.a', 'x.default-deny', 'x.b'].map(orphan)).map((step) =>
      step.map(({ name }) => name),
    ),
  ).toEqual([['x.default-deny'], ['x.a', 'x.b'], ['x.allow-dns']]);
});
