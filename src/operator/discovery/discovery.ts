import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import {
  apiServerFrom,
  dnsFrom,
  ENDPOINT_ABSENCE_MS,
  type EndpointMemory,
  memoryFrom,
  type ServiceFacts,
  type SliceFacts,
} from '../../domain/discovery.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';

/** Why discovery does not have what a policy needs. */
export type DiscoveryProblem = Extract<Reason, 'DnsNotFound' | 'DnsStale' | 'ApiServerNotFound'>;

/** What is known of the cluster, and how well. */
export interface DiscoveryState {
  readonly discovered: Discovered;
  /** Whether DNS is found right now; otherwise `discovered` may have an older value. */
  readonly isDnsCurrent: boolean;
}

/** What discovery reads: live views of the caches. */
export interface DiscoverySources {
  /** Services and slices of the namespaces where DNS may be. */
  readonly dns: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  /** The Service `default/kubernetes` and its slices. */
  readonly apiServer: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  /** The name servers of the operator pod's resolv.conf; undefined outside a cluster. */
  readonly nameservers: readonly string[] | undefined;
}

/**
 * The addresses of the cluster's DNS and API server (R14, discovery). A value is replaced only by a non-empty one, and an
 * address of the API server is removed only after it was missing for ten minutes.
 */
export class Discovery {
  readonly #sources: DiscoverySources;
  readonly #clock: Clock;
  readonly #onChange: (state: DiscoveryState) => void;
  #memory: EndpointMemory = new Map();
  #state: DiscoveryState = { discovered: {}, isDnsCurrent: false };
  #timer: Timer | undefined;

  constructor(sources: DiscoverySources, clock: Clock, onChange: (state: DiscoveryState) => void) {
    this.#sources = sources;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** What is known now. */
  get state(): DiscoveryState {
    return this.#state;
  }

  /** Starts with what an earlier run stored. It does not report a change. */
  restore(stored: Discovered): void {
    this.#memory = memoryFrom(stored.apiServer);
    this.#state = { discovered: stored, isDnsCurrent: false };
  }

  /** Reads the sources again, and reports a change. */
  look(): void {
    const dns = dnsFrom({
      ...this.#sources.dns(),
      nameservers: this.#sources.nameservers,
      known: this.#state.discovered.dns,
    });
    const apiServer = apiServerFrom({ ...this.#sources.apiServer(), memory: this.#memory, nowMs: this.#clock.nowMs() });
    this.#memory = apiServer.memory;
    const discovered = {
      ...this.#state.discovered,
      ...(dns === undefined ? {} : { dns }),
      ...(apiServer.found === undefined ? {} : { apiServer: apiServer.found }),
    };
    const next = { discovered, isDnsCurrent: dns !== undefined };
    const isChanged = digestOf(next) !== digestOf(this.#state);
    this.#state = next;
    this.#timer?.cancel();
    // An address of the API server expires by time alone, without an event.
    this.#timer = this.#clock.after(ENDPOINT_ABSENCE_MS, () => {
      this.look();
    });
    if (isChanged) {
      this.#onChange(next);
    }
  }

  /** Stops the timer. */
  stop(): void {
    this.#timer?.cancel();
  }
}

/** What a policy needs from discovery and is missing; undefined when it has all. */
export function discoveryProblemFor(spec: BaselinePolicySpec, state: DiscoveryState): DiscoveryProblem | undefined {
  if (spec.isolate?.includes('Egress') === false) {
    return undefined;
  }
  if (asksForDns(spec) && !state.isDnsCurrent) {
    return state.discovered.dns === undefined ? 'DnsNotFound' : 'DnsStale';
  }
  return spec.allow?.kubeApiServer?.enabled === true && state.discovered.apiServer === undefined
    ? 'ApiServerNotFound'
    : undefined;
}

function asksForDns({ allow }: BaselinePolicySpec): boolean {
  const { enabled, to, toAnywhere } = allow?.dns ?? {};
  return enabled !== false && to === undefined && toAnywhere !== true;
}
