import { expect } from 'vitest';
import type { BaselinePolicySpec } from '../../../src/api/baseline-policy.ts';
import { API_VERSION, NAMESPACE_BASELINE_NAME } from '../../../src/api/names.ts';
import { fieldOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { Result } from '../../../src/base/result.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { KubeObject, ObjectMeta } from '../../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../src/operator/watch/resources.ts';
import { EVENTUALLY_MS } from '../deadlines.ts';

/** What is declared: labels beyond the name, and no more. */
export type Labels = Readonly<Record<string, string>>;

/** The opt-in label. */
export const OPTED_IN: Labels = { 'nsbaseline.io/enabled': 'true' };

/** Short words for what people do with an API server, and for what they then see. Every failure is a fault of the test. */
export interface Actors {
  /** Creates it, or gives it these labels: the second try of a test finds it there. */
  namespace(name: string, labels?: Labels): Promise<KubeObject>;
  /** Sets labels; `null` takes one away. */
  label(name: string, labels: Readonly<Record<string, string | null>>): Promise<void>;
  /** Creates it, or gives it another spec. */
  baselinePolicy(name: string, spec: BaselinePolicySpec): Promise<KubeObject>;
  /** Harmless where there is none. */
  removeBaselinePolicy(name: string): Promise<void>;
  networkPolicy(namespace: string, name: string): Promise<KubeObject | undefined>;
  networkPolicyNames(namespace: string): Promise<readonly string[]>;
  createNetworkPolicy(namespace: string, metadata: ObjectMeta, spec?: object): Promise<KubeObject>;
  /** Reads a NetworkPolicy and puts back what `edit` makes of it. */
  editNetworkPolicy(namespace: string, name: string, edit: (object: KubeObject) => KubeObject): Promise<void>;
  removeNetworkPolicy(namespace: string, name: string): Promise<void>;
  /** The `status` of the NamespaceBaseline; undefined where there is none. */
  report(namespace: string): Promise<unknown>;
  /** `True Applied`; empty where the BaselinePolicy has no such condition. */
  condition(policy: string, type: string): Promise<string>;
  /** What that condition says; empty where the BaselinePolicy has no such condition. */
  conditionMessage(policy: string, type: string): Promise<string>;
}

/** What people do and see through this client. */
export function actorsWith(kube: KubeClient): Actors {
  const found = (
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
  ): Promise<KubeObject | undefined> => foundBy(kube, type, key);
  return {
    async namespace(name, labels = {}) {
      const created = await kube.create(NAMESPACES, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels },
      });
      if (created.ok || created.error.kind !== 'alreadyExists') {
        return valueOf(created);
      }
      return changed(kube, { type: NAMESPACES, name }, (before) => ({
        ...before,
        metadata: { ...before.metadata, labels: { ...labels, 'kubernetes.io/metadata.name': name } },
      }));
    },
    async label(name, labels) {
      await changed(kube, { type: NAMESPACES, name }, (before) => {
        const after = Object.entries({ ...before.metadata.labels, ...labels }).filter(
          (entry): entry is [string, string] => entry[1] !== null,
        );
        return { ...before, metadata: { ...before.metadata, labels: Object.fromEntries(after) } };
      });
    },
    async baselinePolicy(name, spec) {
      if ((await found(BASELINE_POLICIES, { name })) !== undefined) {
        return changed(kube, { type: BASELINE_POLICIES, name }, (before) => ({ ...before, spec }));
      }
      return valueOf(
        await kube.create(BASELINE_POLICIES, {
          apiVersion: API_VERSION,
          kind: 'BaselinePolicy',
          metadata: { name },
          spec,
        }),
      );
    },
    async removeBaselinePolicy(name) {
      const removed = await kube.remove({ type: BASELINE_POLICIES, name });
      if (!removed.ok && removed.error.kind !== 'notFound') {
        valueOf(removed);
      }
    },
    networkPolicy: (namespace, name) => found(NETWORK_POLICIES, { namespace, name }),
    async networkPolicyNames(namespace) {
      const page = valueOf(await kube.list({ type: NETWORK_POLICIES, namespace }));
      return page.items.map(({ metadata }) => textOf(metadata.name)).sort();
    },
    createNetworkPolicy: async (namespace, metadata, spec = { podSelector: {}, policyTypes: ['Ingress'] }) =>
      valueOf(
        await kube.create(NETWORK_POLICIES, {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { ...metadata, namespace },
          spec,
        }),
      ),
    async editNetworkPolicy(namespace, name, edit) {
      await changed(kube, { type: NETWORK_POLICIES, namespace, name }, edit);
    },
    async removeNetworkPolicy(namespace, name) {
      valueOf(await kube.remove({ type: NETWORK_POLICIES, namespace, name }));
    },
    report: async (namespace) =>
      (await found(NAMESPACE_BASELINES, { namespace, name: NAMESPACE_BASELINE_NAME }))?.status,
    conditionMessage: async (policy, type) => textOf(fieldOf(await conditionOf(kube, policy, type), 'message')),
    async condition(policy, type) {
      const condition = await conditionOf(kube, policy, type);
      return condition === undefined
        ? ''
        : `${textOf(fieldOf(condition, 'status'))} ${textOf(fieldOf(condition, 'reason'))}`;
    },
  };
}

/** The value of a result, where a failure is a fault of the test. */
export function valueOf<Value>(result: Result<Value, KubeError>): Value {
  if (!result.ok) {
    throw new Error(`${result.error.kind}: ${result.error.message}`);
  }
  return result.value;
}

/**
 * Reads an object and replaces it with what `change` makes of it, again when another client, such as the operator,
 * wrote it in between (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
 */
async function changed(
  kube: KubeClient,
  target: { readonly type: ResourceType; readonly namespace?: string; readonly name: string },
  change: (before: KubeObject) => KubeObject,
): Promise<KubeObject> {
  for (;;) {
    const replaced = await kube.replace(target.type, change(valueOf(await kube.get(target))));
    if (replaced.ok || replaced.error.kind !== 'conflict') {
      return valueOf(replaced);
    }
  }
}

async function conditionOf(kube: KubeClient, policy: string, type: string): Promise<unknown> {
  const status = (await foundBy(kube, BASELINE_POLICIES, { name: policy }))?.status;
  return itemsOf(fieldOf(status, 'conditions')).find((condition) => fieldOf(condition, 'type') === type);
}

async function foundBy(
  kube: KubeClient,
  type: ResourceType,
  key: { readonly namespace?: string; readonly name: string },
): Promise<KubeObject | undefined> {
  const answer = await kube.get({ type, ...key });
  if (!answer.ok && answer.error.kind === 'notFound') {
    return undefined;
  }
  return valueOf(answer);
}

/** Asks again and again until the answer is as expected, at the latest after {@link EVENTUALLY_MS}. */
export function eventually<Value>(ask: () => Value | Promise<Value>): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(ask, { timeout: EVENTUALLY_MS, interval: 10 });
}

/** The three parts of a policy with an empty spec, as names of NetworkPolicies. */
export function standardSet(policy = 'standard'): readonly string[] {
  return [`${policy}.allow-dns`, `${policy}.allow-monitoring`, `${policy}.default-deny`];
}
