import type { Flow, FlowEnd, Labels, PodEnd } from '../../../src/flows/flow.ts';
import { HUBBLE } from '../../../src/flows/hubble.ts';
import type { FlowsRead } from '../../../src/flows/reading.ts';

/** A pod `name` of a workload of that name, unless the labels or the workload say otherwise. */
export function pod(namespace: string, name: string, labels: Labels = { app: name }): PodEnd {
  return { kind: 'pod', namespace, name: `${name}-0`, labels, workload: { kind: 'Deployment', name } };
}

/** A pod of which no owner is known. */
export function orphan(namespace: string, name: string, labels: Labels): PodEnd {
  return { kind: 'pod', namespace, name, labels };
}

/** An address outside the cluster. */
export function outside(address: string): FlowEnd {
  return { kind: 'external', address };
}

/** A flow that was allowed, to TCP 8080 unless said otherwise. */
export function flow(from: FlowEnd, to: FlowEnd, extra: Partial<Flow> = {}): Flow {
  return {
    from,
    to,
    protocol: 'TCP',
    port: 8080,
    verdict: 'allowed',
    firstSeenMs: Date.parse('2026-11-01T08:00:00Z'),
    lastSeenMs: Date.parse('2026-11-07T09:30:00Z'),
    count: 3,
    source: 'hubble',
    isOpenerKnown: true,
    ...extra,
  };
}

/** The flows as if they had been read. */
export function asRead(flows: readonly Flow[], extra: Partial<FlowsRead> = {}): FlowsRead {
  return {
    ok: true,
    format: HUBBLE,
    flows,
    lines: flows.length,
    records: flows.length,
    ignored: new Map(),
    problemCount: 0,
    problems: [],
    dropped: 0,
    ...extra,
  };
}
