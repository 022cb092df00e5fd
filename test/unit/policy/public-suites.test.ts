import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type CompiledCluster,
  clusterOf,
  compile,
  type Endpoint,
  PROTOCOLS,
  type Protocol,
  type VerdictKind,
  verdict,
} from '../../../src/policy/index.ts';

const root = join(import.meta.dirname, '../../..');
/** Public suites turned into data; they lie beside the repository and not in it. */
const folder = process.env.NSBASELINE_TRUTH ?? join(root, '..', 'shared', 'truth');

type Connections = Partial<Record<Protocol, readonly (readonly [number, number])[]>>;

interface Member {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

interface AnalyzerCase {
  readonly id: string;
  readonly objects: readonly KubernetesObject[];
  readonly peers: readonly { readonly name: string; readonly members: readonly Member[] }[];
  readonly expected: readonly { readonly from: string; readonly to: string; readonly conns: Connections }[];
  readonly expectedExternal: readonly ExternalRow[] | null;
  readonly masked: readonly { readonly from: string; readonly to: string }[];
  readonly externalMasked: readonly { readonly peer: string; readonly direction: string }[];
  readonly scope?: { readonly focus: readonly string[]; readonly direction?: string } | null;
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly status?: { readonly podIP?: string; readonly hostIP?: string };
}

type External = string | { readonly ranges: readonly (readonly [string, string])[] };

interface ExternalRow {
  readonly from: External;
  readonly to: External;
  readonly conns: Connections;
}

interface PacketCase {
  readonly id: string;
  readonly steps: readonly {
    readonly objects: readonly unknown[];
    readonly packets: readonly {
      readonly from: { readonly namespace: string; readonly pod: string };
      readonly to: { readonly namespace: string; readonly pod: string };
      readonly protocol: string;
      readonly port: number;
      readonly allowed: boolean;
    }[];
  }[];
}

interface InvalidCase {
  readonly id: string;
  readonly about: string;
  readonly expect: string;
  readonly objects: readonly unknown[];
}

const analyzer = filesOf('netpol-analyzer');
const conformance = filesOf('cnp-conformance');
const invalid = filesOf('netpol-analyzer-invalid');

/** Every half of a suite that is there. */
function filesOf(suite: string): readonly string[] {
  return ['open', 'hidden'].map((half) => join(folder, `${suite}-${half}.json.gz`)).filter((path) => existsSync(path));
}

function casesIn<Case>(paths: readonly string[]): readonly Case[] {
  return paths.flatMap((path) => {
    const suite: { readonly cases: readonly Case[] } = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'));
    return suite.cases;
  });
}

if (analyzer.length + conformance.length + invalid.length === 0) {
  process.stdout.write('The public NetworkPolicy suites are not here (NSBASELINE_TRUTH): skipped.\n');
}

describe.skipIf(analyzer.length === 0)('the cases of netpol-analyzer', () => {
  test.each(casesIn<AnalyzerCase>(analyzer))('$id', (suite) => {
    const compiled = compile(clusterOf(suite.objects));
    expect([...pairsThatDiffer(compiled, suite), ...externalsThatDiffer(compiled, suite)]).toEqual([]);
  });
});

describe.skipIf(conformance.length === 0)('the conformance cases of ClusterNetworkPolicy', () => {
  test.each(casesIn<PacketCase>(conformance))('$id', ({ steps }) => {
    for (const { objects, packets } of steps) {
      const cluster = clusterOf(objects);
      expect(cluster.problems).toEqual([]);
      const compiled = compile(cluster);
      const differing = packets.filter(
        ({ from, to, protocol, port, allowed }) =>
          verdict(compiled, {
            from: { kind: 'pod', namespace: from.namespace, name: from.pod },
            to: { kind: 'pod', namespace: to.namespace, name: to.pod },
            protocol,
            port,
          }).kind !== (allowed ? 'allowed' : 'denied'),
      );
      expect(differing).toEqual([]);
    }
  });
});

describe.skipIf(invalid.length === 0)('the invalid inputs of netpol-analyzer', () => {
  test.each(casesIn<InvalidCase>(invalid))('$id: $about', ({ expect: expected, objects }) => {
    const { problems } = clusterOf(objects);
    expect(problems.length > 0).toBe(!expected.startsWith('warn'));
  });
});

function pairsThatDiffer(compiled: CompiledCluster, suite: AnalyzerCase): readonly unknown[] {
  const masked = new Set(suite.masked.map(({ from, to }) => `${from} ${to}`));
  const expected = new Map(suite.expected.map(({ from, to, conns }) => [`${from} ${to}`, conns]));
  const focus = suite.scope?.focus;
  return suite.peers.flatMap((from) =>
    suite.peers.flatMap((to) => {
      const key = `${from.name} ${to.name}`;
      const isOutOfScope = focus !== undefined && !focus.includes(from.name) && !focus.includes(to.name);
      const isOtherDirection =
        (suite.scope?.direction === 'ingress' && focus?.includes(to.name) === false) ||
        (suite.scope?.direction === 'egress' && focus?.includes(from.name) === false);
      if (from === to || masked.has(key) || isOutOfScope || isOtherDirection) {
        return [];
      }
      return from.members.flatMap((source) =>
        to.members.flatMap((target) =>
          portsThatDiffer(compiled, { from: endpointOf(source), to: endpointOf(target) }, expected.get(key) ?? {}),
        ),
      );
    }),
  );
}

function externalsThatDiffer(compiled: CompiledCluster, suite: AnalyzerCase): readonly unknown[] {
  const rows = suite.expectedExternal;
  if (rows === null) {
    return [];
  }
  const own = new Set(suite.objects.flatMap(({ status }) => [status?.podIP, status?.hostIP]));
  const masked = new Set(suite.externalMasked.map(({ peer, direction }) => `${direction} ${peer}`));
  const probes = probesOf(rows).filter((address) => !own.has(address));
  return suite.peers.flatMap((peer) =>
    (['egress', 'ingress'] as const).flatMap((direction) => {
      const isOutOfScope =
        (suite.scope != null && !suite.scope.focus.includes(peer.name)) ||
        (suite.scope?.direction !== undefined && suite.scope.direction !== direction);
      if (masked.has(`${direction} ${peer.name}`) || isOutOfScope) {
        return [];
      }
      return peer.members.flatMap((member) =>
        probes.flatMap((address) => {
          const external: Endpoint = { kind: 'address', address };
          const pod = endpointOf(member);
          const ends = direction === 'egress' ? { from: pod, to: external } : { from: external, to: pod };
          return portsThatDiffer(compiled, ends, externalConnections(rows, peer.name, direction, address));
        }),
      );
    }),
  );
}

/** The first and last address of every range: between two of them nothing changes. */
function probesOf(rows: readonly ExternalRow[]): readonly string[] {
  return [
    ...new Set(
      rows.flatMap(({ from, to }) => [from, to].flatMap((end) => (typeof end === 'string' ? [] : end.ranges.flat()))),
    ),
  ];
}

function externalConnections(
  rows: readonly ExternalRow[],
  peer: string,
  direction: 'egress' | 'ingress',
  address: string,
): Connections {
  const row = rows.find(({ from, to }) => {
    const [pod, external] = direction === 'egress' ? [from, to] : [to, from];
    return (
      pod === peer &&
      typeof external !== 'string' &&
      external.ranges.some(
        ([first, last]) => numberOf(first) <= numberOf(address) && numberOf(address) <= numberOf(last),
      )
    );
  });
  return row?.conns ?? {};
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** Asked at every port where a range begins or ends, and beside it. */
function portsThatDiffer(
  compiled: CompiledCluster,
  ends: { readonly from: Endpoint; readonly to: Endpoint },
  conns: Connections,
): readonly unknown[] {
  const bounds = Object.values(conns).flatMap((ranges) => ranges.flatMap(([lo, hi]) => [lo - 1, lo, hi, hi + 1]));
  const asked = [...new Set([1, 53, 80, 443, 8080, 65_535, ...bounds])].filter((port) => port >= 1 && port <= 65_535);
  return PROTOCOLS.flatMap((protocol) =>
    asked.flatMap((port) => {
      const isAllowed = (conns[protocol] ?? []).some(([lo, hi]) => lo <= port && port <= hi);
      const expected: VerdictKind = isAllowed ? 'allowed' : 'denied';
      const { kind, reason } = verdict(compiled, { ...ends, protocol, port });
      return kind === expected ? [] : [{ ...ends, protocol, port, kind, reason: reason?.code, expected }];
    }),
  );
}

function endpointOf({ kind, namespace, name }: Member): Endpoint {
  return kind === 'Pod' ? { kind: 'pod', namespace, name } : { kind: 'workload', namespace, workload: { kind, name } };
}
