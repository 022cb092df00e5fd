import { hasBit } from './compile/bit-set.ts';
import { classCounts } from './compile/class-counts.ts';
import type { CompiledCluster } from './compile/compiled-cluster.ts';
import { peerBitsFor } from './compile/peer-bits.ts';
import { type PodView, podClassesOf } from './compile/pod-classes.ts';
import { type Profiles, profilesOf } from './compile/profiles.ts';
import {
  matchesTarget,
  type PortOf,
  type Target,
  type Targets,
  targetBoundsFor,
  targetsOf,
} from './compile/targets.ts';
import { type Flow, flowOf, type Profile } from './compile/tier-flow.ts';
import type { PodModel } from './model/cluster.ts';
import type { VerdictKind } from './verdict/explanation.ts';

/** Which ports a matrix is about. */
export interface MatrixOptions {
  /** The same ports for every pod. Absent: the ports that the containers of the destination declare. */
  readonly ports?: readonly PortOf[];
}

/** One verdict of a matrix, with that of each end. */
export interface MatrixCell extends PortOf {
  readonly from: PodModel;
  readonly to: PodModel;
  readonly egress: VerdictKind;
  readonly ingress: VerdictKind;
  readonly verdict: VerdictKind;
}

/**
 * All pairs of live pods and representatives with their ports. The verdicts are those of `verdict`, but are kept by
 * classes of pods, so that even 10,000 pods take few megabytes: read one with `cell`, or go through `cells` without
 * keeping them all.
 */
export interface Matrix {
  /** The rows and columns; other functions take indexes of this list. */
  readonly pods: readonly PodModel[];
  /** The ports of a destination. */
  readonly portsOf: (to: number) => readonly PortOf[];
  /** The verdict alone; `port` is an index of `portsOf(to)`. */
  readonly kind: (from: number, to: number, port: number) => VerdictKind;
  readonly cell: (from: number, to: number, port: number) => MatrixCell;
  /** Every cell, row by row: by source, then destination, then port. */
  readonly cells: () => IterableIterator<MatrixCell>;
  /** How many cells have each verdict; faster than to go through them. */
  readonly counts: () => Readonly<Record<VerdictKind, number>>;
  /** How many classes of pods there are, seen in each family: what the cost goes by. */
  readonly classCount: number;
}

/** What may come out of a cell or of one of its ends, as bits. */
const ALLOW = 1;
const DENY = 2;

/** Both ends of a cell: what may come out of egress in the lower two bits, of ingress in the next two. */
type EndBits = number;

const KINDS: readonly VerdictKind[] = ['denied', 'allowed', 'denied', 'undefined'];

