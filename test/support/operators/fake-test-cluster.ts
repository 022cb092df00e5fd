import { afterEach, beforeEach } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../../src/api/crd/crd.ts';
import { fieldOf, itemsOf } from '../../../src/base/json.ts';
import { isKubeObject, type KubeObject } from '../../../src/kube/client/kube-object.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { type Actors, actorsWith, eventually, OPTED_IN, standardSet } from '../actors/actors.ts';
import { FakeClusterActor } from '../actors/fake-cluster-actor.ts';
import type { FakeApiServer } from '../fake-api/fake-api-server.ts';
import type { FakeClusterOptions } from '../fake-api/fake-cluster.ts';
import { fakeServerWithCrds } from '../fake-api/nsbaseline-api-server.ts';
import { type InProcess, type InProcessOptions, startInProcess } from './in-process.ts';

/** A fake API server of its own for every test of a file, with a DNS that is ready, and the operators that a test starts against it. */
export interface FakeTestCluster {
  readonly server: FakeApiServer;
  /** Somebody who may do everything. */
  readonly admin: HttpKubeClient;
  readonly people: Actors;
  /** Starts an operator that ends with the test. */
  start(options?: Omit<InProcessOptions, 'server'>): Promise<InProcess>;
  phaseOf(namespace: string): Promise<unknown>;
  /** Opts a namespace in and resolves once it is protected by the policy `standard`. */
  protectedNamespace(name: string): Promise<void>;
  /** Resolves once the operator has looked at the whole namespace again, written what it had to, and said so: it is shown a policy of this name that undoes the isolation. */
  lookAgain(namespace: string, weakening: string): Promise<void>;
}

/** The scene of a file's tests; its members are there while a test runs. `clusterOptions` is asked before each. */
export function fakeTestCluster(clusterOptions: () => FakeClusterOptions = () => ({})): FakeTestCluster {
  const made: { server?: FakeApiServer; admin?: HttpKubeClient } = {};
  const running: InProcess[] = [];
  const scene: FakeTestCluster = {
    get server() {
      return present(made.server);
    },
    get admin() {
      return present(made.admin);
    },
    get people() {
      return actorsWith(present(made.admin));
    },
    async start(options = {}) {
      const operator = await startInProcess({ server: scene.server, ...options });
      running.push(operator);
      return operator;
    },
    phaseOf: async (namespace) => fieldOf(await scene.people.report(namespace), 'phase'),
    async protectedNamespace(name) {
      await scene.people.namespace(name, OPTED_IN);
      await eventually(() => scene.people.networkPolicyNames(name)).toEqual(standardSet());
      await eventually(() => scene.phaseOf(name)).toBe('Protected');
    },
    async lookAgain(namespace, weakening) {
      await scene.people.createNetworkPolicy(
        namespace,
        { name: weakening },
        { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 80 }] }] },
      );
      const told = async (): Promise<readonly unknown[]> =>
        itemsOf(fieldOf(await scene.people.report(namespace), 'weakenedBy')).map((found) => fieldOf(found, 'name'));
      await eventually(told).toContain(weakening);
    },
  };
  beforeEach(async () => {
    made.server = await fakeServerWithCrds(clusterOptions());
    new FakeClusterActor(made.server.cluster).installDns();
    made.admin = createKubeClient({
      cluster: made.server.asCluster(),
      fieldManager: 'somebody',
      userAgent: 'somebody/1',
    });
  });
  afterEach(async () => {
    scene.server.intercept = undefined;
    await Promise.all(running.splice(0).map((operator) => operator.close()));
    await scene.admin.close();
    await scene.server.close();
  });
  return scene;
}

/** One of nsbaseline's CRDs, as it is installed. */
export function crdOf(plural: string): KubeObject {
  const crd: unknown = RESOURCE_DEFINITIONS.filter((definition) => definition.plural === plural).map(crdFor)[0];
  if (!isKubeObject(crd)) {
    throw new Error(`there is no CRD of ${plural}`);
  }
  return crd;
}

function present<Member>(member: Member | undefined): Member {
  if (member === undefined) {
    throw new Error('the scene is there only while a test runs');
  }
  return member;
}
