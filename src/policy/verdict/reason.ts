/** Why a verdict is what it is, where no rule of a policy says it. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for people. */
  readonly message: string;
}

/** The codes of {@link Reason}; they do not change between versions. */
export type ReasonCode = keyof typeof MESSAGES;

const MESSAGES = {
  self: 'a pod always reaches itself: no policy can block that',
  notFound: 'the end is not among the objects that were read',
  finished: 'the pod has finished and is no end of any connection; its address may belong to another pod by now',
  hairpin: 'the pod reaches itself through a Service; whether policies count then is left to the implementation',
  hostNetwork:
    'a host network pod takes part; whether selectors select it or it counts as the address of its node is left to the implementation',
  ownNode:
    'the node that the pod runs on takes part; the API says that such traffic is always allowed, but some implementations block it by policy',
  protocol: 'policies are defined for TCP, UDP and SCTP only; for other protocols it is left to the implementation',
  addressUnknown: 'the address of a pod is not known, and a policy with IP blocks decides about it',
  families: 'the verdict differs between IPv4 and IPv6',
  noCommonFamily: 'the two ends have no address family in common',
  partOfAddresses: 'only some of the addresses are allowed',
  samePriority: 'ClusterNetworkPolicies of the same priority disagree; either may win',
  domainNames: 'a rule accepts domain names, whose addresses are not known',
  podsDiffer: 'the verdict is not the same for all pods of the workload or Service',
  noBackends: 'no pod and no endpoint is behind the Service',
  noSuchPort: 'the Service has no such port',
  incomplete: 'objects that the verdict may depend on could not be read',
} as const;

/** The reason with that code. */
export function reasonFor(code: ReasonCode): Reason {
  return { code, message: MESSAGES[code] };
}