/** Judges all pairs of pods. */
export function matrixOf(compiled: CompiledCluster, options: MatrixOptions = {}): Matrix {
  const { classes, pods, views } = podClassesOf(compiled);
  const targets = targetsOf(classes, options.ports);
  const peerBits = peerBitsFor(compiled, classes);
  const egressProfiles = profilesOf(compiled, classes, 'egress');
  const egress = egressFlows(egressProfiles, targets, peerBits);
  const ingress = ingressFlows(
    profilesOf(compiled, classes, 'ingress'),
    { targets, classCount: classes.length },
    peerBits,
  );
  const masks = Uint8Array.from(classes, ({ familyMask }) => familyMask);
  const single = Int32Array.from(pods, (pod, index) => singleClass(pod, views[index] ?? []));

  function endBits(source: number, target: number): EndBits {
    const out = egress[egressProfiles.ofClass[source] ?? 0];
    const into = ingress[target];
    return out === undefined || into === undefined ? 0 : bitsAt(out, target) | (bitsAt(into, source) << 2);
  }

  function targetOf(classId: number, port: number): number {
    return (targets.starts[classId] ?? 0) + port;
  }

  function bitsOf(from: number, to: number, port: number): EndBits {
    const pod = pods[from];
    if (pod === undefined || (from === to && !pod.hasSiblings)) {
      return ALLOW | (ALLOW << 2);
    }
    const source = single[from] ?? -1;
    const destination = single[to] ?? -1;
    if (source >= 0 && destination >= 0) {
      const hasCommonFamily = ((masks[source] ?? 0) & (masks[destination] ?? 0)) !== 0;
      return hasCommonFamily ? endBits(source, targetOf(destination, port)) : UNKNOWN;
    }
    return bitsOfViews(from, to, port);
  }

  function bitsOfViews(from: number, to: number, port: number): EndBits {
    const bits = commonViews(views[from] ?? [], views[to] ?? []).map(([source, destination]) =>
      endBits(source, targetOf(destination, port)),
    );
    return bits.length === 0 ? UNKNOWN : merged(bits);
  }

  function kind(from: number, to: number, port: number): VerdictKind {
    return kindFor(bitsOf(from, to, port), pods[from], pods[to]);
  }

  function classKind(classId: number, port: number): VerdictKind {
    return kindOfBits(verdictBits(endBits(classId, targetOf(classId, port))));
  }

  function portsOf(to: number): readonly PortOf[] {
    const classId = views[to]?.[0]?.classId;
    return classId === undefined
      ? []
      : targets.list
          .slice(targets.starts[classId], targets.starts[classId + 1])
          .map(({ protocol, port }) => ({ protocol, port }));
  }

  function cellFor(
    from: number,
    to: number,
    at: { readonly index: number; readonly port: PortOf },
  ): MatrixCell | undefined {
    const source = pods[from];
    const destination = pods[to];
    if (source === undefined || destination === undefined) {
      return undefined;
    }
    const bits = bitsOf(from, to, at.index);
    return {
      from: source,
      to: destination,
      ...at.port,
      egress: kindOfBits(bits & 3),
      ingress: kindOfBits((bits >> 2) & 3),
      verdict: kindFor(bits, source, destination),
    };
  }

  function* cells(): IterableIterator<MatrixCell> {
    const ports = pods.map((_, to) => portsOf(to));
    for (let from = 0; from < pods.length; from += 1) {
      for (const [to, list] of ports.entries()) {
        for (const [index, port] of list.entries()) {
          const cell = cellFor(from, to, { index, port });
          if (cell !== undefined) {
            yield cell;
          }
        }
      }
    }
  }

  return {
    pods,
    portsOf,
    kind,
    cell: (from, to, port) => {
      const of = portsOf(to)[port];
      const cell = of === undefined ? undefined : cellFor(from, to, { index: port, port: of });
      if (cell === undefined) {
        throw new RangeError('no such cell: take the indexes from pods and portsOf');
      }
      return cell;
    },
    cells,
    counts: () => {
      const counts = classCounts({ targets, masks, single, egress, ingress, profiles: egressProfiles });
      addOthers(counts, { pods, single, portCount: (to) => portsOf(to).length, kind, classKind });
      return counts;
    },
    classCount: classes.length,
  };
}

/** Nothing is known of either end. */
const UNKNOWN = 15;

/** The class of a pod that is in one only, whatever family; -1 for others, and for host network pods, where the node counts too. */
function singleClass(pod: PodModel, views: readonly PodView[]): number {
  const first = views[0]?.classId ?? -1;
  return !pod.isHostNetwork && views.every(({ classId }) => classId === first) ? first : -1;
}

function commonViews(from: readonly PodView[], to: readonly PodView[]): readonly (readonly [number, number])[] {
  const hasReadings = [...from, ...to].some(({ reading }) => reading === 'address');
  return (hasReadings ? (['pod', 'address'] as const) : (['pod'] as const)).flatMap((reading) =>
    (['IPv4', 'IPv6'] as const).flatMap((family) => {
      const source = viewIn(from, family, reading);
      const destination = viewIn(to, family, reading);
      return source === undefined || destination === undefined ? [] : [[source, destination] as const];
    }),
  );
}

/** A pod of the pod network is seen the same in both readings. */
function viewIn(views: readonly PodView[], family: PodView['family'], reading: PodView['reading']): number | undefined {
  const ofFamily = views.filter((view) => view.family === family);
  return (ofFamily.find((view) => view.reading === reading) ?? ofFamily[0])?.classId;
}

/** An end is sure only when all views agree on it; the verdict of views that differ is undefined even where each end is not. */
function merged(bits: readonly EndBits[]): EndBits {
  const kinds = new Set(bits.map(verdictBits));
  const all = bits.reduce((union, some) => union | some, 0);
  const only = [...kinds][0];
  // Views may agree to deny for different ends; then no end does so in all of them.
  return kinds.size === 1 && only !== undefined && only !== verdictBits(all) ? all | (only << 4) : all;
}

