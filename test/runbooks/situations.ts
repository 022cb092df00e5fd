import { expect } from 'vitest';
import { clusterDns } from '../support/control-plane/cluster-dns.ts';
import { startOperator } from '../support/operators/operator-process.ts';
import { eventually } from '../support/operators/test-cluster.ts';
import { PAY_NAMESPACES, POLICY, type RunbookCluster, SET } from './runbook-cluster.ts';

/** What is the matter when somebody opens a runbook, and what must be so after its commands. */
export interface RunbookSituation {
  readonly prepare: (stage: RunbookCluster) => Promise<void>;
  readonly expected: (stage: RunbookCluster) => Promise<void>;
}

const LEASE = ['lease', 'nsbaseline', '-n', 'nsbaseline-system'] as const;
/** More than a few namespaces may be isolated by nobody's edit. */
const STRICT = ['--isolation-limit', '1', '--isolation-limit-percent', '0'];

/** Every scene that a block of docs/runbooks names. */
export const SITUATIONS: Readonly<Record<string, RunbookSituation>> = {
  calm: {
    prepare: (stage) => stage.protect(),
    expected: (stage) => stage.allStand(),
  },
  'none-selected': {
    async prepare(stage) {
      await stage.operator();
      await stage.scene.baselinePolicy(POLICY, { namespaceSelector: { matchLabels: { baseline: POLICY } } });
      await stage.condition('AllProtected', 'True NoneSelected');
    },
    expected: (stage) => stage.isProtected('pay-api'),
  },
  forbidden: {
    async prepare(stage) {
      await stage.protect();
      await stage.withdrawCreate();
      await stage.kubectl('delete', 'networkpolicy', 'payments.allow-monitoring', '-n', 'pay-api');
      await stage.condition('Stalled', 'True Forbidden');
    },
    async expected(stage) {
      // It is tried again within half a minute; a change of the namespace brings that forward.
      await stage.scene.label('pay-api', { look: 'again' });
      await stage.allStand();
      await stage.condition('Stalled', '');
    },
  },
  'forbidden-start': {
    async prepare(stage) {
      await stage.stopOperator();
      await stage.kubectl('delete', 'clusterrolebinding', 'nsbaseline');
      const operator = startOperator({ kubeconfigPath: stage.scene.operatorKubeconfig });
      stage.adopt(operator);
      await operator.said('waiting for what is missing');
    },
    async expected(stage) {
      await (await stage.operator()).said('caches are synced');
    },
  },
  'dns-gone': {
    async prepare(stage) {
      await stage.stopOperator();
      await stage.kubectl('delete', 'service', 'kube-dns', '-n', 'kube-system');
      await stage.declare();
      await stage.condition('DiscoveryStale', 'True DnsNotFound');
    },
    async expected(stage) {
      await stage.condition('DiscoveryStale', '');
      await stage.allStand();
      await eventually(() =>
        stage.kubectl(
          'get',
          'networkpolicy',
          'payments.allow-dns',
          '-n',
          'pay-api',
          '--output=jsonpath={.spec.egress[0].to}',
        ),
      ).toContain('"dns"');
      await stage.scene.cluster.applyManifests(clusterDns());
    },
  },
  'removal-undo': { prepare: selectNobody, expected: noLongerHeld },
  'removal-keep': {
    async prepare(stage) {
      await stage.protectForRemoval();
      await stage.kubectl('delete', 'baselinepolicy', POLICY, '--wait=false');
      await stage.condition('RemovalHeld', 'True RemovalHeld');
    },
    async expected(stage) {
      await stage.isGone('baselinepolicy', POLICY);
      await stage.allStand();
    },
  },
  'removal-approve': { prepare: selectNobody, expected: noneStand },
  'removal-confirm': { prepare: selectNobody, expected: noneStand },
  'isolation-rehearse': { prepare: isolateUnasked, expected: isolatedAfterAll },
  'isolation-approve': { prepare: isolateUnasked, expected: isolatedAfterAll },
  'isolation-confirm': { prepare: isolateUnasked, expected: isolatedAfterAll },
  'orphans-prune': { prepare: leaveOrphans, expected: onlyThatOneIsEmpty },
  'orphans-delete': { prepare: leaveOrphans, expected: onlyThatOneIsEmpty },
  'orphans-take-over': {
    prepare: leaveOrphans,
    async expected(stage) {
      await stage.allStand();
      await stage.condition('OrphansPresent', '');
    },
  },
  weakened: {
    async prepare(stage) {
      await stage.protect();
      await stage.openAll('open-all');
      await stage.condition('Weakened', 'True Weakened');
    },
    async expected(stage) {
      await stage.condition('Weakened', '');
      await stage.allStand();
    },
  },
  'own-rule-open': {
    prepare: openByOwnRule,
    async expected(stage) {
      await stage.condition('OwnRuleOpen', '');
      await eventually(() =>
        stage.kubectl(
          'get',
          'networkpolicy',
          'payments.proxies',
          '-n',
          'pay-api',
          '--output=jsonpath={.spec.ingress[0].from}',
        ),
      ).toContain('"proxies"');
    },
  },
  'own-rule-acknowledged': {
    prepare: openByOwnRule,
    async expected(stage) {
      await stage.condition('OwnRuleOpen', '');
      await stage.isProtected('pay-api');
    },
  },
  unprotected: {
    async prepare(stage) {
      await stage.foreign('payments.allow-dns');
      await stage.declare();
      await eventually(() => stage.scene.report('pay-api')).toMatchObject({
        phase: 'Failed',
        conditions: [{ reason: 'Unprotected' }],
      });
    },
    expected: (stage) => stage.allStand(),
  },
  'close-by-hand': {
    prepare: (stage) => stage.protect(),
    async expected(stage) {
      await eventually(() => stage.scene.networkPolicyNames('pay-api')).toEqual(['closed-by-hand', ...SET]);
      // Names may be asked anywhere, which is wide and not open.
      await eventually(() => stage.scene.report('pay-api')).toMatchObject({ phase: 'Protected', weakened: 'wide' });
    },
  },
  quota: {
    async prepare(stage) {
      await stage.kubectl(
        'create',
        'quota',
        'few-objects',
        '-n',
        'pay-api',
        '--hard=count/networkpolicies.networking.k8s.io=1',
      );
      await eventually(() =>
        stage.kubectl('get', 'quota', 'few-objects', '-n', 'pay-api', '--output=jsonpath={.status.used}'),
      ).toContain('networkpolicies');
      await stage.declare();
      await eventually(() => stage.scene.report('pay-api')).toMatchObject({
        phase: 'Failed',
        conditions: [{ reason: 'Denied' }],
      });
    },
    expected: (stage) => stage.allStand(),
  },
  'conflict-adopt': { prepare: standInTheWay, expected: (stage) => stage.allStand() },
  'conflict-rename': {
    prepare: standInTheWay,
    async expected(stage) {
      await eventually(() => stage.scene.networkPolicyNames('pay-api')).toEqual([...SET, 'theirs']);
      expect((await stage.scene.networkPolicy('pay-api', 'theirs'))?.spec).toEqual({
        podSelector: {},
        policyTypes: ['Ingress'],
      });
    },
  },
  contested: {
    async prepare(stage) {
      await stage.protect();
      for (let round = 0; round < 5; round += 1) {
        await stage.kubectl(
          'patch',
          'networkpolicy',
          'payments.default-deny',
          '-n',
          'pay-api',
          '--type=merge',
          '--patch={"spec":{"ingress":[{}]}}',
          '--field-manager=stubborn',
        );
        await eventually(
          async () => (await stage.scene.networkPolicy('pay-api', 'payments.default-deny'))?.spec,
        ).not.toHaveProperty('ingress');
      }
      await eventually(() => stage.scene.report('pay-api')).toMatchObject({
        phase: 'Conflict',
        conflicts: [{ reason: expect.stringContaining('stubborn') as string }],
      });
    },
    async expected(stage) {
      await stage.condition('Ready', 'True Paused');
      await stage.allStand();
      // Whoever comes next begins with a count of nought.
      await stage.stopOperator();
    },
  },
  'foreign-finalizer': {
    async prepare(stage) {
      await stage.protect();
      await stage.kubectl(
        'patch',
        'networkpolicy',
        'payments.allow-monitoring',
        '-n',
        'pay-api',
        '--type=merge',
        '--patch={"metadata":{"finalizers":["test/hold"]}}',
      );
      await stage.kubectl('delete', 'networkpolicy', 'payments.allow-monitoring', '-n', 'pay-api', '--wait=false');
    },
    async expected(stage) {
      await eventually(() =>
        stage.kubectl(
          'get',
          'networkpolicy',
          'payments.allow-monitoring',
          '-n',
          'pay-api',
          '--ignore-not-found',
          '--output=jsonpath={.metadata.name}{.metadata.deletionTimestamp}',
        ),
      ).toBe('payments.allow-monitoring');
      await stage.isProtected('pay-api');
    },
  },
  paused: {
    async prepare(stage) {
      await stage.protect();
      await stage.patch({ mode: 'Paused' });
      await stage.condition('Ready', 'True Paused');
      await stage.kubectl('delete', 'networkpolicy', 'payments.default-deny', '-n', 'pay-api');
    },
    expected: (stage) => stage.allStand(),
  },
  'kept-back': {
    prepare: keepOne,
    async expected(stage) {
      await stage.allStand();
      await stage.isProtected('pay-api');
      expect(await stage.kubectl('get', 'networkpolicies', '-n', 'pay-api', '--output=yaml')).not.toContain(
        'nsbaseline.io/kept',
      );
    },
  },
  'kept-delete': { prepare: keepOne, expected: onlyThatOneIsEmpty },
  'kept-prune': {
    async prepare(stage) {
      await keepOne(stage);
      await stage.kubectl('delete', 'baselinepolicy', POLICY);
      await eventually(() => stage.scene.report('pay-db')).toBeUndefined();
    },
    expected: onlyThatOneIsEmpty,
  },
  'lease-held': {
    async prepare(stage) {
      await stage.operator();
      await stage.stopOperator();
      await stage.kubectl(
        'patch',
        ...LEASE,
        '--type=merge',
        `--patch=${JSON.stringify({ spec: { holderIdentity: 'nobody', leaseDurationSeconds: 600, renewTime: new Date().toISOString().replace('Z', '000Z') } })}`,
      );
      await (await stage.operator()).said('stands by');
    },
    async expected(stage) {
      await (await stage.operator()).said('leads');
      await stage.protect();
    },
  },
  'lease-version': {
    async prepare(stage) {
      await (await stage.operator()).said('leads');
      await stage.stopOperator();
      await stage.kubectl('annotate', ...LEASE, '--overwrite', 'nsbaseline.io/version=99.0.0');
      expect(await (await stage.operator()).said('leads')).toMatchObject({ newestVersion: '99.0.0' });
    },
    async expected(stage) {
      const operator = await stage.operator();
      await eventually(() =>
        Promise.resolve(operator.log.filter(({ msg }) => msg === 'leads').at(-1)?.newestVersion),
      ).toBe(operator.log.find(({ msg }) => msg === 'nsbaseline starts')?.version);
    },
  },
  finalizer: {
    async prepare(stage) {
      await stage.protectForRemoval();
      await stage.stopOperator();
      await stage.kubectl('delete', 'baselinepolicy', POLICY, '--wait=false');
    },
    async expected(stage) {
      await stage.isGone('baselinepolicy', POLICY);
      await stage.allStand();
    },
  },
  crd: {
    async prepare(stage) {
      await stage.protectForRemoval();
      await stage.stopOperator();
      await stage.kubectl('delete', 'crd', 'baselinepolicies.nsbaseline.io', '--wait=false');
    },
    async expected(stage) {
      await stage.isGone('crd', 'baselinepolicies.nsbaseline.io');
      await stage.allStand();
      await stage.install();
    },
  },
  'open-now': {
    prepare: (stage) => stage.protect(),
    async expected(stage) {
      await stage.allStand();
      await stage.condition('Weakened', '');
    },
  },
  stop: {
    async prepare(stage) {
      await stage.protect();
      await stage.stopOperator();
    },
    async expected(stage) {
      await stage.kubectl('get', 'clusterrolebinding', 'nsbaseline');
      expect(
        await stage.kubectl(
          'get',
          'deployment',
          'nsbaseline',
          '-n',
          'nsbaseline-system',
          '--output=jsonpath={.spec.replicas}',
        ),
      ).toBe('2');
      await stage.operator();
      await stage.allStand();
    },
  },
  uninstall: {
    async prepare(stage) {
      await stage.protectForRemoval();
      await stage.stopOperator();
    },
    async expected(stage) {
      await stage.isGone('crd', 'baselinepolicies.nsbaseline.io');
      await stage.isGone('namespace', 'nsbaseline-system');
      await onlyThatOneIsEmpty(stage);
      await stage.install();
    },
  },
};

