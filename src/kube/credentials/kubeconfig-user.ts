import { fieldOf, fieldsOf, isJsonObject, itemsOf, present, textOf } from '../../base/json.ts';
import type { CredentialHeaders } from './cluster.ts';
import { absolutePath, isBase64, sourceOf, type TextSource, textIn } from './kubeconfig-field.ts';

/** The versions of the exec plugin protocol that kubectl speaks; v1alpha1 was removed in Kubernetes 1.24. */
const EXEC_API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

/** When an exec plugin gets our standard input. */
export type InteractiveMode = 'Never' | 'IfAvailable' | 'Always';

/** An `exec` entry: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecConfig */
export interface ExecConfig {
  readonly apiVersion: (typeof EXEC_API_VERSIONS)[number];
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: InteractiveMode;
}

/** How a user authenticates. As in kubectl, a plugin is used only without a token, a password and a certificate. */
export interface KubeconfigUser {
  readonly name: string;
  readonly token?: TextSource;
  readonly password?: { readonly username: string; readonly password: string };
  readonly cert?: TextSource;
  readonly key?: TextSource;
  /**
   * The impersonation headers:
   * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
   */
  readonly impersonation: CredentialHeaders;
  readonly exec?: ExecConfig;
  /** The raw `auth-provider` entry. */
  readonly authProvider?: unknown;
}

/**
 * The user of that name from its `user` entry, or the problem in it as the end of a sentence about the kubeconfig. It
 * accepts what kubectl accepts (validateAuthInfo of client-go's tools/clientcmd).
 */
export function kubeconfigUser(entry: {
  readonly path: string;
  readonly name: string;
  readonly fields: unknown;
}): KubeconfigUser | string {
  const { path, name, fields } = entry;
  const credentials = {
    token: tokenOf(path, fields),
    password: passwordOf(fields),
    cert: sourceOf(path, fields, 'client-certificate'),
    key: sourceOf(path, fields, 'client-key'),
  };
  const problem = credentialProblem(fields);
  if (problem !== undefined) {
    return `${problem} for user ${JSON.stringify(name)}`;
  }
  const exec = execOf(path, fieldOf(fields, 'exec'));
  if (typeof exec === 'string') {
    return `has an exec plugin for user ${JSON.stringify(name)} ${exec}`;
  }
  const impersonation = impersonationOf(fields);
  if (typeof impersonation === 'string') {
    return `${impersonation} for user ${JSON.stringify(name)}`;
  }
  return { name, impersonation, authProvider: fieldOf(fields, 'auth-provider'), ...present({ ...credentials, exec }) };
}

function credentialProblem(fields: unknown): string | undefined {
  const has = (field: string): boolean => textIn(fields, field) !== undefined;
  if (has('token') && (has('username') || has('password'))) {
    return 'has both a token and a username or password; remove one of them,';
  }
  if (isJsonObject(fieldOf(fields, 'exec')) && isJsonObject(fieldOf(fields, 'auth-provider'))) {
    return 'has both an exec plugin and an auth-provider; remove one of them,';
  }
  const data = ['client-certificate-data', 'client-key-data'].find((field) => !isBase64(textIn(fields, field)));
  if (data !== undefined) {
    return `has ${data} that is not base64`;
  }
  return certificateProblem(has);
}

function certificateProblem(has: (field: string) => boolean): string | undefined {
  if (!has('client-certificate') && !has('client-certificate-data')) {
    return undefined;
  }
  if (!has('client-key') && !has('client-key-data')) {
    return 'has a client certificate without client-key or client-key-data';
  }
  return ['client-certificate', 'client-key']
    .filter((field) => has(field) && has(`${field}-data`))
    .map((field) => `has both ${field} and ${field}-data; remove one of them,`)[0];
}

function passwordOf(fields: unknown): KubeconfigUser['password'] {
  const username = textIn(fields, 'username');
  return username === undefined ? undefined : { username, password: textIn(fields, 'password') ?? '' };
}

