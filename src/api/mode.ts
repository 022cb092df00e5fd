import { z } from 'zod';

/** What the operator does with the namespaces that a policy selects (R7). */
export const modeSchema = z.enum(['Enforce', 'DryRun', 'Paused']);
/** {@link modeSchema} */
export type Mode = z.infer<typeof modeSchema>;
