import { type AddressSet, addresses, addressOf } from '../intervals/addresses.ts';
import { isPortNumber, PROTOCOLS } from '../intervals/ports.ts';
import type { NodeModel, ServiceBackend, ServiceModel, ServicePort } from './cluster.ts';
import { readLabels, readMatchLabels, selectorOf } from './selector.ts';
import { type Complain, fieldOf, isJson, itemsOf, textOf } from './untrusted.ts';

/** Reads a Service; `backends` are those of its EndpointSlices. */
export function readService(
  object: unknown,
  name: { readonly namespace: string; readonly name: string },
  backends: readonly ServiceBackend[],
  complain: Complain,
): ServiceModel {
  const spec = fieldOf(object, 'spec');
  const selector = fieldOf(spec, 'selector');
  const hasSelector = isJson(selector) && Object.keys(selector).length > 0;
  const clusterIps = [fieldOf(spec, 'clusterIP'), ...itemsOf(fieldOf(spec, 'clusterIPs'))];
  return {
    ...name,
    ...(hasSelector ? { selector: selectorOf(readMatchLabels(selector, 'spec.selector', complain)) } : {}),
    ports: itemsOf(fieldOf(spec, 'ports')).flatMap(readServicePort),
    clusterAddresses: [...new Set(numbersOf(clusterIps))],
    isHeadless: clusterIps.includes('None'),
    type: textOf(spec, 'type') ?? 'ClusterIP',
    backends,
  };
}

function readServicePort(item: unknown): readonly ServicePort[] {
  const port = fieldOf(item, 'port');
  const protocol = PROTOCOLS.find((known) => known === (fieldOf(item, 'protocol') ?? 'TCP'));
  if (!isPortNumber(port) || protocol === undefined) {
    return [];
  }
  const target = fieldOf(item, 'targetPort');
  const name = textOf(item, 'name');
  return [
    {
      ...(name === undefined ? {} : { name }),
      protocol,
      port,
      targetPort: isPortNumber(target) || (typeof target === 'string' && target !== '') ? target : port,
    },
  ];
}

/** The backends of an EndpointSlice; those that are not ready are among them, since policies do not ask for it. */
export function readEndpointSlice(object: unknown): readonly ServiceBackend[] {
  const ports = new Map<string, number>();
  for (const item of itemsOf(fieldOf(object, 'ports'))) {
    const port = fieldOf(item, 'port');
    if (isPortNumber(port)) {
      ports.set(textOf(item, 'name') ?? '', port);
    }
  }
  return itemsOf(fieldOf(object, 'endpoints')).flatMap((endpoint) =>
    numbersOf(itemsOf(fieldOf(endpoint, 'addresses'))).map((address) => ({ address, ports })),
  );
}

/** Reads a Node with all addresses of its status. */
export function readNode(object: unknown, name: string): NodeModel {
  const texts = itemsOf(fieldOf(object, 'status', 'addresses')).map((item) => fieldOf(item, 'address'));
  return {
    name,
    labels: readLabels(fieldOf(object, 'metadata', 'labels')),
    addresses: addressSetOf(numbersOf(texts)),
  };
}

/** The set of single addresses. */
export function addressSetOf(numbers: readonly bigint[]): AddressSet {
  return addresses.setOf(numbers.map((address) => ({ first: address, last: address })));
}

function numbersOf(texts: readonly unknown[]): readonly bigint[] {
  return texts.flatMap((text) => (typeof text === 'string' ? (addressOf(text) ?? []) : []));
}
