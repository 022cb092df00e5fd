import ipaddr from 'ipaddr.js';
import type { Labels } from '../selection.ts';

/** A Service, as far as discovery reads it. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly selector: Labels;
  /** Without `None`. */
  readonly clusterIps: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
    readonly targetPort: number | string;
  }[];
}

/** An EndpointSlice, as far as discovery reads it. */
export interface SliceFacts {
  readonly namespace: string;
  readonly service: string;
  readonly addresses: readonly string[];
  /** Those of `addresses` whose endpoint does not say `ready: false`. */
  readonly readyAddresses: readonly string[];
  /** An EndpointSlice may leave the port out, which means every port; here it is 0 then, and discovery ignores it. */
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
}

/**
 * Whether a value can stand in a status and in an ipBlock. An EndpointSlice may also hold host names
 * (`addressType: FQDN`): https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/
 */
export function isAddress(value: string): boolean {
  return ipaddr.isValid(value);
}
