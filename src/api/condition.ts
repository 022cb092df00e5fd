import { z } from 'zod';
import { about, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';

/** A metav1.Condition. */
export const conditionSchema = z.strictObject({
  type: about(text(BOUNDS.nameLength), 'What the condition is about, such as Ready.'),
  status: about(z.enum(['True', 'False', 'Unknown']), 'Whether it holds.'),
  observedGeneration: about(z.int().optional(), 'The metadata.generation that this condition is about.'),
  lastTransitionTime: about(text(BOUNDS.labelLength).meta({ format: 'date-time' }), 'When status last changed.'),
  reason: about(text(BOUNDS.nameLength), 'Why, in one word for programs. docs/conditions.md lists them all.'),
  message: about(text(BOUNDS.conditionMessageLength), 'Why, in a sentence for people.'),
});
/** {@link conditionSchema} */
export type Condition = z.infer<typeof conditionSchema>;
