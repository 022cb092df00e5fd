import type { RequestOptions } from 'node:https';
import type { Clock } from '../../base/clock.ts';
import { fieldOf, present } from '../../base/json.ts';
import { failure, success } from '../../base/result.ts';
import { readableText } from '../../base/text.ts';
import type { KubeconfigUser } from './kubeconfig-user.ts';
import type { CredentialPlugin, PluginCredentials } from './refreshing-cluster.ts';

const LIMIT_MS = 60_000;

/**
 * An auth provider of a kubeconfig, such as `oidc`, run by client-node. The package is loaded only when needed, because
 * that takes longer than the rest of the start.
 */
export function authProvider(user: KubeconfigUser, clock: Clock): CredentialPlugin {
  let authenticator: Promise<() => Promise<PluginCredentials>> | undefined;
  return {
    async credentials() {
      try {
        authenticator ??= clientNodeAuthenticator(user);
        return success(await withinLimit((await authenticator)(), clock));
      } catch (thrown) {
        const why =
          thrown instanceof Error && thrown.message !== '' ? readableText(thrown.message) : 'it gave no credentials';
        return failure({
          kind: 'credentials',
          message: `the auth-provider of user ${JSON.stringify(user.name)} failed: ${why}`,
        });
      }
    },
    forget() {
      authenticator = undefined;
    },
  };
}

async function clientNodeAuthenticator(user: KubeconfigUser): Promise<() => Promise<PluginCredentials>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  // This object only fills in headers and certificates; it never contacts the server.
  config.loadFromOptions({
    clusters: [{ name: 'unused', server: 'https://unused.invalid', skipTLSVerify: false }],
    users: [{ name: user.name, authProvider: user.authProvider }],
    contexts: [{ name: 'only', cluster: 'unused', user: user.name }],
    currentContext: 'only',
  });
  return async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return present({
      authorization: text(fieldOf(options.headers, 'Authorization')),
      cert: text(options.cert),
      key: text(options.key),
    });
  };
}

function text(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) {
    return value.toString('utf8');
  }
  return typeof value === 'string' ? value : undefined;
}

async function withinLimit<Value>(work: Promise<Value>, clock: Clock): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = clock.after(LIMIT_MS, () => {
    reject(new Error(`no answer within ${LIMIT_MS / 1000} s`));
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timer.cancel();
  }
}
