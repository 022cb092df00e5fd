import { discoveredSchema, type Discovered } from '../api/baseline-policy.ts';
import type { Exclusion } from '../baseline/selection.ts';
import type { ServiceFacts, SliceFacts } from '../baseline/discovery.ts';
import { pause, type Clock } from '../clock.ts';
import type { FlowLimit } from '../kube/flow-limit.ts';
import { fieldOf } from '../kube/json-shape.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Check } from '../observe/checks.ts';
import type { EventRecorder } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics, ObservedState } from '../observe/metrics.ts';
import { BaselineOperator } from './baseline-operator.ts';
import { Discovery } from './discovery.ts';
import { createEngine } from './engine.ts';
import type { GuardLimits } from './guard-keeper.ts';
import { namespaceProjection, networkPolicyProjection, policyProjection, recordProjection, serviceProjection, sliceProjection, type Identity } from './projections.ts';
import { podNameservers } from './resolv-conf.ts';
import { BASELINE_POLICIES, ENDPOINT_SLICES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES, SERVICES } from './resources.ts';
import { watched, type Watched, type WatchSurroundings } from './watched.ts';

/** What a runtime is made of. */
export interface RuntimeParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly flow: FlowLimit;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly workers: number;
  readonly silenceLimitMs: number;
  readonly exclusion: Exclusion;
  readonly dnsNamespaces: readonly string[];
  readonly resolvConf: string;
  readonly guardLimits: GuardLimits;
}

/** Watches, discovery and the loop, as one thing that runs and ends. */
export interface Runtime {
  /** Fills the caches, looks at every namespace and goes on until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends the watches, finishes the work in hand, and resolves. */
  close(): Promise<void>;
  readonly heartbeat: Check;
  /** One entry for each watched resource; `standingStillMs` is undefined before its watch is begun. */
  watches(): Iterable<{ readonly resource: string; readonly silenceMs: number; readonly standingStillMs: number | undefined; readonly objects: number; readonly isSynced: boolean }>;
  state(): ObservedState;
}

const SYNC_POLL_MS = 5;

/** Puts the watches, discovery and the loop together; nothing is asked of the API server before `run`. */
export function createRuntime(parts: RuntimeParts): Runtime {
  const { clock, log } = parts;
  const surroundings: WatchSurroundings = parts;
  const namespaces = watched({ type: NAMESPACES, project: namespaceProjection(parts.exclusion) }, surroundings);
  const policies = watched({ type: BASELINE_POLICIES, project: policyProjection }, surroundings);
  const networkPolicies = watched({ type: NETWORK_POLICIES, project: networkPolicyProjection }, surroundings);
  const records = watched({ type: NAMESPACE_BASELINES, project: recordProjection }, surroundings);
  const caches = { namespaces: namespaces.cache, policies: policies.cache, networkPolicies: networkPolicies.cache, records: records.cache };
  const core: readonly Watched<Identity>[] = [asIdentities(namespaces), asIdentities(policies), asIdentities(networkPolicies), asIdentities(records)];
  const seen = discoveryWatches(parts.dnsNamespaces, surroundings);
  const all = [...core, ...seen.all];

  const engine = createEngine({ ...parts, caches, discovery: { discovered: {}, isDnsCurrent: false } });
  const operator = new BaselineOperator({ log, reactions: engine.reactions, watched: core });
  const stopped = new AbortController();
  const running: Promise<void>[] = [];
  let discovery: Discovery | undefined;

  const isSynced = (): boolean => all.every(({ reflector }) => reflector.hasSynced());
  const run = async (signal: AbortSignal): Promise<void> => {
    const sources = { dns: seen.dns, apiServer: seen.apiServer, nameservers: await podNameservers(parts.resolvConf) };
    const found = new Discovery(sources, clock, (state) => {
      log.info({ dns: state.discovered.dns?.source, apiServer: state.discovered.apiServer?.endpoints.length }, 'discovered the cluster');
      engine.reactions.discoveryChanged(state);
    });
    discovery = found;
    for (const resource of seen.all) {
      resource.listen(() => {
        if (isSynced()) found.look();
      });
      running.push(resource.reflector.run(stopped.signal));
    }
    await operator.start();
    while (!isSynced() && !signal.aborted) await pause(clock, SYNC_POLL_MS, signal);
    if (signal.aborted) return;
    log.info({ namespaces: caches.namespaces.size, policies: caches.policies.size, networkPolicies: caches.networkPolicies.size }, 'caches are synced');
    found.restore(storedDiscovery(caches.policies.values()));
    engine.reactions.discoveryChanged(found.state);
    found.look();
    engine.reactions.begin();
    engine.statusWriter.start();
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => { resolve(); }, { once: true });
    });
  };
  const close = async (): Promise<void> => {
    operator.stop();
    stopped.abort();
    discovery?.stop();
    await engine.drain();
    await Promise.all([operator.ended(), ...running]);
  };
  const watches = (): ReturnType<Runtime['watches']> =>
    all.map(({ type, reflector, cache }) => {
      const turnMs = reflector.lastTurnMs();
      const standingStillMs = turnMs === undefined ? undefined : clock.nowMs() - turnMs;
      return { resource: type.plural, silenceMs: clock.nowMs() - reflector.lastActivityMs(), standingStillMs, objects: cache.size, isSynced: reflector.hasSynced() };
    });
  return { run, close, heartbeat: engine.heartbeat, watches, state: () => ({ ...engine.state(), watches: watches(), isReady: isSynced() }) };
}

interface DiscoveryWatches {
  readonly all: readonly Watched<Identity>[];
  readonly dns: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  readonly apiServer: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
}

function discoveryWatches(dnsNamespaces: readonly string[], surroundings: WatchSurroundings): DiscoveryWatches {
  const services = dnsNamespaces.map((namespace) => watched({ type: SERVICES, namespace, project: serviceProjection }, surroundings));
  const slices = dnsNamespaces.map((namespace) => watched({ type: ENDPOINT_SLICES, namespace, project: sliceProjection }, surroundings));
  // The API server's own Service and slice alone, whatever else is in the namespace default.
  const apiService = watched({ type: SERVICES, namespace: 'default', fieldSelector: 'metadata.name=kubernetes', project: serviceProjection }, surroundings);
  const apiSlices = watched({ type: ENDPOINT_SLICES, namespace: 'default', project: sliceProjection }, surroundings);
  return {
    all: [...services.map(asIdentities), ...slices.map(asIdentities), asIdentities(apiService), asIdentities(apiSlices)],
    dns: () => ({ services: services.flatMap(({ cache }) => [...cache.values()]), slices: slices.flatMap(({ cache }) => [...cache.values()]) }),
    apiServer: () => ({ services: [...apiService.cache.values()], slices: [...apiSlices.cache.values()].filter(({ service }) => service === 'kubernetes') }),
  };
}

/** Only identities are read through the view, so that a more specific cache may stand behind it. */
function asIdentities<T extends Identity>(specific: Watched<T>): Watched<Identity> {
  return specific as unknown as Watched<Identity>;
}

/** What a former run had stored with any policy: they all carry the same, so the one with the most is taken. */
function storedDiscovery(policies: Iterable<{ readonly status: unknown }>): Discovered {
  const stored = [...policies].flatMap(({ status }) => {
    const parsed = discoveredSchema.safeParse(fieldOf(status, 'discovered'));
    return parsed.success ? [parsed.data] : [];
  });
  return stored.sort((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? {};
}
