import { isCloudMetadata, isPublic } from './address.ts';
import type { ClusterLookup } from './cluster-lookup.ts';
import { isEphemeral } from './connection-ports.ts';
import type { ApiServerEnd, ExternalEnd, Flow, FlowEnd, HostEnd, PodEnd } from './flow.ts';
import { earlier, later } from './flow-table.ts';
import type { SetAside, SetAsideReason } from './set-aside.ts';

/** A flow of which both ends are known, with the port that the pod itself listens on. */
export interface ResolvedFlow extends Flow {
  readonly from: ResolvedEnd;
  readonly to: ResolvedEnd;
}

/** {@link ResolvedFlow} */
export type ResolvedEnd = PodEnd | ExternalEnd | ApiServerEnd | HostEnd;

/** Flows that can become rules, and those that cannot. */
export interface CleanedFlows {
  readonly kept: readonly ResolvedFlow[];
  readonly setAside: readonly SetAside[];
}

/**
 * Tells the flows that show what a workload needs from those that do not: refused and unanswered ones, answers, the
 * traffic of nodes. Addresses become pods, and Services the pods behind them with their own ports. A flow to a Service
 * of several workloads counts for each of them.
 */
export function cleanedFlows(flows: readonly Flow[], lookup: ClusterLookup): CleanedFlows {
  const kept = new Map<string, ResolvedFlow>();
  const setAside: SetAside[] = [];
  for (const flow of flows) {
    const resolved = reasonAgainst(flow) ?? resolvedFlows(flow, lookup);
    if (typeof resolved === 'string') {
      setAside.push({ flow, reason: resolved });
      continue;
    }
    for (const each of resolved) {
      const against = reasonAgainstResolved(each, lookup);
      if (against === undefined) {
        add(kept, each);
      } else {
        setAside.push({ flow: each, reason: against });
      }
    }
  }
  return { kept: [...kept.values()], setAside };
}

function reasonAgainst(flow: Flow): SetAsideReason | undefined {
  if (flow.protocol === 'ICMP' || flow.protocol === 'other') {
    return 'ProtocolNotSelectable';
  }
  if (flow.verdict === 'denied') {
    return 'Denied';
  }
  // Logs and metrics over UDP have no answer; TCP without an answer is no connection.
  return flow.verdict === 'unknown' && flow.protocol !== 'UDP' ? 'NoAnswer' : undefined;
}

function reasonAgainstResolved(flow: ResolvedFlow, lookup: ClusterLookup): SetAsideReason | undefined {
  const { from, to } = flow;
  if (from.kind !== 'pod' && to.kind !== 'pod') {
    return 'NoPod';
  }
  if (from.kind === 'host' || to.kind === 'host') {
    return 'HostTraffic';
  }
  const reason = reasonAgainstEnd(from) ?? reasonAgainstEnd(to);
  if (reason !== undefined) {
    return reason;
  }
  const isDoubtful = !flow.isOpenerKnown && isEphemeral(flow.port);
  return isDoubtful && !isServed(flow, lookup) ? 'EphemeralPort' : undefined;
}

function reasonAgainstEnd(end: ResolvedEnd): SetAsideReason | undefined {
  if (end.kind === 'external') {
    if (end.address === undefined) {
      return 'NoAddress';
    }
    return isCloudMetadata(end.address) ? 'CloudMetadata' : undefined;
  }
  return end.kind === 'apiserver' && end.address === undefined ? 'ApiServerAddressUnknown' : undefined;
}

function isServed({ to, protocol, port }: ResolvedFlow, lookup: ClusterLookup): boolean {
  if (to.kind !== 'pod' || to.workload === undefined) {
    return false;
  }
  return lookup.isServed({ namespace: to.namespace, ...to.workload }, { protocol, port }) === true;
}

