import { failure, type Result, success } from '../../../src/base/result.ts';
import { type ApiFailure, badRequest } from './api-status.ts';

/** Whether an object with these labels, name and namespace is meant. */
export type Selector = (object: Selectable) => boolean;

/** What selectors can look at. */
export interface Selectable {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

type Predicate = (value: string | undefined) => boolean;

const SET_TERM = /^(?<key>[^\s!=,()]+)\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$/;
const EQUALITY_TERM = /^(?<key>[^\s!=,()]+)\s*(?<operator>!=|==|=)\s*(?<value>[^\s!=,()]*)$/;
const EXISTENCE_TERM = /^(?<not>!?)\s*(?<key>[^\s!=,()]+)$/;

/** Both selectors of a request as one; `badRequest` for what does not parse (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors). */
export function selectorFor(labelSelector: string, fieldSelector: string): Result<Selector | undefined, ApiFailure> {
  const byLabels = labelPredicates(labelSelector);
  if (!byLabels.ok) {
    return byLabels;
  }
  const byFields = fieldPredicates(fieldSelector);
  if (!byFields.ok) {
    return byFields;
  }
  const predicates = [...byLabels.value, ...byFields.value];
  return success(predicates.length === 0 ? undefined : (object) => predicates.every((matches) => matches(object)));
}

function labelPredicates(text: string): Result<Selector[], ApiFailure> {
  const predicates: Selector[] = [];
  for (const term of termsOf(text)) {
    const parsed = labelTerm(term);
    if (parsed === undefined) {
      return failure(badRequest(`unable to parse requirement: ${JSON.stringify(term)}`));
    }
    const { key, matches } = parsed;
    predicates.push(({ labels }) =>
      matches(labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined),
    );
  }
  return success(predicates);
}

/** Splits at the commas that are not inside the brackets of a set. */
function termsOf(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

interface LabelTerm {
  readonly key: string;
  readonly matches: Predicate;
}

function labelTerm(term: string): LabelTerm | undefined {
  return setTerm(term) ?? equalityTerm(term) ?? existenceTerm(term);
}

function setTerm(term: string): LabelTerm | undefined {
  const groups = SET_TERM.exec(term)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { key = '', operator, values = '' } = groups;
  const wanted = new Set(values.split(',').map((value) => value.trim()));
  return { key, matches: (value) => (value !== undefined && wanted.has(value)) === (operator === 'in') };
}

function equalityTerm(term: string): LabelTerm | undefined {
  const groups = EQUALITY_TERM.exec(term)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { key = '', operator, value: wanted } = groups;
  return { key, matches: (value) => (value === wanted) === (operator !== '!=') };
}

function existenceTerm(term: string): LabelTerm | undefined {
  const groups = EXISTENCE_TERM.exec(term)?.groups;
  return groups === undefined
    ? undefined
    : { key: groups.key ?? '', matches: (value) => (value !== undefined) === (groups.not === '') };
}

function fieldPredicates(text: string): Result<Selector[], ApiFailure> {
  const predicates: Selector[] = [];
  for (const term of termsOf(text)) {
    const groups = EQUALITY_TERM.exec(term)?.groups;
    if (groups === undefined) {
      return failure(badRequest(`invalid selector: '${term}'; can't understand '${term}'`));
    }
    const { key = '', operator, value } = groups;
    if (key !== 'metadata.name' && key !== 'metadata.namespace') {
      return failure(badRequest(`"${key}" is not a known field selector: only "metadata.name", "metadata.namespace"`));
    }
    const isEqual = operator !== '!=';
    predicates.push((object) => ((key === 'metadata.name' ? object.name : object.namespace) === value) === isEqual);
  }
  return success(predicates);
}
