import {
  type Direction,
  LAST_PORT,
  type PodModel,
  portNumbers,
  type Rule,
  type RulePort,
  rulePorts,
  type ServiceModel,
  type ServicePort,
  selects,
} from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import { DIRECTIONS, isEveryPod, type LintContext, type LintedNetworkPolicy, rulesOf } from '../lint-context.ts';
import { isFromAnywhere } from './addresses.ts';

/** Ranges of more ports than this are wide. */
const WIDE_RANGE = 1_000;
/** Ports by which machines are administered: SSH, etcd, RDP, the kubelet. */
const ADMINISTRATIVE_PORTS: ReadonlyMap<number, string> = new Map([
  [22, 'SSH'],
  [2379, 'etcd'],
  [2380, 'etcd'],
  [3389, 'RDP'],
  [10_250, 'the kubelet'],
]);

/** A port of a rule with the pods that are connected to, where those are known. */
interface PlacedPort {
  readonly networkPolicy: LintedNetworkPolicy;
  readonly direction: Direction;
  readonly rule: Rule;
  readonly port: RulePort;
  readonly path: string;
  readonly destinations: readonly PodModel[];
}

/** Ports of a Service where the port of its pods is needed: policies see a connection after its port was translated. */
export function* servicePorts(context: LintContext): Iterable<Found> {
  for (const { networkPolicy, path, ...placed } of placedPorts(context)) {
    const service = translatingService(context, placed);
    if (service !== undefined) {
      const { name, port, target } = service;
      yield {
        object: networkPolicy.name,
        path: `${path}.port`,
        message: `${port} is the port of Service ${name}; its pods listen on ${target}, and a NetworkPolicy is about the port of the pod`,
        fix: `write ${target}`,
      };
    }
  }
}

/** Ports that no pod declares which the rule leads to, where they declare others. */
export function* undeclaredPorts(context: LintContext): Iterable<Found> {
  for (const placed of placedPorts(context)) {
    const { networkPolicy, port, path, destinations } = placed;
    const isTelling = destinations.length > 0 && destinations.every(({ ports }) => ports.length > 0);
    const isDeclaredSomewhere = destinations.some((pod) => isDeclared(pod, port));
    // The port of a Service is a finding of its own, which says more.
    if (isTelling && !isWide(port) && !isDeclaredSomewhere && translatingService(context, placed) === undefined) {
      yield {
        object: networkPolicy.name,
        path: `${path}.port`,
        message: `no pod that the rule leads to declares ${portText(port)}`,
        fix: `write a port that they declare, such as ${declaredText(destinations)}, or declare it as a containerPort`,
      };
    }
  }
}

/** Named ports of egress rules that may lead to addresses, where no pod is to look the name up on. */
export function* namedPortsToAddresses(context: LintContext): Iterable<Found> {
  for (const { networkPolicy, direction, rule, port, path } of placedPorts(context)) {
    const hasAddresses = rule.peers === undefined || rule.peers.some(({ kind }) => kind === 'block');
    if (direction === 'egress' && port.kind === 'named' && hasAddresses) {
      yield {
        object: networkPolicy.name,
        path: `${path}.port`,
        message: `the name ${port.name} is looked up on the pods that are connected to; addresses have no names, and some network plugins refuse the rule`,
        fix: 'write the number',
      };
    }
  }
}

/** Ranges of more than a thousand ports. */
export function* wideRanges(context: LintContext): Iterable<Found> {
  for (const { networkPolicy, port, path } of placedPorts(context)) {
    if (port.kind === 'numbers' && isWide(port) && !isEveryPort(port)) {
      yield {
        object: networkPolicy.name,
        path: `${path}.endPort`,
        message: `opens ${port.last - port.first + 1} ports, ${port.first} to ${port.last}`,
        fix: 'name the ports that are used',
      };
    }
  }
}