/** As in kubectl, the file wins over the text, because it may have been renewed. */
function tokenOf(path: string, fields: unknown): TextSource | undefined {
  const file = textIn(fields, 'tokenFile');
  const token = textIn(fields, 'token');
  if (file !== undefined) {
    return { path: absolutePath(path, file) };
  }
  return token === undefined ? undefined : { text: token };
}

/** The plugin, or the problem with it as the end of a sentence. */
function execOf(path: string, exec: unknown): ExecConfig | undefined | string {
  if (!isJsonObject(exec)) {
    return undefined;
  }
  const command = textIn(exec, 'command');
  if (command === undefined) {
    return 'without a command';
  }
  const apiVersion = EXEC_API_VERSIONS.find((known) => known === textIn(exec, 'apiVersion'));
  if (apiVersion === undefined) {
    return `with ${shown(exec, 'apiVersion')}; use ${EXEC_API_VERSIONS.join(' or ')}`;
  }
  const mode = textIn(exec, 'interactiveMode') ?? DEFAULT_MODES[apiVersion];
  const interactiveMode = INTERACTIVE_MODES.find((known) => known === mode);
  if (interactiveMode === undefined) {
    return `with ${shown(exec, 'interactiveMode')}; use ${INTERACTIVE_MODES.join(', ')}`;
  }
  const env = itemsOf(fieldOf(exec, 'env')).map(variableOf);
  if (env.some(([name]) => name === '')) {
    return 'with an environment variable without a name';
  }
  return {
    apiVersion,
    // As in kubectl, a command with a slash is a path from the kubeconfig's folder; one without is looked up in PATH.
    command: command.includes('/') ? absolutePath(path, command) : command,
    args: itemsOf(fieldOf(exec, 'args')).map(textOf),
    env: Object.fromEntries(env),
    provideClusterInfo: fieldOf(exec, 'provideClusterInfo') === true,
    interactiveMode,
    ...present({ installHint: textIn(exec, 'installHint') }),
  };
}

const INTERACTIVE_MODES: readonly InteractiveMode[] = ['Never', 'IfAvailable', 'Always'];

/** In v1 the field is required. */
const DEFAULT_MODES: Readonly<Record<ExecConfig['apiVersion'], InteractiveMode | undefined>> = {
  'client.authentication.k8s.io/v1': undefined,
  'client.authentication.k8s.io/v1beta1': 'IfAvailable',
};

function shown(exec: unknown, field: string): string {
  const value = textIn(exec, field);
  return value === undefined ? `no ${field}` : `the ${field} ${JSON.stringify(value)}`;
}

function variableOf(entry: unknown): readonly [string, string] {
  return [textOf(fieldOf(entry, 'name')), textOf(fieldOf(entry, 'value'))];
}

/** The headers, or the problem as the beginning of a sentence's end. */
function impersonationOf(fields: unknown): CredentialHeaders | string {
  const user = textIn(fields, 'as');
  const uid = textIn(fields, 'as-uid');
  const groups = itemsOf(fieldOf(fields, 'as-groups')).map(textOf);
  const extra = Object.entries(fieldsOf(fieldOf(fields, 'as-user-extra'))).map(
    ([key, list]) => [key, itemsOf(list).map(textOf)] as const,
  );
  if (user === undefined) {
    const isIncomplete = uid !== undefined || groups.length > 0 || extra.length > 0;
    return isIncomplete ? 'has as-uid, as-groups or as-user-extra without "as"' : {};
  }
  const values = [user, uid ?? '', ...groups, ...extra.flatMap(([, list]) => list)];
  if (values.some((value) => /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))) {
    return 'has a control character in an impersonated name';
  }
  return {
    'impersonate-user': headerText(user),
    ...present({ 'impersonate-uid': uid === undefined ? undefined : headerText(uid) }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups.map(headerText) }),
    ...Object.fromEntries(
      extra.map(([key, list]) => [`impersonate-extra-${escapedHeaderKey(key)}`, list.map(headerText)] as const),
    ),
  };
}

/** A header is written in latin1, so this makes its bytes the UTF-8 of the text, as Go sends it. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * As client-go escapes keys: each byte that may not be in a header name, and the percent sign, as `%` and two digits.
 */
function escapedHeaderKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