async function selectNobody(stage: RunbookCluster): Promise<void> {
  await stage.protect();
  await stage.patch({ namespaceSelector: { matchLabels: { baseline: 'nobody' } } });
  await stage.condition('RemovalHeld', 'True RemovalHeld');
}

async function noLongerHeld(stage: RunbookCluster): Promise<void> {
  await stage.condition('RemovalHeld', '');
  await stage.allStand();
}

async function noneStand(stage: RunbookCluster): Promise<void> {
  for (const name of PAY_NAMESPACES) {
    await eventually(() => stage.scene.networkPolicyNames(name)).toEqual([]);
  }
}

async function isolateUnasked(stage: RunbookCluster): Promise<void> {
  await stage.stopOperator();
  await stage.operator(STRICT);
  for (const name of PAY_NAMESPACES) {
    await stage.scene.label(name, { baseline: POLICY });
  }
  await stage.declare();
  await stage.condition('IsolationHeld', 'True IsolationHeld');
}

async function isolatedAfterAll(stage: RunbookCluster): Promise<void> {
  await stage.allStand();
  await stage.condition('IsolationHeld', '');
  await stage.stopOperator();
}

async function leaveOrphans(stage: RunbookCluster): Promise<void> {
  await stage.protect();
  await stage.kubectl('delete', 'baselinepolicy', POLICY);
  for (const name of PAY_NAMESPACES) {
    await eventually(() => stage.scene.report(name)).toBeUndefined();
  }
  await stage.scene.label('pay-api', { baseline: null });
  await stage.scene.baselinePolicy(POLICY, { namespaceSelector: { matchLabels: { baseline: POLICY } } });
  await stage.condition('OrphansPresent', 'True OrphansPresent');
}

