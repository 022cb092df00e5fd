import { dirname, isAbsolute, join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { fieldOf, isJsonObject, present, stringFieldOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';

/** A kubeconfig as read from disk. */
export interface KubeconfigText {
  readonly path: string;
  readonly text: string;
}

/** Something that a kubeconfig either holds itself or names a file for. */
export type TextSource = { readonly text: string } | { readonly path: string };

/** How a user proves who they are; at most one of token, password and plugin is used, in this order. */
export interface KubeconfigUser {
  readonly name: string;
  readonly token?: TextSource;
  readonly password?: { readonly username: string; readonly password: string };
  readonly cert?: TextSource;
  readonly key?: TextSource;
  /** `as` and `as-uid`: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
  readonly impersonation: Readonly<Record<string, string>>;
  /** The raw `exec` and `auth-provider` entries. */
  readonly exec?: unknown;
  readonly authProvider?: unknown;
}

/** What one context comes down to. */
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
  readonly user: KubeconfigUser;
}

interface Parsed {
  readonly path: string;
  readonly content: unknown;
}

/**
 * The context of that name, or the current one, as kubectl would read it: of several files the first that has a name
 * decides, and a relative path starts from the file it stands in
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/). The only error is
 * `credentials`; its message names the file and what to change.
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

/** The context, or what stands in its way. */
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

function clusterOf(
  files: readonly Parsed[],
  name: string,
): Pick<KubeconfigContext, 'server' | 'proxyUrl' | 'servername' | 'isUnverified' | 'ca'> | string {
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
  if (proxyUrl !== undefined && !isHttpUrl(proxyUrl)) {
    return `has the proxy-url ${JSON.stringify(proxyUrl)} for cluster ${quoted}; only http and https proxies are supported`;
  }
  return {
    server,
    isUnverified: fieldOf(fields, 'insecure-skip-tls-verify') === true,
    ...present({
      proxyUrl,
      servername: textIn(fields, 'tls-server-name'),
      ca: sourceOf(cluster.path, fields, 'certificate-authority'),
    }),
  };
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
  const { path } = user;
  const fields = fieldOf(user.entry, 'user');
  const unsupported = ['as-groups', 'as-user-extra'].find((field) => fieldOf(fields, field) !== undefined);
  if (unsupported !== undefined) {
    return `uses ${unsupported} for user ${JSON.stringify(name)}, which is not supported`;
  }
  return {
    name,
    impersonation: present({ 'impersonate-user': textIn(fields, 'as'), 'impersonate-uid': textIn(fields, 'as-uid') }),
    ...present({
      token: tokenOf(path, fields),
      password: passwordOf(fields),
      cert: sourceOf(path, fields, 'client-certificate'),
      key: sourceOf(path, fields, 'client-key'),
    }),
    exec: execOf(path, fieldOf(fields, 'exec')),
    authProvider: fieldOf(fields, 'auth-provider'),
  };
}

function passwordOf(user: unknown): KubeconfigUser['password'] {
  const username = textIn(user, 'username');
  return username === undefined ? undefined : { username, password: textIn(user, 'password') ?? '' };
}

function tokenOf(path: string, user: unknown): TextSource | undefined {
  const file = textIn(user, 'tokenFile');
  const token = textIn(user, 'token');
  // kubectl lets the file win, as it is the fresher of the two.
  if (file !== undefined) {
    return { path: absolute(path, file) };
  }
  return token === undefined ? undefined : { text: token };
}

/** A plugin's command that has a slash is a path like any other here; one without is looked for in PATH. */
function execOf(path: string, exec: unknown): unknown {
  const command = textIn(exec, 'command') ?? '';
  return isJsonObject(exec) && command.includes('/') ? { ...exec, command: absolute(path, command) } : exec;
}

function sourceOf(path: string, entry: unknown, field: string): TextSource | undefined {
  const data = textIn(entry, `${field}-data`);
  if (data !== undefined) {
    return { text: Buffer.from(data, 'base64').toString('utf8') };
  }
  const file = textIn(entry, field);
  return file === undefined ? undefined : { path: absolute(path, file) };
}

function absolute(kubeconfigPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(kubeconfigPath), path);
}

function textIn(entry: unknown, field: string): string | undefined {
  const text = stringFieldOf(entry, field);
  return text === '' ? undefined : text;
}

function firstText(files: readonly Parsed[], field: string): string | undefined {
  return files.map(({ content }) => textIn(content, field)).find((text) => text !== undefined);
}

function entriesOf(content: unknown, field: string): readonly unknown[] {
  const entries = fieldOf(content, field);
  return Array.isArray(entries) ? entries : [];
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
