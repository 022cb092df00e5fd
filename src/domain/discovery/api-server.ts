import type { DiscoveredApiServer } from '../../api/baseline-policy.ts';
import { BOUNDS } from '../../api/bounds.ts';
import { isPortNumber } from '../../policy/intervals/ports.ts';
import { isAddress, type ServiceFacts, type SliceFacts } from './sources.ts';

/** How long an address that the cluster no longer lists stays allowed (R14), in milliseconds. */
export const ENDPOINT_ABSENCE_MS = 600_000;

/**
 * Since when each API server endpoint, written `address port`, is missing, on a monotonic clock in milliseconds;
 * undefined while it is listed.
 */
export type EndpointMemory = ReadonlyMap<string, number | undefined>;

/**
 * The API server's addresses, and the memory to pass to the next call. A listed endpoint is added at once. An endpoint
 * that is no longer listed stays for {@link ENDPOINT_ABSENCE_MS}. Listed endpoints come before missing ones, so the
 * bound on their number cuts missing ones first. Undefined while nothing is known. An address or port that is none is
 * ignored. `known` is the previous answer: its Service stays while the Service cannot be seen.
 */
export function apiServerFrom(facts: {
  readonly services: readonly ServiceFacts[];
  readonly slices: readonly SliceFacts[];
  readonly memory: EndpointMemory;
  readonly known?: DiscoveredApiServer | undefined;
  readonly nowMs: number;
}): { readonly found: DiscoveredApiServer | undefined; readonly memory: EndpointMemory } {
  const listed = listedEndpoints(facts.slices);
  const memory = listed.length === 0 ? facts.memory : updatedMemory(facts.memory, listed, facts.nowMs);
  const service = serviceAddress(facts.services) ?? facts.known?.service;
  const endpoints = boundedEndpoints(memory);
  if (endpoints.length === 0 && service === undefined) {
    return { found: undefined, memory };
  }
  return { found: { endpoints, ...(service === undefined ? {} : { service }) }, memory };
}

/** The memory that a stored answer amounts to, so that a restart renders the same. */
export function memoryFrom(stored: DiscoveredApiServer | undefined): EndpointMemory {
  return new Map((stored?.endpoints ?? []).map(({ address, port }) => [`${address} ${port}`, undefined]));
}

function listedEndpoints(slices: readonly SliceFacts[]): readonly string[] {
  return slices.flatMap((slice) => {
    const ports = slice.ports.filter(({ port }) => isPortNumber(port));
    return slice.addresses.filter(isAddress).flatMap((address) => ports.map(({ port }) => `${address} ${port}`));
  });
}

function updatedMemory(memory: EndpointMemory, listed: readonly string[], nowMs: number): EndpointMemory {
  const remembered = [...memory]
    .map(([endpoint, sinceMs]) => [endpoint, sinceMs ?? nowMs] as const)
    .filter(([, sinceMs]) => nowMs - sinceMs < ENDPOINT_ABSENCE_MS);
  return new Map([...remembered, ...listed.map((endpoint) => [endpoint, undefined] as const)]);
}

function boundedEndpoints(memory: EndpointMemory): DiscoveredApiServer['endpoints'] {
  const isListed = (endpoint: string): boolean => memory.get(endpoint) === undefined;
  const sorted = [...memory.keys()].sort();
  return [...sorted.filter(isListed), ...sorted.filter((endpoint) => !isListed(endpoint))]
    .slice(0, BOUNDS.discoveredAddresses)
    .sort()
    .map(endpointFor);
}

function serviceAddress(services: readonly ServiceFacts[]): DiscoveredApiServer['service'] {
  const service = services.find(({ name }) => name === 'kubernetes');
  const addresses = (service?.clusterIps ?? []).filter(isAddress).sort().slice(0, BOUNDS.discoveredAddresses);
  const port = service?.ports[0]?.port ?? 443;
  return addresses.length > 0 && isPortNumber(port) ? { addresses, port } : undefined;
}

function endpointFor(written: string): { address: string; port: number } {
  const [address = '', port = '0'] = written.split(' ');
  return { address, port: Number(port) };
}
