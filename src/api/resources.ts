import { z } from 'zod';
import { baselinePolicySpecSchema, baselinePolicyStatusSchema } from './baseline-policy.ts';
import { about, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { DNS_LABEL, DNS_LABEL_HINT, isDnsLabel } from './dns-label.ts';
import { API_VERSION, NAMESPACE_BASELINE_NAME } from './names.ts';
import { namespaceBaselineStatusSchema } from './namespace-baseline.ts';
import { withRules } from './schema-rule.ts';

const apiVersionSchema = about(z.string().optional(), `The version of this resource, ${API_VERSION}.`);
const metadataSchema = z.looseObject({ name: text(BOUNDS.labelLength) });

/** A new policy has a status by default, so that kstatus and `kubectl wait` see that the operator has not observed it yet. */
const storedStatusSchema = about(
  baselinePolicyStatusSchema.partial({ conditions: true, namespaces: true, failed: true, discovered: true }).optional(),
  'The state that the operator observed. Only the operator writes it.',
).meta({ default: { observedGeneration: -1 } });

/** A complete BaselinePolicy, as the API server accepts it. */
export const baselinePolicySchema = about(
  withRules(
    z.strictObject({
      apiVersion: apiVersionSchema,
      kind: about(z.string().optional(), 'Always BaselinePolicy.'),
      metadata: metadataSchema,
      spec: about(
        baselinePolicySpecSchema.optional(),
        'The baseline of the selected namespaces. Required; {} means all the defaults.',
      ),
      status: storedStatusSchema,
    }),
    {
      cel: `self.metadata.name.matches('${DNS_LABEL.source}')`,
      holds: ({ metadata }) => isDnsLabel(metadata.name),
      message: `the name of a BaselinePolicy begins the names of its NetworkPolicies and is the value of a label; write ${DNS_LABEL_HINT}, and no dots`,
      field: 'metadata.name',
    },
    {
      cel: 'has(self.spec)',
      holds: ({ spec }) => spec !== undefined,
      message: 'must be there; write "spec: {}" for all the defaults',
      field: 'spec',
      reason: 'FieldValueRequired',
    },
  ),
  'A BaselinePolicy declares the baseline of a class of namespaces: all traffic is denied except the traffic allowed here. The operator keeps it in place as NetworkPolicies in every namespace that it selects.',
);

/** A complete NamespaceBaseline, as the API server accepts it. */
export const namespaceBaselineSchema = about(
  withRules(
    z.strictObject({
      apiVersion: apiVersionSchema,
      kind: about(z.string().optional(), 'Always NamespaceBaseline.'),
      metadata: metadataSchema,
      status: about(namespaceBaselineStatusSchema, 'What is in place in this namespace.'),
    }),
    {
      cel: `self.metadata.name == '${NAMESPACE_BASELINE_NAME}'`,
      holds: ({ metadata }) => metadata.name === NAMESPACE_BASELINE_NAME,
      message: `a namespace has one NamespaceBaseline, and its name is ${NAMESPACE_BASELINE_NAME}; the operator writes it`,
      field: 'metadata.name',
    },
  ),
  'A NamespaceBaseline, always named baseline, reports what is in place in its namespace. Only the operator writes it.',
);
