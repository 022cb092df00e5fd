import { z } from 'zod';

/** Whether the operator enforces a policy, only plans it, or leaves it alone (R7, modes). */
export const modeSchema = z.enum(['Enforce', 'DryRun', 'Paused']);
/** {@link modeSchema} */
export type Mode = z.infer<typeof modeSchema>;
