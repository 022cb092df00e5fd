import { z } from 'zod';
import { directionSchema, egressRuleSchema, ingressRuleSchema, labelSelectorSchema, networkPolicyPeerSchema, networkPolicyPortSchema } from './network-policy.ts';
import { conditionSchema } from './condition.ts';

const isEnabled = z.boolean().optional();
export const modeSchema = z.enum(['Enforce', 'DryRun', 'Paused']);
export type Mode = z.infer<typeof modeSchema>;
export const removalActionSchema = z.enum(['Remove', 'Keep']);

export const allowSchema = z.strictObject({
  dns: z.strictObject({ enabled: isEnabled, to: z.array(networkPolicyPeerSchema).optional(), ports: z.array(networkPolicyPortSchema).optional(), toAnywhere: z.boolean().optional() }).optional(),
  monitoring: z.strictObject({ enabled: isEnabled, from: z.array(networkPolicyPeerSchema).optional(), ports: z.array(networkPolicyPortSchema).optional() }).optional(),
  sameNamespace: z.strictObject({ enabled: isEnabled }).optional(),
  ingressController: z.strictObject({ enabled: isEnabled, from: z.array(networkPolicyPeerSchema).optional(), ports: z.array(networkPolicyPortSchema).optional() }).optional(),
  kubeApiServer: z.strictObject({ enabled: isEnabled }).optional(),
  internet: z.strictObject({ enabled: isEnabled, cidrs: z.array(z.string()).optional(), ports: z.array(networkPolicyPortSchema).optional(), except: z.array(z.string()).optional() }).optional(),
});
export type Allow = z.infer<typeof allowSchema>;

export const ruleSchema = z.strictObject({
  name: z.string(),
  podSelector: labelSelectorSchema.optional(),
  ingress: z.array(ingressRuleSchema).optional(),
  egress: z.array(egressRuleSchema).optional(),
});
export type Rule = z.infer<typeof ruleSchema>;

export const baselinePolicySpecSchema = z.strictObject({
  namespaceSelector: labelSelectorSchema.optional(),
  mode: modeSchema.optional(),
  isolate: z.array(directionSchema).optional(),
  allow: allowSchema.optional(),
  rules: z.array(ruleSchema).optional(),
  removal: z.strictObject({ onOptOut: removalActionSchema.optional(), onDelete: removalActionSchema.optional() }).optional(),
});
export type BaselinePolicySpec = z.infer<typeof baselinePolicySpecSchema>;

/** The cluster's resolver as egress rules, with where it was found for people to read. */
export const discoveredDnsSchema = z.strictObject({ source: z.string(), egress: z.array(egressRuleSchema) });
export type DiscoveredDns = z.infer<typeof discoveredDnsSchema>;
/** The API server's addresses: `endpoints` are what it listens on, `service` what pods dial. */
export const discoveredApiServerSchema = z.strictObject({
  endpoints: z.array(z.strictObject({ address: z.string(), port: z.int() })),
  service: z.strictObject({ addresses: z.array(z.string()), port: z.int() }).optional(),
});
export type DiscoveredApiServer = z.infer<typeof discoveredApiServerSchema>;
export const discoveredSchema = z.strictObject({ dns: discoveredDnsSchema.optional(), apiServer: discoveredApiServerSchema.optional() });
export type Discovered = z.infer<typeof discoveredSchema>;

export const baselinePolicyStatusSchema = z.strictObject({
  observedGeneration: z.int(),
  conditions: z.array(conditionSchema),
  namespaces: z.strictObject({ matched: z.int(), protected: z.int(), pending: z.int(), failed: z.int(), conflicted: z.int(), weakened: z.int() }),
  failed: z.array(z.strictObject({ namespace: z.string(), reason: z.string(), message: z.string() })),
  discovered: discoveredSchema,
});
export type BaselinePolicyStatus = z.infer<typeof baselinePolicyStatusSchema>;
