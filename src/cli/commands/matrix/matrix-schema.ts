import { z } from 'zod';
import { readingSchema } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';

const verdictSchema = z
  .enum(['allowed', 'denied', 'undefined', 'mixed'])
  .describe('undefined: left to the network plugin, or not known. mixed, never by pod: the pods of the two differ.');

/** One cell of a {@link matrixSchema}. */
export const matrixCellSchema = z.strictObject({
  from: z.string().describe('namespace/name of the pod or workload, or the namespace.'),
  to: z.string(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']),
  port: z.int().describe('The port of the destination pod.'),
  egress: verdictSchema.describe('What the policies of the source decide.'),
  ingress: verdictSchema.describe('What the policies of the destination decide.'),
  verdict: verdictSchema.describe('Both together.'),
});
/** {@link matrixCellSchema} */
export type MatrixRow = z.infer<typeof matrixCellSchema>;

/** What `matrix -o json` prints. */
export const matrixSchema = z.strictObject({
  apiVersion: z.literal(OUTPUT_API_VERSION),
  kind: z.literal('Matrix'),
  by: z.enum(['pod', 'workload', 'namespace']),
  cells: z.array(matrixCellSchema).describe('By source, then destination, then port.'),
  reading: readingSchema,
});