/** From the bits of both ends, or from what was agreed on, to those of the cell. */
function verdictBits(bits: EndBits): number {
  const agreed = bits >> 4;
  if (agreed !== 0) {
    return agreed;
  }
  const allow = bits & (bits >> 2) & ALLOW;
  const deny = (bits | (bits >> 2)) & DENY;
  return allow | deny;
}

function kindOfBits(bits: number): VerdictKind {
  return KINDS[bits] ?? 'denied';
}

/** Traffic with the pod's own node is allowed by the API, and blocked by some implementations where policies do not allow it. */
function kindFor(bits: EndBits, from: PodModel | undefined, to: PodModel | undefined): VerdictKind {
  const kind = kindOfBits(verdictBits(bits));
  const isOwnNode =
    kind !== 'allowed' &&
    (from?.isHostNetwork === true || to?.isHostNetwork === true) &&
    from?.node !== undefined &&
    from.node === to?.node;
  return isOwnNode ? 'undefined' : kind;
}

function bitsAt({ mayAllow, mayDeny }: Flow, index: number): number {
  return (hasBit(mayAllow, index) ? ALLOW : 0) | (hasBit(mayDeny, index) ? DENY : 0);
}

type PeerBits = ReturnType<typeof peerBitsFor>;

/** By egress profile: what it decides about every target. */
function egressFlows({ profiles }: Profiles, targets: Targets, peerBits: PeerBits): readonly Flow[] {
  const boundsOf = targetBoundsFor(targets);
  return profiles.map((profile) =>
    flowOf(profile, 'egress', targets.list.length, (rule, namespace) => boundsOf(rule, peerBits(rule, namespace))),
  );
}

/** By target: what its ingress policies decide about every class of sources. Targets that the same rules are about share it. */
function ingressFlows(
  { profiles, ofClass }: Profiles,
  { targets, classCount }: { readonly targets: Targets; readonly classCount: number },
  peerBits: PeerBits,
): readonly Flow[] {
  const known = new Map<string, Flow>();
  return targets.list.map((target) => {
    const index = ofClass[target.podClass.id] ?? 0;
    const profile = profiles[index];
    if (profile === undefined) {
      return { mayAllow: new Uint32Array(0), mayDeny: new Uint32Array(0) };
    }
    const key = `${index}|${matchingRules(profile, target)}`;
    let flow = known.get(key);
    if (flow === undefined) {
      flow = flowOf(profile, 'ingress', classCount, (rule, namespace) =>
        matchesTarget(rule, target) ? peerBits(rule, namespace) : undefined,
      );
      known.set(key, flow);
    }
    return flow;
  });
}

/** Which rules of the profile match the port, as text. */
function matchingRules(profile: Profile, target: Target): string {
  let text = '';
  for (const { ingress } of [...profile.admin.flat(), ...profile.policies, ...profile.baseline.flat()]) {
    for (const rule of ingress ?? []) {
      text += matchesTarget(rule, target) ? '1' : '0';
    }
  }
  return text;
}

/** Adds pods that are in several classes, cell by cell, and what differs where a pod connects to itself. */
function addOthers(
  counts: Record<VerdictKind, number>,
  matrix: {
    readonly pods: readonly PodModel[];
    readonly single: Int32Array;
    readonly portCount: (to: number) => number;
    readonly kind: Matrix['kind'];
    /** Of two pods of one class. */
    readonly classKind: (classId: number, port: number) => VerdictKind;
  },
): void {
  const { pods, single, portCount, kind, classKind } = matrix;
  const add = (from: number, to: number): void => {
    for (let port = portCount(to) - 1; port >= 0; port -= 1) {
      counts[kind(from, to, port)] += 1;
    }
  };
  for (const [index, classId] of single.entries()) {
    if (classId === -1) {
      for (let other = 0; other < pods.length; other += 1) {
        add(index, other);
        if (single[other] !== -1) {
          add(other, index);
        }
      }
    } else if (pods[index]?.hasSiblings === false) {
      for (let port = portCount(index) - 1; port >= 0; port -= 1) {
        counts[classKind(classId, port)] -= 1;
        counts.allowed += 1;
      }
    }
  }
}
