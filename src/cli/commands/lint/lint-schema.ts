import { z } from 'zod';
import { SEVERITIES } from '../../../lint/finding.ts';
import { LINT_CODES } from '../../../lint/lint-rules.ts';
import { readingSchema } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';

/** The code of a comment that was meant to turn findings off and does not. */
export const SUPPRESSION_CODE = 'suppression';

/** One finding of a {@link lintSchema}. */
const lintFindingSchema = z.strictObject({
  code: z.enum([...LINT_CODES, SUPPRESSION_CODE]).describe('What was found; a code never changes its meaning.'),
  severity: z.enum(SEVERITIES),
  object: z
    .strictObject({ kind: z.string(), namespace: z.string().optional(), name: z.string() })
    .optional()
    .describe('Absent for what is about a file alone.'),
  path: z.string().describe('The field, such as spec.egress[0].to[1]; empty for the whole object.'),
  message: z.string(),
  fix: z.string().describe('What to write instead.'),
  file: z.string().optional().describe('Absent for what was read from a cluster.'),
  line: z.int().optional().describe('From 1.'),
});
/** {@link lintFindingSchema} */
export type LintRow = z.infer<typeof lintFindingSchema>;

/** What `lint -o json` prints. */
export const lintSchema = z.strictObject({
  apiVersion: z.literal(OUTPUT_API_VERSION),
  kind: z.literal('LintReport'),
  findings: z.array(lintFindingSchema).describe('By file and line; those of a cluster last.'),
  suppressed: z.int().describe('How many findings comments turned off.'),
  reading: readingSchema,
});
