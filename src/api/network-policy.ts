import { z } from 'zod';

export const labelSelectorSchema = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: z.array(z.string()).optional() }))
    .optional(),
});
export type LabelSelector = z.infer<typeof labelSelectorSchema>;

export const ipBlockSchema = z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() });
export type IpBlock = z.infer<typeof ipBlockSchema>;

export const networkPolicyPeerSchema = z.strictObject({
  podSelector: labelSelectorSchema.optional(),
  namespaceSelector: labelSelectorSchema.optional(),
  ipBlock: ipBlockSchema.optional(),
});
export type NetworkPolicyPeer = z.infer<typeof networkPolicyPeerSchema>;

export const networkPolicyPortSchema = z.strictObject({
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
  port: z.union([z.int(), z.string()]).optional(),
  endPort: z.int().optional(),
});
export type NetworkPolicyPort = z.infer<typeof networkPolicyPortSchema>;

export const ingressRuleSchema = z.strictObject({ from: z.array(networkPolicyPeerSchema).optional(), ports: z.array(networkPolicyPortSchema).optional() });
export type NetworkPolicyIngressRule = z.infer<typeof ingressRuleSchema>;
export const egressRuleSchema = z.strictObject({ to: z.array(networkPolicyPeerSchema).optional(), ports: z.array(networkPolicyPortSchema).optional() });
export type NetworkPolicyEgressRule = z.infer<typeof egressRuleSchema>;

export const directionSchema = z.enum(['Ingress', 'Egress']);
export type Direction = z.infer<typeof directionSchema>;

/** A NetworkPolicy spec with every field present, as the operator renders it: no field is left to the API server's defaults. */
export interface RenderedSpec {
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly Direction[];
  readonly ingress: readonly NetworkPolicyIngressRule[];
  readonly egress: readonly NetworkPolicyEgressRule[];
}
