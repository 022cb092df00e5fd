import { quotable } from '../../api/plain-value.ts';
import { fieldOf, fieldsOf, itemsOf } from '../../base/json.ts';
import { keptText } from '../../base/text.ts';

const LONGEST_TEXT = 200;
/** More labels, expressions, or values of one than this never fit into the line. */
const MOST_SHOWN = 64;

/**
 * The pods that an untrusted label selector selects, for people, in kubectl's spelling and at most a line long:
 * `all pods`, or such as `pods app=web,tier notin (a,b),!canary`.
 */
export function describeSelector(selector: unknown): string {
  const text = [...requirementsOf(selector)].sort().join(',');
  if (text === '') {
    return 'all pods';
  }
  return `pods ${text.length > LONGEST_TEXT ? `${keptText(text, LONGEST_TEXT)}…` : text}`;
}

/** Whether an untrusted label selector asks for anything; one that does not selects everything. */
export function hasRequirements(selector: unknown): boolean {
  return (
    Object.keys(fieldsOf(fieldOf(selector, 'matchLabels'))).length > 0 ||
    itemsOf(fieldOf(selector, 'matchExpressions')).length > 0
  );
}

/** The first requirements of an untrusted label selector, each as a text. */
function requirementsOf(selector: unknown): readonly string[] {
  const labels = fieldsOf(fieldOf(selector, 'matchLabels'));
  const equal = Object.keys(labels)
    .slice(0, MOST_SHOWN)
    .map((key) => `${quotable(key)}=${shown(labels[key])}`);
  return [...equal, ...itemsOf(fieldOf(selector, 'matchExpressions')).slice(0, MOST_SHOWN).map(expressionText)];
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
  return `${key} ${operator.toLowerCase()} (${itemsOf(fieldOf(expression, 'values')).slice(0, MOST_SHOWN).map(shown).join(',')})`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quotable(value) : '?';
}
