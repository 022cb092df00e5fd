import { load, YAMLException } from 'js-yaml';
import { fieldOf, isJsonObject, itemsOf, present, stringFieldOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';
import { isBase64, sourceOf, type TextSource, textIn } from './kubeconfig-field.ts';
import { type KubeconfigUser, kubeconfigUser } from './kubeconfig-user.ts';

/** A kubeconfig as read from disk. */
export interface KubeconfigText {
  readonly path: string;
  readonly text: string;
}

/** One context with its cluster and user. */
export interface KubeconfigContext {
  /** For messages: the file or files. */
  readonly source: string;
  readonly contextName: string;
  readonly namespace: string;
  readonly server: string;
  readonly proxyUrl?: string;
  readonly servername?: string;
  readonly isUnverified: boolean;
  readonly ca?: TextSource;
  /** What the cluster has for exec plugins: its extension `client.authentication.k8s.io/exec`. */
  readonly execExtension?: unknown;
  readonly user: KubeconfigUser;
}

const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

interface Parsed {
  readonly path: string;
  readonly content: unknown;
}

/**
 * The context of that name, or the current one, as kubectl reads it: of several files the first one with a name wins,
 * and a relative path starts from the folder of its file
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/). Like kubectl it checks the
 * cluster and the user of that context only. The only error is `credentials`; its message names the file and the fix.
 */
export function kubeconfigContext(
  texts: readonly KubeconfigText[],
  wanted?: string,
): Result<KubeconfigContext, KubeError> {
  const source = texts.map(({ path }) => path).join(', ');
  const files: Parsed[] = [];
  for (const text of texts) {
    const content = parsed(text);
    if (!content.ok) {
      return content;
    }
    files.push({ path: text.path, content: content.value });
  }
  const context = contextOf(files, wanted ?? firstText(files, 'current-context'));
  if (typeof context === 'string') {
    return failure({ kind: 'credentials', message: `kubeconfig ${source} ${context}` });
  }
  return success({ source, ...context });
}

/** The context, or the problem as the end of a sentence. */
function contextOf(
  files: readonly Parsed[],
  contextName: string | undefined,
): Omit<KubeconfigContext, 'source'> | string {
  const names = [
    ...new Set(
      files.flatMap(({ content }) => entriesOf(content, 'contexts').map((entry) => stringFieldOf(entry, 'name') ?? '')),
    ),
  ];
  const choice = names.length === 0 ? 'it has no contexts' : `it has: ${names.join(', ')}`;
  if (contextName === undefined) {
    return `names no current-context; choose one with --context (${choice})`;
  }
  const entry = found(files, 'contexts', contextName)?.entry;
  if (entry === undefined) {
    return `has no context ${JSON.stringify(contextName)} (${choice})`;
  }
  const context = fieldOf(entry, 'context');
  const ends = clusterOf(files, stringFieldOf(context, 'cluster') ?? '');
  if (typeof ends === 'string') {
    return ends;
  }
  const user = userOf(files, textIn(context, 'user'));
  if (typeof user === 'string') {
    return user;
  }
  return { contextName, namespace: textIn(context, 'namespace') ?? 'default', ...ends, user };
}

function parsed({ path, text }: KubeconfigText): Result<unknown, KubeError> {
  try {
    const content = load(text);
    if (isJsonObject(content)) {
      return success(content);
    }
    return failure({
      kind: 'credentials',
      message: `kubeconfig ${path} is empty or no kubeconfig: it needs clusters, users and contexts`,
    });
  } catch (thrown) {
    const why = thrown instanceof YAMLException ? thrown.message.split('\n')[0] : 'it cannot be parsed';
    return failure({ kind: 'credentials', message: `kubeconfig ${path} is not YAML: ${why ?? ''}` });
  }
}

type ClusterEntry = Omit<KubeconfigContext, 'source' | 'contextName' | 'namespace' | 'user'>;

function clusterOf(files: readonly Parsed[], name: string): ClusterEntry | string {
  const quoted = JSON.stringify(name);
  const cluster = found(files, 'clusters', name);
  if (cluster === undefined) {
    return `has no cluster ${quoted}, which the context names`;
  }
  const fields = fieldOf(cluster.entry, 'cluster');
  const server = textIn(fields, 'server');
  if (server === undefined) {
    return `has an empty server for cluster ${quoted}; write the address of the API server there, such as https://127.0.0.1:6443`;
  }
  if (!isHttpUrl(server)) {
    return `has ${JSON.stringify(server)} as the server of cluster ${quoted}, which is no https address`;
  }
  const proxyUrl = textIn(fields, 'proxy-url');
  if (proxyUrl !== undefined && !isProxyUrl(proxyUrl)) {
    return `has the proxy-url ${JSON.stringify(proxyUrl)} for cluster ${quoted}; a proxy is http, https or socks5`;
  }
  const problem = authorityProblem(fields);
  if (problem !== undefined) {
    return `${problem} for cluster ${quoted}`;
  }
  return {
    server,
    isUnverified: fieldOf(fields, 'insecure-skip-tls-verify') === true,
    ...present({
      proxyUrl,
      servername: textIn(fields, 'tls-server-name'),
      ca: sourceOf(cluster.path, fields, 'certificate-authority'),
      execExtension: itemsOf(fieldOf(fields, 'extensions'))
        .filter((each) => fieldOf(each, 'name') === EXEC_EXTENSION)
        .map((each) => fieldOf(each, 'extension'))[0],
    }),
  };
}

/** As client-go's validateClusterInfo and TLSConfigFor. */
function authorityProblem(fields: unknown): string | undefined {
  const file = textIn(fields, 'certificate-authority');
  const data = textIn(fields, 'certificate-authority-data');
  if (file !== undefined && data !== undefined) {
    return 'has both certificate-authority and certificate-authority-data; remove one of them,';
  }
  if (!isBase64(data)) {
    return 'has certificate-authority-data that is not base64';
  }
  if ((file !== undefined || data !== undefined) && fieldOf(fields, 'insecure-skip-tls-verify') === true) {
    return 'has insecure-skip-tls-verify together with a certificate authority; remove one of them,';
  }
  return undefined;
}

/** Whether kubectl accepts the address as a proxy. */
export function isProxyUrl(text: string): boolean {
  return /^(?:https?|socks5):$/.test(URL.parse(text)?.protocol ?? '');
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

function userOf(files: readonly Parsed[], name: string | undefined): KubeconfigUser | string {
  if (name === undefined) {
    return { name: '', impersonation: {} };
  }
  const user = found(files, 'users', name);
  if (user === undefined) {
    return `has no user ${JSON.stringify(name)}, which the context names`;
  }
  return kubeconfigUser({ path: user.path, name, fields: fieldOf(user.entry, 'user') });
}

function firstText(files: readonly Parsed[], field: string): string | undefined {
  return files.map(({ content }) => textIn(content, field)).find((text) => text !== undefined);
}

function entriesOf(content: unknown, field: string): readonly unknown[] {
  return itemsOf(fieldOf(content, field));
}

function found(
  files: readonly Parsed[],
  field: string,
  name: string,
): { readonly path: string; readonly entry: unknown } | undefined {
  for (const { path, content } of files) {
    const entry = entriesOf(content, field).find((each) => stringFieldOf(each, 'name') === name);
    if (entry !== undefined) {
      return { path, entry };
    }
  }
  return undefined;
}
