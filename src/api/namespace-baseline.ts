import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { modeSchema } from './baseline-policy.ts';

/** Worst first. */
export const PHASES = ['Failed', 'Conflict', 'Pending', 'Protected', 'DryRun', 'Paused'] as const;
export const phaseSchema = z.enum(PHASES);
export type Phase = z.infer<typeof phaseSchema>;

export const policyEntrySchema = z.strictObject({
  policy: z.string(),
  generation: z.int(),
  mode: modeSchema,
  phase: phaseSchema,
  reason: z.string().optional(),
  message: z.string().optional(),
  inPlace: z.boolean(),
  managed: z.array(z.strictObject({ name: z.string(), uid: z.string() })),
  plan: z.strictObject({ apply: z.array(z.string()), remove: z.array(z.string()) }).optional(),
});
export type PolicyEntry = z.infer<typeof policyEntrySchema>;

export const namespaceBaselineStatusSchema = z.strictObject({
  phase: phaseSchema,
  policies: z.array(policyEntrySchema),
  conflicts: z.array(z.strictObject({ name: z.string(), reason: z.string() })).optional(),
  weakenedBy: z.array(z.strictObject({ name: z.string(), why: z.string() })).optional(),
  conditions: z.array(conditionSchema),
});
export type NamespaceBaselineStatus = z.infer<typeof namespaceBaselineStatusSchema>;
