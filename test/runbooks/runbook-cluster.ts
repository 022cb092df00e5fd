import { expect } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import type { Cluster } from '../support/control-plane/cluster.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import { eventually, standardSet, startTestCluster, type TestCluster } from '../support/operators/test-cluster.ts';

/** The namespaces of the runbooks. */
export const PAY_NAMESPACES = ['pay-api', 'pay-db', 'pay-web'] as const;
/** Their policy. */
export const POLICY = 'payments';
/** What it stands for. */
export const SET = standardSet(POLICY);

const ALLOW_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] };

/** The cluster that the runbooks are written for: three namespaces, one policy, one operator. */
export class RunbookCluster {
  #scene: TestCluster;
  #operator: OperatorProcess | undefined;

  private constructor(scene: TestCluster) {
    this.#scene = scene;
  }

  /** Makes the namespaces, unlabelled, and no policy. */
  static async set(cluster: Cluster): Promise<RunbookCluster> {
    const stage = new RunbookCluster(await startTestCluster(cluster));
    for (const name of PAY_NAMESPACES) {
      await stage.scene.namespace(name);
    }
    return stage;
  }

  get scene(): TestCluster {
    return this.#scene;
  }

  /** The operator; started with these flags when none runs. */
  async operator(flags: readonly string[] = []): Promise<OperatorProcess> {
    this.#operator ??= await this.#scene.start(flags);
    return this.#operator;
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = undefined;
  }

  /** Lets a scene start the operator in its own way; the stage stops it. */
  adopt(operator: OperatorProcess): void {
    this.#operator = operator;
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.#scene.cluster.kubectl(...args);
  }

  /** Declares the policy and labels the namespaces, and waits for nothing. */
  async declare(spec: BaselinePolicySpec = {}): Promise<void> {
    await this.operator();
    await this.#scene.baselinePolicy(POLICY, { namespaceSelector: { matchLabels: { baseline: POLICY } }, ...spec });
    for (const name of PAY_NAMESPACES) {
      await this.#scene.label(name, { baseline: POLICY });
    }
  }

  /** The same, until all of them are protected. */
  async protect(spec: BaselinePolicySpec = {}): Promise<void> {
    await this.declare(spec);
    for (const name of PAY_NAMESPACES) {
      await this.isProtected(name);
    }
  }

  async isProtected(namespace: string): Promise<void> {
    await eventually(() => this.#scene.report(namespace)).toMatchObject({ phase: 'Protected' });
  }

  /** Every namespace has the whole set, and nothing else. */
  async allStand(): Promise<void> {
    for (const name of PAY_NAMESPACES) {
      await eventually(() => this.#scene.networkPolicyNames(name)).toEqual(SET);
    }
  }

  async condition(type: string, is: string): Promise<void> {
    await eventually(() => this.#scene.condition(POLICY, type)).toBe(is);
  }

  async patch(spec: BaselinePolicySpec): Promise<void> {
    await this.kubectl('patch', 'baselinepolicy', POLICY, '--type=merge', `--patch=${JSON.stringify({ spec })}`);
  }

  /** The operator may no longer create NetworkPolicies, and the API server has noticed. */
  async withdrawCreate(): Promise<void> {
    const rules = JSON.parse(
      await this.kubectl('get', 'clusterrole', 'nsbaseline', '--output=jsonpath={.rules}'),
    ) as readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
    const fewer = rules.map((rule) =>
      rule.resources.includes('networkpolicies')
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') }
        : rule,
    );
    await this.kubectl(
      'patch',
      'clusterrole',
      'nsbaseline',
      '--type=merge',
      `--patch=${JSON.stringify({ rules: fewer })}`,
    );
    const mayCreate = ['auth', 'can-i', 'create', 'networkpolicies.networking.k8s.io', '-n', 'pay-api'];
    await eventually(async () =>
      (
        await this.#scene.cluster.tryKubectl(mayCreate, { kubeconfigPath: this.#scene.operatorKubeconfig })
      ).stdout.trim(),
    ).toBe('no');
  }

  /** Puts somebody else's NetworkPolicy into `pay-api`. */
  async foreign(name: string, spec: object = { podSelector: {}, policyTypes: ['Ingress'] }): Promise<void> {
    await this.#scene.cluster.applyManifests([
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'pay-api' }, spec },
    ]);
  }

  async openAll(name: string): Promise<void> {
    await this.foreign(name, ALLOW_ALL);
  }

  /** The policy is to be deleted with all that it wrote, and knows it. */
  async protectForRemoval(): Promise<void> {
    await this.protect({ removal: { onDelete: 'Remove' } });
    await eventually(() =>
      this.kubectl('get', 'baselinepolicy', POLICY, '--output=jsonpath={.metadata.finalizers}'),
    ).toContain('remove-policies');
  }

  async isGone(...what: readonly string[]): Promise<void> {
    await eventually(async () => (await this.#scene.cluster.tryKubectl(['get', ...what])).exitCode).not.toBe(0);
  }

  /** No policy, no label, and no object in the namespaces; a running operator goes on. */
  async clear(): Promise<void> {
    await this.#scene.cluster.tryKubectl([
      'patch',
      'baselinepolicy',
      POLICY,
      '--type=merge',
      '--patch={"metadata":{"finalizers":null}}',
    ]);
    await this.#scene.cluster.tryKubectl(['delete', 'baselinepolicy', POLICY]);
    for (const name of PAY_NAMESPACES) {
      await this.#scene.label(name, { baseline: null });
      await this.kubectl('delete', 'networkpolicies,resourcequotas', '--all', '-n', name);
    }
    for (const name of PAY_NAMESPACES) {
      expect(await this.#scene.networkPolicyNames(name)).toEqual([]);
    }
  }

  /** Installs what may be missing, and gives the operator a new token; a running one is stopped. */
  async install(): Promise<void> {
    await this.stopOperator();
    const { stdout } = await this.#scene.cluster.tryKubectl([
      'get',
      'namespace',
      'nsbaseline-system',
      '--output=jsonpath={.metadata.deletionTimestamp}',
    ]);
    if (stdout !== '') {
      await this.isGone('namespace', 'nsbaseline-system');
    }
    this.#scene = await startTestCluster(this.#scene.cluster);
  }
}