/** The flow with its ends as the cluster knows them; several when a Service leads to several workloads. */
function resolvedFlows(flow: Flow, lookup: ClusterLookup): readonly ResolvedFlow[] | SetAsideReason {
  const from = resolvedEnd(explained(flow.from, lookup), lookup);
  if (typeof from === 'string') {
    return from;
  }
  const to = explained(flow.to, lookup);
  const targets = to.kind === 'service' ? targetsOf({ flow, service: to, lookup }) : apiServerTargets(flow, to, lookup);
  const resolved: ResolvedFlow[] = [];
  for (const target of targets) {
    const end = resolvedEnd(target.end, lookup);
    if (typeof end === 'string') {
      return end;
    }
    resolved.push({ ...flow, from, to: end, port: target.port });
  }
  return resolved.length === 0 ? 'UnknownService' : resolved;
}

interface Target {
  readonly end: FlowEnd;
  readonly port: number;
}

function targetsOf(wanted: {
  readonly flow: Flow;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly lookup: ClusterLookup;
}): readonly Target[] {
  const { flow, service, lookup } = wanted;
  return lookup.targetsOf({
    namespace: service.namespace,
    name: service.name,
    port: flow.port,
    protocol: flow.protocol,
  });
}

/** An API server without an address is looked for behind its Service, which each cluster has under this name. */
function apiServerTargets(flow: Flow, end: FlowEnd, lookup: ClusterLookup): readonly Target[] {
  const own = [{ end, port: flow.port }];
  if (end.kind !== 'apiserver' || end.address !== undefined) {
    return own;
  }
  const service = { namespace: 'default', name: 'kubernetes' };
  const behind = targetsOf({ flow: { ...flow, port: 443 }, service, lookup });
  return behind.length > 0 ? behind : own;
}

/** An end as the cluster explains it, when all that the source had is an address. */
function explained(end: FlowEnd, lookup: ClusterLookup): FlowEnd {
  const isUnclear = end.kind === 'address' || (end.kind === 'external' && end.address !== undefined);
  if (!isUnclear || end.address === undefined || (end.kind === 'external' && isPublic(end.address))) {
    return end;
  }
  return lookup.endAt(end.address) ?? end;
}

function resolvedEnd(end: FlowEnd, lookup: ClusterLookup): ResolvedEnd | SetAsideReason {
  switch (end.kind) {
    case 'service':
      return 'UnknownService';
    case 'address':
      return addressEnd(end.address, lookup);
    case 'pod':
      return resolvedPod(end, lookup);
    default:
      return end;
  }
}

function addressEnd(address: string, lookup: ClusterLookup): ExternalEnd | SetAsideReason {
  const isInCluster = lookup.isInCluster(address);
  if (isInCluster === true) {
    return 'AddressOfNoPod';
  }
  return isInCluster === false || isPublic(address) ? { kind: 'external', address } : 'UnknownAddress';
}

function resolvedPod(pod: PodEnd, lookup: ClusterLookup): PodEnd {
  const workload = lookup.workloadOf(pod);
  if (workload === undefined) {
    return pod;
  }
  return {
    ...pod,
    labels: Object.keys(pod.labels).length > 0 ? pod.labels : workload.podLabels,
    workload: { kind: workload.kind, name: workload.name },
  };
}

/** Once their ends are known, flows can turn out to be the same. */
function add(kept: Map<string, ResolvedFlow>, flow: ResolvedFlow): void {
  const key = `${endKey(flow.from)}\n${endKey(flow.to)}\n${flow.protocol} ${flow.port} ${flow.source}`;
  const known = kept.get(key);
  kept.set(
    key,
    known === undefined
      ? flow
      : {
          ...known,
          count: known.count + flow.count,
          firstSeenMs: earlier(known.firstSeenMs, flow.firstSeenMs),
          lastSeenMs: later(known.lastSeenMs, flow.lastSeenMs),
        },
  );
}

function endKey(end: ResolvedEnd): string {
  if (end.kind !== 'pod') {
    return `${end.kind} ${end.address ?? ''}`;
  }
  const { namespace, name, workload, labels } = end;
  return workload === undefined
    ? `pod ${namespace}/${name} ${JSON.stringify(labels)}`
    : `workload ${namespace}/${workload.kind}/${workload.name}`;
}
