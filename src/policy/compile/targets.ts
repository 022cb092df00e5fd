import { PROTOCOLS, type Protocol } from '../intervals/ports.ts';
import type { Rule, RulePort } from '../model/cluster.ts';
import { matchesPort } from '../verdict/rule-match.ts';
import { type BitSet, emptyBits, keepBits, membersOf, setBit } from './bit-set.ts';
import type { Bounds } from './peer-bits.ts';
import type { PodClass } from './pod-classes.ts';

/** A port of a protocol. */
export interface PortOf {
  readonly protocol: Protocol;
  readonly port: number;
}

/** A class of pods together with a port to connect to. */
export interface Target extends PortOf {
  readonly id: number;
  readonly podClass: PodClass;
}

/** All targets; those of a class follow each other. */
export interface Targets {
  readonly list: readonly Target[];
  /** By class: the first of its targets; one more entry than classes. */
  readonly starts: Int32Array;
}

/** Each class with the given ports, or with those that its pods declare. */
export function targetsOf(classes: readonly PodClass[], ports: readonly PortOf[] | undefined): Targets {
  const list: Target[] = [];
  const starts = new Int32Array(classes.length + 1);
  for (const podClass of classes) {
    for (const { protocol, port } of ports ?? declaredPorts(podClass)) {
      list.push({ id: list.length, podClass, protocol, port });
    }
    starts[podClass.id + 1] = list.length;
  }
  return { list, starts };
}

function declaredPorts({ pod }: PodClass): readonly PortOf[] {
  const seen = new Map(pod.ports.map((port) => [`${port.protocol}/${port.port}`, port]));
  return [...seen.values()].sort(
    (one, other) => PROTOCOLS.indexOf(one.protocol) - PROTOCOLS.indexOf(other.protocol) || one.port - other.port,
  );
}

/** Whether the rule's ports match a target. A name is looked up on the target's pod, unless that is seen as an address. */
export function matchesTarget(rule: Rule, target: Target): boolean {
  return rule.ports?.some((port) => matchesTargetPort(port, target)) ?? true;
}

function matchesTargetPort(port: RulePort, { podClass, protocol, port: number }: Target): boolean {
  // To an egress rule the target is the remote end, where its ports are looked up too.
  return matchesPort(port, {
    direction: 'egress',
    local: { pod: podClass.pod, addresses: [] },
    remote: podClass.side,
    traffic: { protocol, port: number },
  });
}

/** Turns what a rule's peers match among classes into what the rule matches among targets, ports included. */
export function targetBoundsFor(targets: Targets): (rule: Rule, peers: Bounds) => Bounds {
  const size = targets.list.length;
  const ofPorts = new Map<string, BitSet>();
  const ofPeers = new Map<BitSet, BitSet>();

  function portBits(rule: Rule): BitSet | undefined {
    if (rule.ports === undefined) {
      return undefined;
    }
    const key = JSON.stringify(rule.ports);
    let bits = ofPorts.get(key);
    if (bits === undefined) {
      bits = emptyBits(size);
      for (const target of targets.list) {
        if (matchesTarget(rule, target)) {
          setBit(bits, target.id);
        }
      }
      ofPorts.set(key, bits);
    }
    return bits;
  }

  function spread(classes: BitSet): BitSet {
    let bits = ofPeers.get(classes);
    if (bits === undefined) {
      bits = emptyBits(size);
      for (const classId of membersOf(classes)) {
        const last = targets.starts[classId + 1] ?? 0;
        for (let target = targets.starts[classId] ?? 0; target < last; target += 1) {
          setBit(bits, target);
        }
      }
      ofPeers.set(classes, bits);
    }
    return bits;
  }

  return (rule, peers) => {
    const ports = portBits(rule);
    const sure = common(spread(peers.sure), ports);
    return { sure, possible: peers.possible === peers.sure ? sure : common(spread(peers.possible), ports) };
  };
}

function common(bits: BitSet, others: BitSet | undefined): BitSet {
  if (others === undefined) {
    return bits;
  }
  const both = bits.slice();
  keepBits(both, others);
  return both;
}
