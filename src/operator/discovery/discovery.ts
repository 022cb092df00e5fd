import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import {
  apiServerFrom,
  ENDPOINT_ABSENCE_MS,
  type EndpointMemory,
  memoryFrom,
} from '../../domain/discovery/api-server.ts';
import { type DnsMemory, type DnsTarget, dnsFrom, type FoundDns } from '../../domain/discovery/dns.ts';
import { dnsDoubtFor, restsOnFoundDns } from '../../domain/discovery/dns-doubt.ts';
import type { ServiceFacts, SliceFacts } from '../../domain/discovery/sources.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import type { DiscoveryProblem } from '../../domain/reporting/policy-status.ts';
import type { DnsCheck } from './dns-check.ts';

/**
 * How well the resolver is known.
 * - `current`: it has a ready endpoint, or it answers the operator.
 * - `stale`: it was believed before, and a part of it or all of it cannot be seen now.
 * - `unanswered`: it was found, but it never had a ready endpoint and never answered.
 * - `notFound`: nothing was found; what is rendered is a guess.
 */
export type DnsKnowledge = 'current' | 'stale' | 'unanswered' | 'notFound';

/** What is known of the cluster, and how well. */
export interface DiscoveryState {
  readonly discovered: Discovered;
  readonly dns: DnsKnowledge;
}

/** Where discovery looks: live views of what is cached. */
export interface DiscoverySources {
  /** Services and slices of the namespaces where DNS may be. */
  readonly dns: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  /** The Service `default/kubernetes` and its slices. */
  readonly apiServer: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  /** Of the operator pod's own resolv.conf; undefined outside a cluster. */
  readonly nameservers: readonly string[] | undefined;
  /** Addresses of further resolvers (`--dns-also`). */
  readonly dnsAlso?: readonly string[];
  /** Asks the resolvers; absent where the operator does not ask. */
  readonly dnsCheck?: DnsCheck;
}

/**
 * Keeps what the cluster tells about its DNS and its API server (R14): a value is replaced only by a non-empty one, and
 * an address that is missing stays for ten minutes. A resolver is believed when it has a ready endpoint or answers; where
 * nobody asks, an address without endpoints to judge is believed as it is. Once believed, the cluster's DNS stays so.
 */
export class Discovery {
  readonly #sources: DiscoverySources;
  readonly #clock: Clock;
  readonly #onChange: (state: DiscoveryState) => void;
  #endpoints: EndpointMemory = new Map();
  #resolvers: DnsMemory = new Map();
  #state: DiscoveryState = { discovered: {}, dns: 'notFound' };
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

  /** Starts with what an earlier run stored. Does not report a change. */
  restore(stored: Discovered): void {
    this.#endpoints = memoryFrom(stored.apiServer);
    this.#resolvers = resolversIn(stored);
    this.#state = { discovered: stored, dns: knowledgeOfDoubtful(stored.dns) };
  }

  /** Believes the cluster's DNS if another replica did, as what it stored says. Reports no change. */
  believe(stored: Discovered): void {
    const { dns = stored.dns } = this.#state.discovered;
    if (dns !== undefined && wasBelieved(stored.dns) && !wasBelieved(this.#state.discovered.dns)) {
      const { source, egress } = dns;
      this.#state = { discovered: { ...this.#state.discovered, dns: { source, egress } }, dns: 'stale' };
    }
  }

  /**
   * Takes over what another replica stored since {@link Discovery.restore}, its belief included. Addresses that this one
   * never saw stay like others that are missing; else the next leader would take away at once what the last one had just
   * allowed.
   */
  recall(stored: Discovered): void {
    this.believe(stored);
    this.#endpoints = new Map([...memoryFrom(stored.apiServer), ...this.#endpoints]);
    this.#resolvers = new Map([...resolversIn(stored), ...this.#resolvers]);
    this.look();
  }

  /** Reads the caches again, and reports when anything is different. */
  look(): void {
    const dns = this.#dns();
    const apiServer = apiServerFrom({
      ...this.#sources.apiServer(),
      memory: this.#endpoints,
      known: this.#state.discovered.apiServer,
      nowMs: this.#clock.nowMs(),
    });
    this.#endpoints = apiServer.memory;
    const discovered = {
      ...this.#state.discovered,
      ...(dns.found === undefined ? {} : { dns: dns.found }),
      ...(apiServer.found === undefined ? {} : { apiServer: apiServer.found }),
    };
    const next: DiscoveryState = { discovered, dns: dns.knowledge };
    const isChanged = digestOf(next) !== digestOf(this.#state);
    this.#state = next;
    this.#timer?.cancel();
    // Addresses leave by time alone, without an event.
    this.#timer = this.#clock.after(ENDPOINT_ABSENCE_MS, () => {
      this.look();
    });
    if (isChanged) {
      this.#onChange(next);
    }
  }

