import { z } from 'zod';
import { about, filledList, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { DNS_LABEL, DNS_LABEL_HINT, isDnsLabel } from './dns-label.ts';
import { egressRuleSchema, ingressRuleSchema, labelSelectorSchema } from './network-policy.ts';
import { BUILT_IN_PARTS } from './parts.ts';
import { celList, withRules } from './schema-rule.ts';

const RESERVED_NAMES: ReadonlySet<string> = new Set(BUILT_IN_PARTS);

/** The name of a rule. */
export const ruleNameSchema = withRules(
  text(BOUNDS.labelLength),
  {
    cel: `self.matches('${DNS_LABEL.source}')`,
    holds: isDnsLabel,
    message: `is not a DNS label; write ${DNS_LABEL_HINT}, such as allow-database`,
  },
  {
    cel: `!(self in ${celList(BUILT_IN_PARTS)})`,
    holds: (name) => !RESERVED_NAMES.has(name),
    message: `is the name of a part that is built in (${BUILT_IN_PARTS.join(', ')}); write another name, or set the part itself under allow`,
  },
);

/** One further NetworkPolicy of a baseline. */
export const ruleSchema = withRules(
  z.strictObject({
    name: about(ruleNameSchema, 'The name of this rule, a DNS label. Its NetworkPolicy is called <policy>.<name>.'),
    podSelector: about(
      labelSelectorSchema.optional(),
      'The pods of the namespace to which this rule applies.',
      'every pod of the namespace',
    ),
    ingress: about(
      filledList(
        about(ingressRuleSchema, 'The sources that may connect, and the ports.'),
        BOUNDS.rulesPerDirection,
        'an empty list is refused; leave ingress out when this rule allows no ingress, as all that no rule allows is denied already',
      ).optional(),
      'The connections to these pods that are allowed. Only for policies that isolate Ingress.',
      'this rule allows no ingress',
    ),
    egress: about(
      filledList(
        about(egressRuleSchema, 'The destinations to which pods may connect, and the ports.'),
        BOUNDS.rulesPerDirection,
        'an empty list is refused; leave egress out when this rule allows no egress, as all that no rule allows is denied already',
      ).optional(),
      'The connections from these pods that are allowed. Only for policies that isolate Egress.',
      'this rule allows no egress',
    ),
  }),
  {
    cel: 'has(self.ingress) || has(self.egress)',
    holds: ({ ingress, egress }) => ingress !== undefined || egress !== undefined,
    message: 'allows nothing; write ingress, egress or both, or take the rule out',
  },
);
/** {@link ruleSchema} */
export type Rule = z.infer<typeof ruleSchema>;
