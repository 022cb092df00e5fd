import {
  ADDRESS_SPACE,
  type AddressSet,
  addresses,
  addressOf,
  addressText,
  FAMILIES,
  type Rule,
  rulePorts,
} from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import { type LintContext, rulesOf } from '../lint-context.ts';
import { peersOf } from './peers.ts';

/** Blocks of this many addresses and more count as broad: a /8 of IPv4, a /32 of IPv6. */
const BROAD_SIZE = { IPv4: 1n << 24n, IPv6: 1n << 96n } as const;
/** Where the clouds give out credentials (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). */
const METADATA_ADDRESSES = ['169.254.169.254', 'fd00:ec2::254'] as const;
const METADATA_PORT = 80;

/** Blocks with very many addresses and nothing excepted. */
export function* broadBlocks(context: LintContext): Iterable<Found> {
  for (const { networkPolicy, peer, path } of context.networkPolicies.flatMap(peersOf)) {
    if (
      peer.kind === 'block' &&
      !peer.text.includes(' except ') &&
      FAMILIES.some((family) => isBroad(peer.addresses, family))
    ) {
      yield {
        object: networkPolicy.name,
        path: `${path}.ipBlock.cidr`,
        message: `${peer.text} is a broad block without exceptions`,
        fix: 'name the blocks that are meant, or leave out private and link-local ones with except',
      };
    }
  }
}

/** Blocks over addresses of pods or Services, which network plugins treat in different ways. */
export function* blocksOverPods(context: LintContext): Iterable<Found> {
  const inside = insideAddresses(context);
  for (const { networkPolicy, peer, path } of context.networkPolicies.flatMap(peersOf)) {
    const hit =
      peer.kind === 'block' && !isWholeFamily(peer.addresses)
        ? addresses.intersection(peer.addresses, inside)[0]
        : undefined;
    if (hit !== undefined && peer.kind === 'block') {
      yield {
        object: networkPolicy.name,
        path: `${path}.ipBlock.cidr`,
        message: `${peer.text} holds ${addressText(hit.first)}, an address of a pod or Service: whether blocks match those differs between network plugins`,
        fix: 'select the pods by podSelector and namespaceSelector; ipBlock is for addresses outside the cluster',
      };
    }
  }
}

/** Egress that leads to the metadata service of the cloud, and so to the credentials of the node. */
export function* metadataAddress(context: LintContext): Iterable<Found> {
  const metadata = METADATA_ADDRESSES.flatMap((text) => addressOf(text) ?? []);
  for (const networkPolicy of context.networkPolicies) {
    for (const { rule, path } of rulesOf(networkPolicy, 'egress')) {
      const reached = hasPort(rule, METADATA_PORT)
        ? metadata.find((address) => addresses.contains(rule.blocks, address))
        : undefined;
      if (reached !== undefined) {
        yield {
          object: networkPolicy.name,
          path: `${path}.to`,
          message: `lets pods reach ${addressText(reached)}, where a cloud gives out the credentials of the node`,
          fix: `except ${reached === addressOf(METADATA_ADDRESSES[0]) ? '169.254.0.0/16' : 'fd00:ec2::/32'} from the block`,
        };
      }
    }
  }
}

/** Whether a rule is for every address of a family, or for every peer. */
export function isFromAnywhere({ peers, blocks }: Rule): boolean {
  return peers === undefined || isWholeFamily(blocks);
}

/** Whether the set has every address of IPv4 or of IPv6. */
export function isWholeFamily(set: AddressSet): boolean {
  return FAMILIES.some((family) => addresses.covers(set, [ADDRESS_SPACE[family]]));
}

function isBroad(set: AddressSet, family: keyof typeof BROAD_SIZE): boolean {
  return addresses
    .intersection(set, [ADDRESS_SPACE[family]])
    .some(({ first, last }) => last - first + 1n >= BROAD_SIZE[family]);
}

function insideAddresses({ cluster }: LintContext): AddressSet {
  const single = [
    ...cluster.pods.flatMap((pod) => (pod.isHostNetwork ? [] : pod.addresses)),
    ...cluster.services.flatMap(({ clusterAddresses }) => clusterAddresses),
  ];
  return addresses.setOf(single.map((address) => ({ first: address, last: address })));
}

function hasPort(rule: Rule, port: number): boolean {
  return rulePorts(rule).TCP.some(({ first, last }) => first <= port && port <= last);
}
