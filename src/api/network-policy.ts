import { z } from 'zod';
import { about, filledList } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import type { LabelSelector } from './label-selector.ts';
import { networkPolicyPeerSchema } from './network-policy-peer.ts';
import { networkPolicyPortSchema } from './network-policy-port.ts';

export { type LabelSelector, labelSelectorSchema } from './label-selector.ts';
export { type IpBlock, ipBlockSchema, type NetworkPolicyPeer, networkPolicyPeerSchema } from './network-policy-peer.ts';
export { type NetworkPolicyPort, networkPolicyPortSchema } from './network-policy-port.ts';

/** A list of peers; `whenEmpty` is the message that refuses an empty one. */
export function peersSchema(whenEmpty: string): z.ZodArray<typeof networkPolicyPeerSchema> {
  return filledList(
    about(networkPolicyPeerSchema, 'The other side of a connection: pods, pods of namespaces, or addresses.'),
    BOUNDS.peers,
    whenEmpty,
  );
}

/** A list of ports; `whenEmpty` is the message that refuses an empty one. */
export function portsSchema(whenEmpty: string): z.ZodArray<typeof networkPolicyPortSchema> {
  return filledList(
    about(networkPolicyPortSchema, 'A port or a range of ports; {} is every TCP port.'),
    BOUNDS.ports,
    whenEmpty,
  );
}

const EVERY_PORT_HINT =
  'an empty list is refused, as it reads like "no port" and means every port; leave ports out for every port of every protocol';

/** A NetworkPolicyIngressRule of the Kubernetes API; an empty one admits everyone on every port. */
export const ingressRuleSchema = z.strictObject({
  from: about(
    peersSchema(
      'an empty list is refused, as it reads like "nobody" and means everyone; leave "from" out to allow every source, or name who may connect',
    ).optional(),
    'The sources that may connect; any one of them.',
    'anyone, from inside and outside the cluster',
  ),
  ports: about(
    portsSchema(EVERY_PORT_HINT).optional(),
    'The allowed ports; any one of them.',
    'every port of every protocol',
  ),
});
/** {@link ingressRuleSchema} */
export type NetworkPolicyIngressRule = z.infer<typeof ingressRuleSchema>;

/** A NetworkPolicyEgressRule of the Kubernetes API; an empty one opens every destination. */
export const egressRuleSchema = z.strictObject({
  to: about(
    peersSchema(
      'an empty list is refused, as it reads like "nowhere" and means anywhere; leave "to" out to allow every destination, or name where pods may connect to',
    ).optional(),
    'The destinations to which pods may connect; any one of them.',
    'anywhere, inside and outside the cluster',
  ),
  ports: about(
    portsSchema(EVERY_PORT_HINT).optional(),
    'The allowed ports; any one of them.',
    'every port of every protocol',
  ),
});
/** {@link egressRuleSchema} */
export type NetworkPolicyEgressRule = z.infer<typeof egressRuleSchema>;

/** The two directions, seen from the selected pods. */
export const directionSchema = z.enum(['Ingress', 'Egress']);
/** {@link directionSchema} */
export type Direction = z.infer<typeof directionSchema>;

/** Both directions, in the order in which they are written. */
export const DIRECTIONS: readonly Direction[] = ['Ingress', 'Egress'];

/** A NetworkPolicy spec with every field present, as the operator renders it: no field is left to the API server's defaults. */
export interface RenderedSpec {
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly Direction[];
  readonly ingress: readonly NetworkPolicyIngressRule[];
  readonly egress: readonly NetworkPolicyEgressRule[];
}
