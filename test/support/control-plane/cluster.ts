import { spawn } from 'node:child_process';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dump } from 'js-yaml';
import type { ControlPlaneAddress } from './protocol.ts';

/** How a kubectl run ended; a refusal of the API server is an `exitCode` of 1 with its words in `stderr`. */
export interface KubectlResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a kubectl run gets besides its arguments. */
export interface KubectlOptions {
  readonly stdin?: string;
  /** Whose credentials to use; the cluster admin's when absent. */
  readonly kubeconfigPath?: string;
}

/** A service account that can be used from outside, with a token as a pod would get it. */
export interface ServiceAccountAccess {
  readonly kubeconfigPath: string;
  readonly token: string;
  /** The name that the API server knows it by, `system:serviceaccount:<namespace>:<name>`. */
  readonly userName: string;
}

/** A running control plane, as tests use it. Every method but `tryKubectl` throws with kubectl's words when it fails. */
export interface Cluster {
  readonly address: ControlPlaneAddress;
  /** Runs kubectl as cluster admin and gives its stdout. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Runs kubectl and gives what came of it; it never throws for what kubectl says. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /**
   * Applies a file, a folder (as a kustomization where it is one) or objects, server-side, and waits until CRDs among
   * them are served.
   */
  applyManifests(source: string | readonly object[]): Promise<void>;
  /** Makes the account and its namespace where they are missing, and a token for it through the TokenRequest API, good for a day. */
  serviceAccount(account: { readonly name: string; readonly namespace: string }): Promise<ServiceAccountAccess>;
}

/** How often the CRDs are asked whether they are served, and with what pause in milliseconds. */
const MOST_TRIES = 50;
const RETRY_MS = 200;

/** The cluster at an address, such as the one that `inject('controlPlane')` gives. */
export function clusterAt(address: ControlPlaneAddress): Cluster {
  const tryKubectl = (args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> =>
    runKubectl(address, args, options);
  const run = async (args: readonly string[], options: KubectlOptions = {}): Promise<string> => {
    const result = await tryKubectl(args, options);
    if (result.exitCode !== 0) {
      throw new Error(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
    }
    return result.stdout;
  };
  const applyManifests = async (source: string | readonly object[]): Promise<void> => {
    const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=nsbaseline-tests', '--output=name'];
    const applied =
      typeof source === 'string'
        ? await run([...apply, ...(await sourceArguments(source))])
        : await run([...apply, '--filename=-'], { stdin: listOf(source) });
    const definitions = applied.split('\n').filter((line) => line.startsWith('customresourcedefinition.'));
    if (definitions.length === 0) {
      return;
    }
    const established = ['wait', '--for=condition=Established', '--timeout=30s', ...definitions];
    // kubectl gives up at once on one that has no conditions yet.
    for (let tries = 1; tries < MOST_TRIES; tries += 1) {
      if ((await tryKubectl(established)).exitCode === 0) {
        return;
      }
      await sleep(RETRY_MS);
    }
    await run(established);
  };
  return {
    address,
    tryKubectl,
    kubectl: (...args) => run(args),
    applyManifests,
    async serviceAccount({ name, namespace }) {
      await applyManifests([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
      ]);
      const token = (await run(['create', 'token', name, `--namespace=${namespace}`, '--duration=24h'])).trim();
      const directory = await mkdtemp(join(address.directory, 'account-'));
      const kubeconfigPath = join(directory, 'kubeconfig.yaml');
      await writeFile(kubeconfigPath, await tokenKubeconfig(address, token), { mode: 0o600 });
      return { kubeconfigPath, token, userName: `system:serviceaccount:${namespace}:${name}` };
    },
  };
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

async function sourceArguments(path: string): Promise<readonly string[]> {
  const isKustomization = await stat(join(path, 'kustomization.yaml')).then(
    () => true,
    () => false,
  );
  return isKustomization ? [`--kustomize=${path}`] : [`--filename=${path}`, '--recursive'];
}

async function tokenKubeconfig(address: ControlPlaneAddress, token: string): Promise<string> {
  const admin = await readFile(address.kubeconfigPath, 'utf8');
  const authority = /certificate-authority-data: *>?-?\s*(\S+)/.exec(admin)?.[1];
  if (authority === undefined) {
    throw new Error(`${address.kubeconfigPath} names no certificate authority`);
  }
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: address.server, 'certificate-authority-data': authority } }],
    users: [{ name: 'account', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'account' } }],
    'current-context': 'test',
  });
}

function runKubectl(
  address: ControlPlaneAddress,
  args: readonly string[],
  options: KubectlOptions,
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(address.kubectlPath, args, {
      // kubectl's cache and the user's own kubeconfig stay untouched.
      env: {
        PATH: process.env.PATH,
        HOME: address.directory,
        KUBECONFIG: options.kubeconfigPath ?? address.kubeconfigPath,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ exitCode: code ?? 1, stdout, stderr });
    });
    // kubectl may end before it has read everything; its exit code then says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}