/** A rule without fields is a rule for everyone. */
async function openByOwnRule(stage: RunbookCluster): Promise<void> {
  await stage.protect();
  await stage.kubectl(
    'patch',
    'baselinepolicy',
    POLICY,
    '--type=json',
    '--patch=[{"op":"add","path":"/spec/rules","value":[{"name":"proxies","ingress":[{}]}]}]',
  );
  await stage.condition('OwnRuleOpen', 'True OwnRuleOpen');
}

async function standInTheWay(stage: RunbookCluster): Promise<void> {
  await stage.foreign('payments.allow-monitoring');
  await stage.declare();
  await eventually(() => stage.scene.report('pay-api')).toMatchObject({ phase: 'Conflict' });
}

async function keepOne(stage: RunbookCluster): Promise<void> {
  await stage.protect({ removal: { onOptOut: 'Keep' } });
  await stage.scene.label('pay-api', { baseline: null });
  await eventually(() => stage.scene.report('pay-api')).toBeUndefined();
}

async function onlyThatOneIsEmpty(stage: RunbookCluster): Promise<void> {
  await eventually(() => stage.scene.networkPolicyNames('pay-api')).toEqual([]);
  for (const name of ['pay-db', 'pay-web']) {
    expect(await stage.scene.networkPolicyNames(name)).toEqual(SET);
  }
}
