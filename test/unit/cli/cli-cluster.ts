import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { CommandContext } from '../../../src/cli/frame/command-context.ts';
import type { Terminal } from '../../../src/cli/frame/terminal.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import { LEASES } from '../../../src/kube/lease/lease-record.ts';
import { createKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import { valueOf } from '../../support/actors/actors.ts';
import type { FakeApiServer } from '../../support/fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../../support/fake-api/nsbaseline-api-server.ts';
import { scriptedTerminal } from './scripted-terminal.ts';

type Define = (command: Command, context: CommandContext, terminal: Terminal) => void;

/** A fake API server with our CRDs, a kubeconfig for it, and commands that run against it. */
export interface CliCluster {
  readonly server: FakeApiServer;
  readonly kube: KubeClient;
  readonly kubeconfig: string;
  namespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** A NetworkPolicy with our label, of the policy of this uid; without one, foreign. */
  networkPolicy(
    namespace: string,
    name: string,
    policyUid?: string,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** The Lease of the operator. */
  lease(lease: { readonly namespace: string; readonly holder: string; readonly renewTime: string }): Promise<void>;
  networkPolicyNames(namespace: string): Promise<readonly string[]>;
  run(
    define: Define,
    words: readonly string[],
    terminal?: Terminal,
  ): Promise<{ readonly code: number | undefined; readonly printed: string; readonly complaint: string }>;
  stop(): Promise<void>;
}

/** Starts one. The namespace of its context is `team-a`. */
export async function startCliCluster(): Promise<CliCluster> {
  const server = await fakeServerWithCrds();
  const folder = await mkdtemp(join(tmpdir(), 'cli-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: server.url } }],
      contexts: [{ name: 'x', context: { cluster: 'c', namespace: 'team-a' } }],
      'current-context': 'x',
    }),
  );
  const kube = createKubeClient({ cluster: server.asCluster(), fieldManager: 'test', userAgent: 'test' });
  return {
    server,
    kube,
    kubeconfig,
    async namespace(name, labels = {}) {
      valueOf(await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
    },
    async networkPolicy(namespace, name, policyUid, annotations = {}) {
      const marks =
        policyUid === undefined
          ? { annotations }
          : {
              labels: {
                'app.kubernetes.io/managed-by': 'nsbaseline',
                'nsbaseline.io/policy': name.split('.')[0] ?? '',
              },
              annotations: { ...annotations, 'nsbaseline.io/policy-uid': policyUid },
            };
      valueOf(
        await kube.create(NETWORK_POLICIES, {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name, namespace, ...marks },
          spec: { podSelector: {} },
        }),
      );
    },
    async lease({ namespace, holder, renewTime }) {
      valueOf(
        await kube.create(LEASES, {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'nsbaseline', namespace },
          spec: { holderIdentity: holder, renewTime, leaseDurationSeconds: 600 },
        }),
      );
    },
    async networkPolicyNames(namespace) {
      return valueOf(await kube.list({ type: NETWORK_POLICIES, namespace }))
        .items.map(({ metadata }) => metadata.name ?? '')
        .sort();
    },
    async run(define, words, terminal = scriptedTerminal()) {
      let printed = '';
      let complaint = '';
      let code: number | undefined;
      const command = new Command('x').exitOverride().configureOutput({
        writeErr: (text) => {
          complaint += text;
        },
      });
      define(
        command,
        {
          programName: 'nsbaseline',
          executable: 'nsbaseline',
          env: {},
          print: (text) => {
            printed += text;
          },
          writeError: (text) => {
            complaint += text;
          },
          exit: (wanted) => {
            code = wanted;
          },
        },
        terminal,
      );
      await command.parseAsync([...words, '--kubeconfig', kubeconfig], { from: 'user' });
      return { code, printed, complaint };
    },
    async stop() {
      await kube.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}
