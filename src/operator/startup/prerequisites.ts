import { type Clock, pause } from '../../base/clock.ts';
import type { Result } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { Check } from '../../telemetry/checks.ts';
import type { Log } from '../../telemetry/log.ts';
import { PREREQUISITES_POLL_MS, PREREQUISITES_RECHECK_MS } from '../queue/retry-policy.ts';
import { crdProblems, crdProblemText, type NeededFields } from '../watch/served-crds.ts';
import { type Permission, permissionText } from './access.ts';
import { missingPermissions, OLDEST_MINOR, serverVersion } from './preflight.ts';

/** How the wait for the prerequisites ended. */
export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'tooOld'; readonly message: string };

interface Dependencies {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long the API server may be unreachable before the start fails, in milliseconds. */
  readonly unreachableLimitMs: number;
  readonly needed: { readonly permissions: readonly Permission[]; readonly fields: NeededFields };
}

/**
 * Waits until the operator can work: the API server answers and is new enough, every permission is granted, and both
 * CRDs serve every field. Each change of what is missing is logged once, with the command that adds it. Permissions and
 * CRDs that arrive later are noticed without a restart, since GitOps applies them in any order. Afterwards
 * {@link Prerequisites.watch} keeps the answer current.
 */
export class Prerequisites implements Check {
  readonly name = 'prerequisites';
  readonly #dependencies: Dependencies;
  #waitingFor: readonly string[] = ['the API server'];

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** For `/readyz`: what is missing, still or again. */
  check(): { readonly ok: boolean; readonly message: string } {
    const isMet = this.#waitingFor.length === 0;
    return { ok: isMet, message: isMet ? 'all there' : `waiting for ${this.#waitingFor.join('; ')}` };
  }

  /** Resolves when nothing is missing, or when waiting cannot help. */
  async met(): Promise<Readiness> {
    const { clock, signal, log } = this.#dependencies;
    const reached = await this.#reached();
    if (reached.kind !== 'ready') {
      return reached;
    }
    while (!signal.aborted) {
      const missing = await this.#missing();
      this.#report(missing);
      if (missing.length === 0) {
        log.debug({}, 'every prerequisite is met');
        return { kind: 'ready' };
      }
      await pause(clock, PREREQUISITES_POLL_MS, signal);
    }
    return { kind: 'aborted' };
  }

  /**
   * Asks again and again, until the signal is aborted, whether every permission is granted and the credentials are
   * accepted. An API server that does not answer says nothing about either, so the last answer stays.
   */
  async watch(): Promise<void> {
    const { kube, needed, clock, signal, log } = this.#dependencies;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      await pause(clock, PREREQUISITES_RECHECK_MS, signal);
      const wasMet = this.#waitingFor.length === 0;
      const permissions = await missingPermissions(kube, needed.permissions);
      if (isOver() || !(permissions.ok || isPermanent(permissions.error))) {
        continue;
      }
      this.#report(
        permissions.ok ? permissionTexts(permissions.value) : [`valid credentials (${permissions.error.message})`],
      );
      if (!wasMet && this.#waitingFor.length === 0) {
        log.info({}, 'every permission is there again');
      }
    }
  }

  async #reached(): Promise<Readiness> {
    const { kube, clock, signal, log, unreachableLimitMs } = this.#dependencies;
    const startMs = clock.nowMs();
    while (!signal.aborted) {
      const version = await serverVersion(kube);
      if (version.ok) {
        log.info({ version: version.value.gitVersion }, 'api server answers');
        if (version.value.isSupported) {
          return { kind: 'ready' };
        }
        return {
          kind: 'tooOld',
          message: `the API server is ${version.value.gitVersion}; nsbaseline needs Kubernetes 1.${OLDEST_MINOR} or newer`,
        };
      }
      if (isPermanent(version.error) || clock.nowMs() - startMs > unreachableLimitMs) {
        return { kind: 'unreachable', message: version.error.message };
      }
      log.warn({ error: version.error }, 'api server does not answer yet');
      await pause(clock, PREREQUISITES_POLL_MS, signal);
    }
    return { kind: 'aborted' };
  }

  async #missing(): Promise<readonly string[]> {
    const { kube, needed } = this.#dependencies;
    const [permissions, crds] = await Promise.all([missingPermissions(kube, needed.permissions), this.#crdTexts()]);
    if (!permissions.ok) {
      return [`an answer about permissions (${permissions.error.message})`];
    }
    // Without the permission to read CRDs, a missing CRD and a hidden one look alike.
    if (permissions.value.length > 0) {
      return permissionTexts(permissions.value);
    }
    return crds.ok ? crds.value : [`an answer about CRDs (${crds.error.message})`];
  }

  async #crdTexts(): Promise<Result<readonly string[], KubeError>> {
    const found = await crdProblems(this.#dependencies.kube, this.#dependencies.needed.fields);
    return found.ok ? { ok: true, value: found.value.map(crdProblemText) } : found;
  }

  #report(missing: readonly string[]): void {
    const hasChanged = missing.join() !== this.#waitingFor.join();
    this.#waitingFor = missing;
    if (hasChanged && missing.length > 0) {
      this.#dependencies.log.error(
        {
          missing,
          hint: 'kubectl apply -k deploy/base grants every permission, kubectl apply -f crds/ installs the custom resources',
        },
        'waiting for what is missing',
      );
    }
  }
}

function permissionTexts(permissions: readonly Permission[]): readonly string[] {
  return permissions.map((permission) => `the permission to ${permissionText(permission)}`);
}

/** Refused or unusable credentials do not become valid within seconds. */
function isPermanent(error: KubeError): boolean {
  return error.kind === 'unauthorized' || error.kind === 'credentials';
}
