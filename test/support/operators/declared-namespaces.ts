import { isDeepStrictEqual } from 'node:util';
import { expect, vi } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import { fieldOf, itemsOf, textOf } from '../../../src/base/json.ts';
import { renderedParts } from '../../../src/domain/rendering/rendering.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../src/operator/watch/resources.ts';
import { CLUSTER_DNS_EGRESS } from '../control-plane/cluster-dns.ts';
import { EVENTUALLY_MS } from '../deadlines.ts';
import { type TestCluster, valueOf } from './test-cluster.ts';

/** A policy, namespaces that it selects, and others' objects among them: what a fault may shake, and must leave as it was. */
export interface DeclaredNamespaces {
  /** The namespaces that are to be protected. */
  readonly namespaces: readonly string[];
  /** Declares more namespaces and creates them; gives their names. */
  add(count: number): Promise<readonly string[]>;
  /** Creates what is declared and is not there, as a GitOps tool does; rejects where the API server is not well. */
  redeclare(): Promise<void>;
  /** Whatever is not as declared, in words; empty when every set, report, status and foreign object is as it must be. */
  deviations(): Promise<readonly string[]>;
  /** Resolves when nothing deviates, and rejects with what does after 40 s. While the API server is away, looking fails as well. */
  settled(): Promise<void>;
  /** The uid of every NetworkPolicy, by namespace and name: equal before and after means that nothing was deleted meanwhile. */
  identities(): Promise<Readonly<Record<string, string>>>;
}

/**
 * Declares the policy `name` for namespaces called `<name>-<number>`, and a namespace that it does not select. Each of them
 * has a NetworkPolicy of somebody else. The cluster's DNS must be that of a {@link TestCluster}.
 */
export async function declareNamespaces(scene: TestCluster, name: string): Promise<DeclaredNamespaces> {
  const estate = new DeclaredNamespacesOf(scene, name);
  await estate.redeclare();
  return estate;
}

class DeclaredNamespacesOf implements DeclaredNamespaces {
  readonly namespaces: string[] = [];
  readonly #scene: TestCluster;
  readonly #name: string;
  readonly #foreign = new Map<string, KubeObject>();

  constructor(scene: TestCluster, name: string) {
    this.#scene = scene;
    this.#name = name;
  }

