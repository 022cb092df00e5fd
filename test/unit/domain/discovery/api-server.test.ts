import { describe, expect, test } from 'vitest';
import { apiServerFrom, ENDPOINT_ABSENCE_MS, memoryFrom } from '../../../../src/domain/discovery/api-server.ts';
import type { ServiceFacts, SliceFacts } from '../../../../src/domain/discovery/sources.ts';

describe('R14 the API server is found', () => {
  const service: ServiceFacts = {
    namespace: 'default',
    name: 'kubernetes',
    labels: {},
    selector: {},
    clusterIps: ['10.96.0.1'],
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
  };
  const endpoints = (...addresses: string[]): SliceFacts => ({
    namespace: 'default',
    service: 'kubernetes',
    addresses,
    readyAddresses: addresses,
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  });

  test('endpoints are added at once and dropped after ten minutes of absence', () => {
    const first = apiServerFrom({ services: [service], slices: [endpoints('192.0.2.1')], memory: new Map(), nowMs: 0 });
    const second = apiServerFrom({
      services: [service],
      slices: [endpoints('192.0.2.2')],
      memory: first.memory,
      nowMs: 1000,
    });
    expect(second.found?.endpoints.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2']);
    const third = apiServerFrom({
      services: [service],
      slices: [endpoints('192.0.2.2')],
      memory: second.memory,
      nowMs: 1000 + ENDPOINT_ABSENCE_MS,
    });
    expect(third.found?.endpoints.map(({ address }) => address)).toEqual(['192.0.2.2']);
  });

  test('an empty list replaces nothing, however long it lasts', () => {
    const memory = memoryFrom({ endpoints: [{ address: '192.0.2.1', port: 6443 }] });
    expect(
      apiServerFrom({ services: [], slices: [], memory, nowMs: ENDPOINT_ABSENCE_MS * 10 }).found?.endpoints,
    ).toEqual([{ address: '192.0.2.1', port: 6443 }]);
  });

  test('the Service address is what pods dial', () => {
    expect(apiServerFrom({ services: [service], slices: [], memory: new Map(), nowMs: 0 }).found?.service).toEqual({
      addresses: ['10.96.0.1'],
      port: 443,
    });
  });

  test('R14 F63 the Service address stays while the Service cannot be seen', () => {
    const known = { endpoints: [], service: { addresses: ['10.96.0.1'], port: 443 } };
    expect(apiServerFrom({ services: [], slices: [], memory: new Map(), known, nowMs: 0 }).found).toEqual(known);
  });

  test('F63 the bound on the number of endpoints cuts missing ones before listed ones', () => {
    const missing = Array.from({ length: 64 }, (_, index) => `10.0.0.${index}`);
    const first = apiServerFrom({ services: [], slices: [endpoints(...missing)], memory: new Map(), nowMs: 0 });
    const second = apiServerFrom({
      services: [],
      slices: [endpoints('192.0.2.10')],
      memory: first.memory,
      nowMs: 1000,
    });
    expect(second.found?.endpoints).toHaveLength(64);
    expect(second.found?.endpoints).toContainEqual({ address: '192.0.2.10', port: 6443 });
  });

  test.each([
    ['a port that is none', { ports: [{ name: '', port: 0, protocol: 'TCP' }] }],
    ['a port beyond the range', { ports: [{ name: '', port: 70_000, protocol: 'TCP' }] }],
    ['a host name', { addresses: [`${'a'.repeat(70)}.example.com`] }],
  ])('A7 %s is no endpoint', (_, odd) => {
    const slices = [{ ...endpoints('192.0.2.1'), ...odd }];
    expect(apiServerFrom({ services: [], slices, memory: new Map(), nowMs: 0 }).found).toBeUndefined();
  });
});
