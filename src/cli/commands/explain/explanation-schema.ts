import { z } from 'zod';
import { readingSchema } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';

const verdictSchema = z
  .enum(['allowed', 'denied', 'undefined'])
  .describe('undefined: the API leaves it to the network plugin, or the objects do not tell; reason says which.');

const reasonSchema = z.strictObject({
  code: z.string().describe('Stable, such as hostNetwork, podsDiffer or incomplete.'),
  message: z.string(),
});

const policyNameSchema = z.strictObject({
  kind: z.enum(['NetworkPolicy', 'ClusterNetworkPolicy']),
  namespace: z.string().optional(),
  name: z.string(),
  tier: z.enum(['Admin', 'Baseline']).optional(),
  priority: z.int().optional(),
});

const lackSchema = z
  .strictObject({
    kind: z.enum([
      'rule',
      'port',
      'protocol',
      'portName',
      'namespaceLabels',
      'podLabels',
      'namespace',
      'pod',
      'address',
    ]),
    wanted: z.union([z.string(), z.array(z.string())]).optional(),
    namespace: z.string().optional(),
    is: z.int().optional(),
  })
  .describe('What keeps a rule from matching: a label, a port, an address, or that there is no rule at all.');

const placeSchema = {
  rule: z.int().describe('Position of the rule, from 0.'),
  ruleName: z.string().optional(),
  peer: z.int().optional().describe('Position in from or to, from 0; absent where the rule has none.'),
  port: z.int().optional().describe('Position in ports, from 0; absent where the rule has none.'),
};

const policyExplanationSchema = z.strictObject({
  policy: policyNameSchema,
  baselinePolicy: z.string().optional().describe('The BaselinePolicy that owns the NetworkPolicy.'),
  source: z.string().optional().describe('file:line of the policy, where it was read from a file.'),
  matches: z.enum(['yes', 'perhaps', 'no']),
  match: z.strictObject({ ...placeSchema, action: z.enum(['Accept', 'Deny', 'Pass']) }).optional(),
  nearestMiss: z
    .strictObject({ ...placeSchema, rule: placeSchema.rule.optional(), lacks: z.array(lackSchema) })
    .optional()
    .describe('The rule that comes closest to matching, and what the connection lacks for it.'),
});

const endSchema = z.strictObject({
  end: z.string().describe('namespace/name of the pod, or addresses.'),
  outcome: verdictSchema,
  decidedBy: z
    .enum(['Admin', 'NetworkPolicy', 'Baseline', 'default', 'notSelectable', 'self'])
    .describe('default: no policy selects the pod. notSelectable: the end is no pod.'),
  policies: z.array(policyExplanationSchema).describe('Every policy that selects the pod for the direction.'),
});

/** One port of an {@link explanationSchema}. */
export const explainedPortSchema = z.strictObject({
  protocol: z.string(),
  port: z.union([z.int(), z.string()]).optional(),
  verdict: verdictSchema,
  reason: reasonSchema.optional(),
  pairs: z
    .strictObject({ allowed: z.int(), denied: z.int(), undefined: z.int() })
    .describe('How many pairs of pods have each verdict.'),
  from: z.string().optional().describe('The pair that is explained: the first that is denied, else undefined.'),
  to: z.string().optional(),
  toPort: z.int().optional().describe('The port of the pod that the connection arrives at.'),
  egress: endSchema.optional(),
  ingress: endSchema.optional(),
  warnings: z.array(z.strictObject({ code: z.string(), message: z.string(), policy: policyNameSchema.optional() })),
});
/** {@link explainedPortSchema} */
export type ExplainedPort = z.infer<typeof explainedPortSchema>;
/** One end of an {@link ExplainedPort}. */
export type ExplainedEnd = z.infer<typeof endSchema>;
/** One policy of an {@link ExplainedEnd}. */
export type ExplainedPolicy = z.infer<typeof policyExplanationSchema>;

const askedEndSchema = z.strictObject({ asked: z.string(), title: z.string() });

/** What `explain FROM TO -o json` prints. */
export const explanationSchema = z.strictObject({
  apiVersion: z.literal(OUTPUT_API_VERSION),
  kind: z.literal('Explanation'),
  from: askedEndSchema,
  to: askedEndSchema,
  verdict: z.enum(['allowed', 'denied', 'undefined', 'mixed']).describe('mixed: the ports have different verdicts.'),
  ports: z.array(explainedPortSchema),
  fix: z
    .strictObject({
      objects: z.array(z.unknown()).describe('What to apply, as YAML or JSON.'),
      verdict: verdictSchema.describe('The verdict once it is applied.'),
      notes: z.array(z.string()),
    })
    .optional()
    .describe('With --fix, or where a port is denied.'),
  reading: readingSchema,
});
/** {@link explanationSchema} */
export type Explanation = z.infer<typeof explanationSchema>;

/** What `explain --who-can-reach TO -o json` and `--what-can FROM -o json` print. */
export const reachListSchema = z.strictObject({
  apiVersion: z.literal(OUTPUT_API_VERSION),
  kind: z.literal('ReachList'),
  direction: z.enum(['whoCanReach', 'whatCan']),
  of: askedEndSchema,
  items: z.array(
    z.strictObject({
      workload: z.string().describe('namespace/name, or internet.'),
      kind: z.string().describe('Such as Deployment or Pod; empty for internet.'),
      pods: z.int(),
      allowed: z.array(z.string()).describe('Ports such as 8080/tcp.'),
      denied: z.array(z.string()),
      undefined: z.array(z.string()).describe('Ports whose verdict is undefined, or differs between the pods.'),
    }),
  ),
  reading: readingSchema,
});
/** {@link reachListSchema} */
export type ReachList = z.infer<typeof reachListSchema>;
