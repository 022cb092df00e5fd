import { type Clock, pause } from '../../base/clock.ts';
import type { Result } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { Check } from '../../telemetry/checks.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Permission, permissionText } from './access.ts';
import { missingPermissions, OLDEST_MINOR, serverVersion } from './preflight.ts';
import { crdProblems, crdProblemText, type NeededFields } from './served-crds.ts';

const RETRY_MS = 1000;

/** How the wait for everything that has to be there ended. */
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
  /** How long an API server may be out of reach, in milliseconds, before that is taken for a mistake. */
  readonly unreachableLimitMs: number;
  readonly needed: { readonly permissions: readonly Permission[]; readonly fields: NeededFields };
}

/**
 * Waits until the operator can do its work: an API server that answers and is new enough, every permission, and CRDs
 * that have every field. What is missing is said once each time it changes, with what to do; permissions and CRDs that
 * come later are noticed by themselves, as GitOps brings them in any order.
 */
export class Prerequisites implements Check {
  readonly name = 'prerequisites';
  readonly #dependencies: Dependencies;
  #waitingFor: readonly string[] = ['the API server'];

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** For `/readyz`: what is still waited for. */
  check(): { readonly ok: boolean; readonly message: string } {
    const isMet = this.#waitingFor.length === 0;
    return { ok: isMet, message: isMet ? 'all there' : `waiting for ${this.#waitingFor.join('; ')}` };
  }

  /** Resolves when all is there, or when there is no use in waiting. */
  async met(): Promise<Readiness> {
    const { clock, signal, log } = this.#dependencies;
    const reached = await this.#reached();
    if (reached.kind !== 'ready') {
      return reached;
    }
    while (!signal.aborted) {
      const missing = await this.#missing();
      this.#say(missing);
      if (missing.length === 0) {
        log.debug({}, 'everything the operator needs is there');
        return { kind: 'ready' };
      }
      await pause(clock, RETRY_MS, signal);
    }
    return { kind: 'aborted' };
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
      if (isHopeless(version.error) || clock.nowMs() - startMs > unreachableLimitMs) {
        return { kind: 'unreachable', message: version.error.message };
      }
      log.warn({ error: version.error }, 'api server does not answer yet');
      await pause(clock, RETRY_MS, signal);
    }
    return { kind: 'aborted' };
  }

  async #missing(): Promise<readonly string[]> {
    const { kube, needed } = this.#dependencies;
    const [permissions, crds] = await Promise.all([missingPermissions(kube, needed.permissions), this.#crdTexts()]);
    if (!permissions.ok) {
      return [`an answer about permissions (${permissions.error.message})`];
    }
    // Without the permission to read CRDs, their absence cannot be told from our blindness.
    if (permissions.value.length > 0) {
      return permissions.value.map((permission) => `the permission to ${permissionText(permission)}`);
    }
    return crds.ok ? crds.value : [`an answer about CRDs (${crds.error.message})`];
  }

  async #crdTexts(): Promise<Result<readonly string[], KubeError>> {
    const found = await crdProblems(this.#dependencies.kube, this.#dependencies.needed.fields);
    return found.ok ? { ok: true, value: found.value.map(crdProblemText) } : found;
  }

  #say(missing: readonly string[]): void {
    const isNews = missing.join() !== this.#waitingFor.join();
    this.#waitingFor = missing;
    if (isNews && missing.length > 0) {
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

/** A wrong certificate, refused or unusable credentials do not mend themselves within seconds. */
function isHopeless(error: KubeError): boolean {
  return error.kind === 'unauthorized' || error.kind === 'credentials';
}
