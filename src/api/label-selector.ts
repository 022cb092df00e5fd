import { z } from 'zod';
import { about, list, text, textMap } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { quotable } from './plain-value.ts';
import { celText, withRules } from './schema-rule.ts';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const LABEL_KEY_HINT =
  'a label key is an optional DNS prefix and a slash, then up to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends, such as app.kubernetes.io/name';
const LABEL_VALUE_HINT =
  'is not a label value; write up to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends';

const isLabelKey = (key: string): boolean => key.length <= BOUNDS.labelKeyLength && LABEL_KEY.test(key);

/** The value of a label in Kubernetes; text such as `no` or `1e3` must be quoted in YAML. */
export const labelValueSchema = text(BOUNDS.labelLength).regex(LABEL_VALUE, LABEL_VALUE_HINT);

// Without `nullable` the API server drops an entry whose value is null (`team:` in YAML) before any rule sees it, and the
// selector selects more than it says; a typed Kubernetes API would have read "".
const matchLabelsSchema = withRules(
  textMap(labelValueSchema.meta({ nullable: true }), BOUNDS.matchLabels),
  {
    cel: 'self.size() > 0',
    holds: (labels) => Object.keys(labels).length > 0,
    message:
      'is empty and so would select everything; name a label and its value, or write the whole selector as {} to select everything',
  },
  {
    cel: 'self.all(key, dyn(self[key]) != null)',
    holds: () => true,
    message: 'has a key without a value; write the value in quotes, "" for an empty one, or take the key out',
  },
  {
    cel: `self.all(key, key.size() <= ${BOUNDS.labelKeyLength} && key.matches(${celText(LABEL_KEY.source.replaceAll('\\/', '/'))}))`,
    holds: (labels) => Object.keys(labels).every(isLabelKey),
    message: `has a key that is no label key; ${LABEL_KEY_HINT}`,
    suggestion: (labels) =>
      Object.keys(labels)
        .filter((key) => !isLabelKey(key))
        .map(quotable)
        .join(', '),
  },
);

const labelRequirementSchema = withRules(
  z.strictObject({
    key: about(
      text(BOUNDS.labelKeyLength).regex(LABEL_KEY, `is not a label key; ${LABEL_KEY_HINT}`),
      'The key of the label.',
    ),
    operator: about(
      z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      'How the label is compared: In and NotIn compare with values, Exists and DoesNotExist look at the key alone. NotIn and DoesNotExist also match if the label is absent.',
    ),
    values: about(
      list(about(labelValueSchema, 'A value of the label.'), BOUNDS.matchValues).optional(),
      'The values for In and NotIn, at least one. Leave it out for Exists and DoesNotExist.',
    ),
  }),
  {
    cel: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
    holds: ({ operator, values = [] }) => operator === 'Exists' || operator === 'DoesNotExist' || values.length > 0,
    message: 'In and NotIn need at least one value; to look at the key alone, write operator: Exists or DoesNotExist',
    field: 'values',
    reason: 'FieldValueRequired',
  },
  {
    cel: "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
    holds: ({ operator, values = [] }) => operator === 'In' || operator === 'NotIn' || values.length === 0,
    message: 'Exists and DoesNotExist take no values; leave values out, or write operator: In or NotIn',
    field: 'values',
  },
);

/** A metav1.LabelSelector; an empty one selects everything. */
export const labelSelectorSchema = withRules(
  z.strictObject({
    matchLabels: about(
      matchLabelsSchema.optional(),
      'Labels that must all be present with exactly these values. Quote values that YAML would not read as text, such as "true" or "no".',
      'no label is required',
    ),
    matchExpressions: about(
      list(about(labelRequirementSchema, 'A requirement on one label.'), BOUNDS.matchExpressions).optional(),
      'Requirements that must all hold, in addition to matchLabels.',
      'no further requirement',
    ),
  }),
  {
    cel: '!has(self.matchExpressions) || self.matchExpressions.size() > 0 || has(self.matchLabels)',
    holds: ({ matchLabels, matchExpressions }) =>
      matchExpressions === undefined || matchExpressions.length > 0 || matchLabels !== undefined,
    message:
      'is empty and so would select everything; name a requirement, or write the whole selector as {} to select everything',
    field: 'matchExpressions',
  },
).meta({ 'x-kubernetes-map-type': 'atomic' });
/** {@link labelSelectorSchema} */
export type LabelSelector = z.infer<typeof labelSelectorSchema>;