  /** Stops looking and asking. */
  stop(): void {
    this.#timer?.cancel();
    this.#sources.dnsCheck?.stop();
  }

  #dns(): { readonly found: Discovered['dns']; readonly knowledge: DnsKnowledge } {
    const { nameservers, dnsAlso, dnsCheck } = this.#sources;
    const found = dnsFrom({
      ...this.#sources.dns(),
      nameservers,
      ...(dnsAlso === undefined ? {} : { also: dnsAlso }),
      known: this.#state.discovered.dns,
      memory: this.#resolvers,
      nowMs: this.#clock.nowMs(),
      ...(dnsCheck === undefined ? {} : { isAnswering: (address) => dnsCheck.isAnswering(address) }),
    });
    const known = this.#state.discovered.dns;
    if (found === undefined) {
      return { found, knowledge: knowledgeOfDoubtful(known) };
    }
    this.#resolvers = found.memory;
    dnsCheck?.ask(found.targets);
    if (!this.#isBelieved(found)) {
      const dns = wasBelieved(known) ? found.dns : { ...found.dns, unanswered: true };
      return { found: dns, knowledge: knowledgeOfDoubtful(dns) };
    }
    return { found: found.dns, knowledge: found.isPartlyMissing ? 'stale' : 'current' };
  }

  #isBelieved({ isReady, hasBareAddress, targets }: FoundDns): boolean {
    const { dnsCheck } = this.#sources;
    return isReady || (dnsCheck === undefined ? hasBareAddress : isAnyAnswering(targets, dnsCheck));
  }
}

function isAnyAnswering(targets: readonly DnsTarget[], dnsCheck: DnsCheck): boolean {
  return targets.some(({ address }) => dnsCheck.isAnswering(address));
}

function wasBelieved(dns: Discovered['dns']): boolean {
  return dns !== undefined && dns.unanswered !== true;
}

/** How well a resolver is known that is not believed now. */
function knowledgeOfDoubtful(dns: Discovered['dns']): DnsKnowledge {
  if (dns === undefined) {
    return 'notFound';
  }
  return wasBelieved(dns) ? 'stale' : 'unanswered';
}

/** The resolvers of a stored discovery, none of them missing yet. */
function resolversIn({ dns }: Discovered): DnsMemory {
  return new Map((dns?.egress ?? []).map((rule) => [digestOf(rule.to), { rule, missingSinceMs: undefined }]));
}

/** What a policy needs of discovery and does not have, or undefined. */
export function discoveryProblemFor(spec: BaselinePolicySpec, state: DiscoveryState): DiscoveryProblem | undefined {
  if (spec.isolate?.includes('Egress') === false) {
    return undefined;
  }
  const doubt = dnsDoubtFor(spec, state.discovered);
  if (doubt !== undefined) {
    return doubt;
  }
  if (restsOnFoundDns(spec) && state.dns === 'stale') {
    return 'DnsStale';
  }
  return spec.allow?.kubeApiServer?.enabled === true && state.discovered.apiServer === undefined
    ? 'ApiServerNotFound'
    : undefined;
}
