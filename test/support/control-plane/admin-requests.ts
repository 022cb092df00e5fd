import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { load } from 'js-yaml';
import type { Cluster } from './cluster.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly 'certificate-authority-data': string } }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** What the API server answers: an object, or a Status that says why not. */
export interface Answer {
  readonly status?: unknown;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

/** Requests of the cluster's administrator with exactly the body that a test writes: kubectl would change it. */
export interface AdminRequests {
  readonly post: (path: string, body: string, contentType?: string) => Promise<Answer>;
  readonly patch: (path: string, body: string, contentType: string) => Promise<Answer>;
  readonly end: () => void;
}

/** {@link AdminRequests} of one cluster, over connections that are kept until `end`. */
export async function adminRequests(cluster: Cluster): Promise<AdminRequests> {
  const agent = await adminAgent(cluster);
  const send = (method: string, path: string, body: string, contentType: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, cluster.address.server),
        { method, agent, headers: { 'content-type': contentType } },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          incoming.on('end', () => {
            resolve(JSON.parse(text) as Answer);
          });
        },
      );
      outgoing.on('error', reject).end(body);
    });
  return {
    post: (path, body, contentType = 'application/json') => send('POST', path, body, contentType),
    patch: (path, body, contentType) => send('PATCH', path, body, contentType),
    end: () => {
      agent.destroy();
    },
  };
}

async function adminAgent(cluster: Cluster): Promise<Agent> {
  const config = load(await readFile(cluster.address.kubeconfigPath, 'utf8')) as Kubeconfig;
  const decoded = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  const user = config.users[0]?.user;
  return new Agent({
    keepAlive: true,
    ca: decoded(config.clusters[0]?.cluster['certificate-authority-data']),
    cert: decoded(user?.['client-certificate-data']),
    key: decoded(user?.['client-key-data']),
  });
}