/** Administrative ports that are open for everyone. */
export function* administrativePorts(context: LintContext): Iterable<Found> {
  for (const networkPolicy of context.networkPolicies) {
    for (const { rule, path } of rulesOf(networkPolicy, 'ingress')) {
      const isOpen = isFromAnywhere(rule) || rule.peers?.some(isEveryPod) === true;
      const open =
        isOpen && rule.ports !== undefined
          ? [...ADMINISTRATIVE_PORTS].filter(([port]) => portNumbers.contains(rulePorts(rule).TCP, port))
          : [];
      const [first] = open;
      if (first !== undefined) {
        yield {
          object: networkPolicy.name,
          path: `${path}.ports`,
          message: `lets everyone reach port ${first[0]}, ${first[1]}`,
          fix: 'name in from who administers, or leave the port out',
        };
      }
    }
  }
}

function placedPorts(context: LintContext): readonly PlacedPort[] {
  return context.networkPolicies.flatMap((networkPolicy) =>
    DIRECTIONS.flatMap((direction) =>
      rulesOf(networkPolicy, direction).flatMap(({ rule, path }) => {
        const destinations =
          direction === 'ingress' ? networkPolicy.pods : destinationsOf(context, networkPolicy, rule);
        return (rule.ports ?? []).map((port, index) => ({
          networkPolicy,
          direction,
          rule,
          port,
          path: `${path}.ports[${index}]`,
          destinations,
        }));
      }),
    ),
  );
}

/** None where the rule may also lead to something else than pods. */
function destinationsOf(
  { podsOfPeer }: LintContext,
  { model }: LintedNetworkPolicy,
  { peers }: Rule,
): readonly PodModel[] {
  const pods = (peers ?? []).map((peer) => podsOfPeer(peer, model.namespace));
  return pods.every((found) => found !== undefined) ? pods.flat() : [];
}

/** The Service whose port stands where that of its pods is needed. */
function translatingService(
  { cluster }: LintContext,
  { port, destinations }: Pick<PlacedPort, 'port' | 'destinations'>,
): { readonly name: string; readonly port: number; readonly target: number | string } | undefined {
  const number = numberOf(port);
  if (number === undefined || destinations.some((pod) => isDeclared(pod, port))) {
    return undefined;
  }
  for (const service of cluster.services) {
    const translated: ServicePort | undefined = service.ports.find(
      (one) => one.port === number && one.protocol === port.protocol,
    );
    if (translated !== undefined && translated.targetPort !== number && leadsTo(service, destinations)) {
      return { name: service.name, port: number, target: translated.targetPort };
    }
  }
  return undefined;
}

function leadsTo({ namespace, selector, isHeadless }: ServiceModel, destinations: readonly PodModel[]): boolean {
  return (
    !isHeadless &&
    selector !== undefined &&
    destinations.some((pod) => pod.namespace === namespace && selects(selector, pod.labels))
  );
}

function isDeclared(pod: PodModel, port: RulePort): boolean {
  return pod.ports.some((declared) =>
    port.kind === 'named'
      ? declared.name === port.name && (port.protocol ?? declared.protocol) === declared.protocol
      : declared.protocol === port.protocol && port.first <= declared.port && declared.port <= port.last,
  );
}

function numberOf(port: RulePort): number | undefined {
  return port.kind === 'numbers' && port.first === port.last ? port.first : undefined;
}

function isWide(port: RulePort): boolean {
  return port.kind === 'numbers' && port.last - port.first + 1 > WIDE_RANGE;
}

function isEveryPort({ first, last }: { readonly first: number; readonly last: number }): boolean {
  return first === 1 && last === LAST_PORT;
}

function portText(port: RulePort): string {
  if (port.kind === 'named') {
    return `a port named ${port.name}`;
  }
  return `${port.first === port.last ? port.first : `${port.first}-${port.last}`}/${port.protocol}`;
}

function declaredText(pods: readonly PodModel[]): string {
  const [first] = pods.flatMap(({ ports }) => ports);
  return first === undefined ? 'none yet' : `${first.port}/${first.protocol}`;
}