  async add(count: number): Promise<readonly string[]> {
    const names = Array.from(
      { length: count },
      (_, index) => `${this.#name}-${String(this.namespaces.length + index)}`,
    );
    this.namespaces.push(...names);
    await Promise.all(names.map((name) => this.#declared(name)));
    return names;
  }

  async redeclare(): Promise<void> {
    await this.#scene.declare(this.#name);
    await Promise.all([...this.namespaces, this.#bystander].map((name) => this.#declared(name)));
  }

  async deviations(): Promise<readonly string[]> {
    const [policy] = (await this.#all(BASELINE_POLICIES)).filter(({ metadata }) => metadata.name === this.#name);
    if (policy === undefined) {
      return ['the BaselinePolicy is not there'];
    }
    const [standing, reports, namespaces] = await Promise.all([
      this.#own(NETWORK_POLICIES),
      this.#own(NAMESPACE_BASELINES),
      this.#all(NAMESPACES),
    ]);
    const labelled = namespaces.filter(
      ({ metadata }) => this.namespaces.includes(metadata.name ?? '') && metadata.labels?.set === this.#name,
    );
    return [
      ...this.#setDeviations(textOf(policy.metadata.uid), standing),
      ...this.#reportDeviations(reports, standing),
      ...this.#statusDeviations(policy),
      ...(labelled.length === this.namespaces.length
        ? []
        : [`${labelled.length} of ${this.namespaces.length} namespaces are there`]),
    ];
  }

  async settled(): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(await this.deviations()).toEqual([]);
      },
      { timeout: EVENTUALLY_MS, interval: 100 },
    );
  }

  async identities(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      (await this.#own(NETWORK_POLICIES)).map((object) => [pathOf(object), textOf(object.metadata.uid)]),
    );
  }

  get #bystander(): string {
    return `${this.#name}-bystander`;
  }

  /** The foreign object first: a namespace is labelled when somebody lives in it. */
  async #declared(name: string): Promise<void> {
    const { kube } = this.#scene;
    const labels = name === this.#bystander ? {} : { set: this.#name };
    const namespace = await kube.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
    if (!namespace.ok && namespace.error.kind !== 'alreadyExists') {
      valueOf(namespace);
    }
    const own = name === this.#bystander ? `${this.#name}.theirs` : 'own';
    const foreign = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: name, name: own },
      spec: { podSelector: { matchLabels: { app: 'theirs' } }, policyTypes: ['Ingress'] },
    };
    const created = await kube.create(NETWORK_POLICIES, foreign);
    if (created.ok) {
      this.#foreign.set(pathOf(foreign), created.value);
    } else if (created.error.kind !== 'alreadyExists') {
      valueOf(created);
    } else if (!this.#foreign.has(pathOf(foreign))) {
      this.#foreign.set(
        pathOf(foreign),
        valueOf(await kube.get({ type: NETWORK_POLICIES, namespace: name, name: own })),
      );
    }
  }

  #setDeviations(policyUid: string, standing: readonly KubeObject[]): readonly string[] {
    const parts = renderedParts(this.#name, {}, { dns: { source: '', egress: CLUSTER_DNS_EGRESS } });
    const missing = new Set([
      ...this.namespaces.flatMap((namespace) => parts.map((part) => `${namespace}/${part.name}`)),
      ...this.#foreign.keys(),
    ]);
    const wrong: string[] = [];
    for (const object of standing) {
      const path = pathOf(object);
      const part = parts.find((candidate) => candidate.name === object.metadata.name);
      if (!missing.delete(path)) {
        wrong.push(`${path} should not be`);
      } else if (this.#foreign.has(path) && !isSameObject(object, this.#foreign.get(path))) {
        wrong.push(`${path} of somebody else was touched`);
      } else if (part !== undefined && !isAsRendered(object, { spec: part.spec, policy: this.#name, policyUid })) {
        wrong.push(`${path} is not as declared: ${JSON.stringify(object)}`);
      }
    }
    return [...wrong, ...[...missing].map((path) => `${path} is missing`)];
  }

  #reportDeviations(reports: readonly KubeObject[], standing: readonly KubeObject[]): readonly string[] {
    const extra = reports
      .map(({ metadata }) => textOf(metadata.namespace))
      .filter((namespace) => !this.namespaces.includes(namespace));
    return [
      ...extra.map((namespace) => `${namespace} has a NamespaceBaseline`),
      ...this.namespaces
        .filter((namespace) => {
          const status = reports.find(({ metadata }) => metadata.namespace === namespace)?.status;
          const listed = itemsOf(fieldOf(itemsOf(fieldOf(status, 'policies'))[0], 'managed')).map((managed) =>
            textOf(fieldOf(managed, 'uid')),
          );
          const actual = standing
            .filter(({ metadata }) => metadata.namespace === namespace && metadata.name !== 'own')
            .map(({ metadata }) => textOf(metadata.uid));
          return fieldOf(status, 'phase') !== 'Protected' || !isDeepStrictEqual(listed.sort(), actual.sort());
        })
        .map((namespace) => `the NamespaceBaseline of ${namespace} says something else`),
    ];
  }

  #statusDeviations({ metadata, status }: KubeObject): readonly string[] {
    const counts = fieldOf(status, 'namespaces');
    const conditions = itemsOf(fieldOf(status, 'conditions'))
      .filter((condition) => fieldOf(condition, 'status') === 'True')
      .map((condition) => textOf(fieldOf(condition, 'type')));
    const isTrue =
      fieldOf(status, 'observedGeneration') === metadata.generation &&
      fieldOf(counts, 'matched') === this.namespaces.length &&
      fieldOf(counts, 'protected') === this.namespaces.length &&
      // No namespace of these clusters has a Prometheus to let in, and the status says so.
      isDeepStrictEqual(conditions.sort(), ['AllProtected', 'PeersNotFound', 'Ready']);
    return isTrue ? [] : [`the status of the BaselinePolicy is ${JSON.stringify(status)}`];
  }

  async #own(type: ResourceType): Promise<readonly KubeObject[]> {
    return (await this.#all(type)).filter(({ metadata }) => metadata.namespace?.startsWith(`${this.#name}-`) === true);
  }

  async #all(type: ResourceType): Promise<readonly KubeObject[]> {
    return valueOf(await this.#scene.kube.list({ type })).items;
  }
}

function pathOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** Down to its resourceVersion; the items of a list have no kind. */
function isSameObject(object: KubeObject, known: KubeObject | undefined): boolean {
  return isDeepStrictEqual([object.metadata, object.spec], [known?.metadata, known?.spec]);
}

/** Every field of the spec, our labels and no others, and the policy's uid. The API server leaves empty lists out. */
function isAsRendered(
  object: KubeObject,
  wanted: {
    readonly spec: { readonly ingress: readonly unknown[]; readonly egress: readonly unknown[] };
    readonly policy: string;
    readonly policyUid: string;
  },
): boolean {
  const { ingress, egress, ...rest } = wanted.spec;
  const spec = { ...rest, ...(ingress.length > 0 ? { ingress } : {}), ...(egress.length > 0 ? { egress } : {}) };
  const labels = { [LABELS.managedBy]: 'nsbaseline', [LABELS.policy]: wanted.policy };
  return (
    isDeepStrictEqual(object.spec, spec) &&
    isDeepStrictEqual(object.metadata.labels, labels) &&
    fieldOf(object.metadata.annotations, ANNOTATIONS.policyUid) === wanted.policyUid
  );
}
