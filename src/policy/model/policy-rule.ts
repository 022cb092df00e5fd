import { type AddressRange, addresses, addressRangeOf } from '../intervals/addresses.ts';
import { isPortNumber, LAST_PORT, PROTOCOLS, type Protocol } from '../intervals/ports.ts';
import type { Direction, Peer, Rule, RulePort } from './cluster.ts';
import { EVERYTHING, readSelector } from './selector.ts';
import { type Complain, fieldOf, isJson, itemsOf, quotable } from './untrusted.ts';

const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Whether the name may be a port's (IANA_SVC_NAME: at most 15 characters, a letter among them). */
export function isPortName(name: string): boolean {
  return name.length <= 15 && PORT_NAME.test(name);
}

/** Reads the rules of one direction of a NetworkPolicy; `null` in the list is an empty rule, as in the API. */
export function readRules(value: unknown, direction: Direction, complain: Complain): readonly Rule[] {
  const path = `spec.${direction}`;
  return listAt(value, path, complain).map((rule, index) => {
    const at = `${path}[${index}]`;
    if (rule !== null && !isJson(rule)) {
      complain(at, `must be a rule, not ${quotable(rule)}`);
    }
    const peersField = direction === 'egress' ? 'to' : 'from';
    const peers = listAt(fieldOf(rule, peersField), `${at}.${peersField}`, complain).map((peer, peerIndex) =>
      readPeer(peer, `${at}.${peersField}[${peerIndex}]`, complain),
    );
    const ports = listAt(fieldOf(rule, 'ports'), `${at}.ports`, complain).map((port, portIndex) =>
      readPort(port, `${at}.ports[${portIndex}]`, complain),
    );
    return ruleOf({
      action: 'Accept',
      ...(peers.length === 0 ? {} : { peers }),
      ...(ports.length === 0 ? {} : { ports }),
    });
  });
}

/** A rule with the addresses of its blocks put together. */
export function ruleOf(rule: Omit<Rule, 'blocks'>): Rule {
  const sets = (rule.peers ?? []).flatMap((peer) => (peer.kind === 'block' ? [peer.addresses] : []));
  return { ...rule, blocks: sets.length === 1 && sets[0] !== undefined ? sets[0] : addresses.union(...sets) };
}

/** The items of an optional list; anything else is complained of. */
export function listAt(value: unknown, path: string, complain: Complain): readonly unknown[] {
  if (value !== undefined && !Array.isArray(value)) {
    complain(path, `must be a list, not ${quotable(value)}`);
  }
  return itemsOf(value);
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/validation/validation.go, ValidateNetworkPolicyPeer */
function readPeer(value: unknown, path: string, complain: Complain): Peer {
  const block = fieldOf(value, 'ipBlock');
  const podSelector = fieldOf(value, 'podSelector');
  const namespaceSelector = fieldOf(value, 'namespaceSelector');
  if (block !== undefined) {
    if (podSelector !== undefined || namespaceSelector !== undefined) {
      complain(path, 'may not specify both ipBlock and another peer');
    }
    return readBlock(block, `${path}.ipBlock`, complain);
  }
  if (podSelector === undefined && namespaceSelector === undefined) {
    complain(path, 'must specify a peer: podSelector, namespaceSelector or ipBlock');
  }
  const pods = readSelector(podSelector, `${path}.podSelector`, complain);
  return namespaceSelector === undefined
    ? { kind: 'pods', podSelector: pods }
    : {
        kind: 'pods',
        namespaceSelector: readSelector(namespaceSelector, `${path}.namespaceSelector`, complain),
        podSelector: pods,
      };
}

function readBlock(block: unknown, path: string, complain: Complain): Peer {
  const cidr = fieldOf(block, 'cidr');
  const range = rangeAt(cidr, `${path}.cidr`, complain);
  if (range === undefined) {
    return { kind: 'pods', podSelector: EVERYTHING };
  }
  const excepts = listAt(fieldOf(block, 'except'), `${path}.except`, complain);
  const holes = excepts.flatMap((except, index) => {
    const at = `${path}.except[${index}]`;
    const hole = rangeAt(except, at, complain);
    if (hole !== undefined && !isStrictSubset(hole, range)) {
      complain(at, `must be a strict subset of the cidr ${quotable(cidr)}`);
    }
    return hole ?? [];
  });
  const without = excepts.length === 0 ? '' : ` except ${excepts.map(quotable).join(', ')}`;
  return {
    kind: 'block',
    text: `${quotable(cidr)}${without}`,
    addresses: addresses.difference([range], addresses.setOf(holes)),
  };
}

function rangeAt(cidr: unknown, path: string, complain: Complain): AddressRange | undefined {
  const range = typeof cidr === 'string' ? addressRangeOf(cidr) : undefined;
  if (range === undefined) {
    complain(path, `must be a block such as 10.0.0.0/8 or 2001:db8::/64, not ${quotable(cidr)}`);
  }
  return range;
}

function isStrictSubset(part: AddressRange, whole: AddressRange): boolean {
  return part.first >= whole.first && part.last <= whole.last && part.last - part.first < whole.last - whole.first;
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/validation/validation.go, ValidateNetworkPolicyPort */
function readPort(value: unknown, path: string, complain: Complain): RulePort {
  if (value !== null && !isJson(value)) {
    complain(path, `must be a port such as {protocol: TCP, port: 80}, not ${quotable(value)}`);
  }
  const protocol = readProtocol(fieldOf(value, 'protocol'), `${path}.protocol`, complain);
  const port = fieldOf(value, 'port');
  const endPort = fieldOf(value, 'endPort');
  if (typeof port === 'string') {
    if (!isPortName(port)) {
      complain(`${path}.port`, `${quotable(port)} is neither a port number nor a port name`);
    }
    if (endPort !== undefined) {
      complain(`${path}.endPort`, 'may not be specified when port is a name');
    }
    return { kind: 'named', protocol, name: port };
  }
  return { kind: 'numbers', protocol, ...readNumbers({ port, endPort }, path, complain) };
}

function readNumbers(
  numbers: { readonly port: unknown; readonly endPort: unknown },
  path: string,
  complain: Complain,
): { readonly first: number; readonly last: number } {
  const { port, endPort } = numbers;
  if (port === undefined) {
    if (endPort !== undefined) {
      complain(`${path}.endPort`, 'may not be specified without port', 'endPortAlone');
    }
    return { first: 1, last: LAST_PORT };
  }
  if (!isPortNumber(port)) {
    complain(`${path}.port`, `must be a number from 1 to ${LAST_PORT}, not ${quotable(port)}`);
    return { first: 1, last: 1 };
  }
  if (endPort === undefined) {
    return { first: port, last: port };
  }
  if (!isPortNumber(endPort) || endPort < port) {
    complain(`${path}.endPort`, `must be a number from port (${port}) to ${LAST_PORT}, not ${quotable(endPort)}`);
    return { first: port, last: port };
  }
  return { first: port, last: endPort };
}

function readProtocol(value: unknown, path: string, complain: Complain): Protocol {
  const protocol = PROTOCOLS.find((known) => known === (value ?? 'TCP'));
  if (protocol === undefined) {
    complain(path, `must be TCP, UDP or SCTP, not ${quotable(value)}`);
  }
  return protocol ?? 'TCP';
}
