import { quotable } from '../../api/plain-value.ts';
import { fieldOf, isJsonObject, itemsOf } from '../../base/json.ts';

const LONGEST_TEXT = 200;

/**
 * The pods that an untrusted label selector selects, for people, in kubectl's spelling and at most a line long:
 * `all pods`, or such as `pods app=web,tier notin (a,b),!canary`.
 */
export function describeSelector(selector: unknown): string {
  const text = [...requirementsOf(selector)].sort().join(',');
  if (text === '') {
    return 'all pods';
  }
  return `pods ${text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text}`;
}

/** The requirements of an untrusted label selector, each as a text; none means that it selects everything. */
export function requirementsOf(selector: unknown): readonly string[] {
  const labels = fieldOf(selector, 'matchLabels');
  const equal = isJsonObject(labels) ? Object.keys(labels).map((key) => `${quotable(key)}=${shown(labels[key])}`) : [];
  return [...equal, ...itemsOf(fieldOf(selector, 'matchExpressions')).map(expressionText)];
}

function expressionText(expression: unknown): string {
  const key = shown(fieldOf(expression, 'key'));
  const operator = shown(fieldOf(expression, 'operator'));
  if (operator === 'Exists') {
    return key;
  }
  if (operator === 'DoesNotExist') {
    return `!${key}`;
  }
  return `${key} ${operator.toLowerCase()} (${itemsOf(fieldOf(expression, 'values')).map(shown).join(',')})`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quotable(value) : '?';
}
