import { expect } from 'vitest';
import { eventually } from '../support/operators/test-cluster.ts';
import { POLICY, type RunbookCluster } from './runbook-cluster.ts';
import { type RunbookSituation, SITUATIONS } from './situations.ts';

/** Every scene that a block of docs/guides names: their own, and those of the runbooks. */
export const GUIDE_SITUATIONS: Readonly<Record<string, RunbookSituation>> = {
  ...SITUATIONS,
  'first-policy': {
    prepare: freshOperator,
    async expected(stage) {
      await stage.isGone('namespace', 'shop');
      await stage.isGone('namespace', 'shop-staging');
      await stage.isGone('baselinepolicy', 'first');
    },
  },
  install: {
    prepare: freshOperator,
    async expected(stage) {
      await stage.kubectl('get', 'deployment', 'nsbaseline', '-n', 'nsbaseline-system');
      await stage.protect();
    },
  },
  trial: {
    prepare: freshOperator,
    async expected(stage) {
      expect(await stage.scene.networkPolicyNames('trial')).toContain('same-namespace.default-deny');
      await stage.kubectl('delete', 'baselinepolicy', 'same-namespace');
      await stage.kubectl('delete', 'namespace', 'trial');
    },
  },
  removing: {
    async prepare(stage) {
      await freshOperator(stage);
      await stage.protect();
    },
    async expected(stage) {
      await stage.isGone('baselinepolicy', POLICY);
      for (const name of ['pay-api', 'pay-db', 'pay-web']) {
        await eventually(() => stage.scene.networkPolicyNames(name)).toEqual([]);
      }
    },
  },
  'uninstall-shown': {
    prepare: (stage) => stage.protect(),
    async expected(stage) {
      await stage.allStand();
      await stage.kubectl('get', 'baselinepolicy', POLICY);
    },
  },
  // Its commands read files alone; test/unit/docs/find-out-why.test.ts compares every line that they print.
  'find-out-why': { prepare: () => Promise.resolve(), expected: () => Promise.resolve() },
  'break-glass': {
    prepare: (stage) => stage.protect(),
    async expected(stage) {
      await stage.condition('Weakened', 'True Weakened');
      await eventually(() => stage.scene.networkPolicyNames('pay-api')).toContain('break-glass');
    },
  },
};

/** An operator that has removed nothing yet, as after `make demo KEEP=1`. */
async function freshOperator(stage: RunbookCluster): Promise<void> {
  await stage.stopOperator();
  await stage.operator();
}
