import { type Complain, fieldOf, isJson, itemsOf, quotable } from './untrusted.ts';

/** The labels of an object. */
export type Labels = ReadonlyMap<string, string>;

/** One requirement of a label selector; `matchLabels` become `In` with one value. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Sorted; empty for `Exists` and `DoesNotExist`. */
  readonly values: readonly string[];
}

/**
 * A label selector: all requirements must be met, so one without requirements selects everything
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors).
 */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** In kubectl's spelling and sorted: equal selectors have equal texts. Empty when it selects everything. */
  readonly text: string;
}

/** The selector that selects everything. */
export const EVERYTHING: Selector = { requirements: [], text: '' };

/** Whether the labels meet the requirement. A key that is absent meets `NotIn` and `DoesNotExist`. */
export function isMet(requirement: Requirement, labels: Labels): boolean {
  const value = labels.get(requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether the selector selects an object with these labels. */
export function selects(selector: Selector, labels: Labels): boolean {
  for (const requirement of selector.requirements) {
    if (!isMet(requirement, labels)) {
      return false;
    }
  }
  return true;
}

/** A requirement in kubectl's spelling, such as `app=web`, `tier notin (a,b)` or `!canary`. */
export function requirementText({ key, operator, values }: Requirement): string {
  if (operator === 'Exists') {
    return key;
  }
  if (operator === 'DoesNotExist') {
    return `!${key}`;
  }
  const only = values[0];
  if (values.length === 1 && only !== undefined) {
    return `${key}${operator === 'In' ? '=' : '!='}${only}`;
  }
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
}

/** A selector of these requirements. */
export function selectorOf(requirements: readonly Requirement[]): Selector {
  if (requirements.length === 0) {
    return EVERYTHING;
  }
  return { requirements, text: [...new Set(requirements.map(requirementText))].sort().join(',') };
}

const KEY = /^(?:([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  return KEY.test(key) && key.length - slash - 1 <= 63 && slash <= 253;
}

function isLabelValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 63 && VALUE.test(value);
}

/**
 * Reads an untrusted label selector. An absent one and `{}` select everything. What the API server refuses is complained
 * of with its path.
 */
export function readSelector(value: unknown, path: string, complain: Complain): Selector {
  if (value === undefined) {
    return EVERYTHING;
  }
  if (!isJson(value)) {
    complain(path, `must be a label selector, not ${quotable(value)}`);
    return EVERYTHING;
  }
  return selectorOf([
    ...readMatchLabels(fieldOf(value, 'matchLabels'), `${path}.matchLabels`, complain),
    ...readExpressions(fieldOf(value, 'matchExpressions'), `${path}.matchExpressions`, complain),
  ]);
}

/** Reads a map of labels as requirements, as a Service has them in `spec.selector`. */
export function readMatchLabels(value: unknown, path: string, complain: Complain): readonly Requirement[] {
  if (value === undefined) {
    return [];
  }
  if (!isJson(value)) {
    complain(path, `must be a map of labels, not ${quotable(value)}`);
    return [];
  }
  return Object.keys(value).map((key) => {
    const wanted = value[key] ?? '';
    checkKey(key, path, complain);
    if (!isLabelValue(wanted)) {
      complain(
        `${path}[${quotable(key)}]`,
        `must be a label value, in quotes in YAML, not ${quotable(wanted)}`,
        'unquotedLabel',
      );
    }
    return { key, operator: 'In', values: [typeof wanted === 'string' ? wanted : ''] };
  });
}

function readExpressions(value: unknown, path: string, complain: Complain): readonly Requirement[] {
  if (value !== undefined && !Array.isArray(value)) {
    complain(path, `must be a list, not ${quotable(value)}`);
  }
  return itemsOf(value).flatMap((item, index) => {
    const requirement = readExpression(item, `${path}[${index}]`, complain);
    return requirement === undefined ? [] : [requirement];
  });
}

function readExpression(item: unknown, path: string, complain: Complain): Requirement | undefined {
  const key = fieldOf(item, 'key');
  const written = fieldOf(item, 'operator');
  const operator = OPERATORS.find((known) => known === written);
  if (typeof key !== 'string') {
    complain(`${path}.key`, 'must be a label key');
    return undefined;
  }
  checkKey(key, `${path}.key`, complain);
  if (operator === undefined) {
    complain(`${path}.operator`, `must be In, NotIn, Exists or DoesNotExist, not ${quotable(written)}`);
    return undefined;
  }
  const values = itemsOf(fieldOf(item, 'values'));
  const needsValues = operator === 'In' || operator === 'NotIn';
  if (needsValues !== values.length > 0) {
    complain(`${path}.values`, needsValues ? `must not be empty for ${operator}` : `must be empty for ${operator}`);
  }
  if (!values.every(isLabelValue)) {
    complain(`${path}.values`, 'must be label values, in quotes in YAML', 'unquotedLabel');
  }
  return { key, operator, values: [...new Set(values.filter(isLabelValue))].sort() };
}

function checkKey(key: string, path: string, complain: Complain): void {
  if (!isLabelKey(key)) {
    complain(path, `${quotable(key)} is no label key`);
  }
}

/** Reads the labels of an object; what is no text is left out, as the API server would refuse the object. */
export function readLabels(value: unknown): Map<string, string> {
  const labels = new Map<string, string>();
  if (isJson(value)) {
    for (const key of Object.keys(value)) {
      const label = value[key];
      if (typeof label === 'string') {
        labels.set(key, label);
      }
    }
  }
  return labels;
}
