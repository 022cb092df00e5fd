import type { Flow } from './flow.ts';

/** Why something that was seen is not proposed, in words for a report. */
export const SET_ASIDE = {
  Denied: 'a policy refused it; if it should be allowed, a person has to say so',
  NoAnswer: 'the connection got no answer, so it is no proof that anything works that way',
  AlreadyAllowed: 'a policy that is there or a part of the baseline allows it already',
  ProtocolNotSelectable: 'a NetworkPolicy knows TCP, UDP and SCTP only',
  EphemeralPort: 'the port is one that clients are given, and nothing says that the pod serves it: likely an answer',
  HostTraffic:
    'the other end is a node or a pod in its network, which no policy can select; traffic from a pod’s own node is always let in',
  UnknownService: 'the port is that of a Service, and which pods and ports stand behind it is not known',
  UnknownAddress: 'a private address of which the flows do not say whose it is; read the cluster to find out',
  AddressOfNoPod: 'an address of the cluster that no pod has now',
  NoAddress: 'the source keeps no address of the other end',
  NoPod: 'neither end is a pod',
  CloudMetadata:
    'the metadata service of the cloud gives out credentials of the node; allow it by hand where it is needed',
  ApiServerAddressUnknown: 'the API server, of which no address is known; a baseline can allow it by itself',
  NoLabels:
    'the pods have no label that their next version has too, and a selector without labels would select every pod',
  PeerWithoutLabels:
    'the pods of the other end have no label that their next version has too, and a peer without labels would be every pod',
  OtherNamespace: 'the end is in a namespace for which nothing was asked',
} as const;

/** {@link SET_ASIDE} */
export type SetAsideReason = keyof typeof SET_ASIDE;

/** The two directions of Kubernetes' NetworkPolicy, as `policyTypes` writes them. */
export type Direction = 'Ingress' | 'Egress';

/** Something that was seen and is not proposed: for one direction, or for both when there is no `direction`. */
export interface SetAside {
  readonly flow: Flow;
  readonly reason: SetAsideReason;
  readonly direction?: Direction;
  /** The part or policy that allows it already, where that is the reason. */
  readonly detail?: string;
}
