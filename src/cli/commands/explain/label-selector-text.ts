import type { Requirement, Selector } from '../../../policy/index.ts';

const ITEM = /\s*(?:(!)\s*)?([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|(in|notin)\s*\(([^)]*)\))?\s*(?:,|$)/y;

/** A selector in kubectl's spelling, such as `app=web,tier in (a,b),!canary`; undefined when it is none. */
export function parsedSelector(text: string): Selector | undefined {
  const requirements: Requirement[] = [];
  ITEM.lastIndex = 0;
  while (ITEM.lastIndex < text.length) {
    const match = ITEM.exec(text);
    if (match === null) {
      return undefined;
    }
    const [, not, key = '', sign, value, word, values = ''] = match;
    requirements.push(
      requirementOf({ key, not, sign, value, word, values: values.split(',').map((one) => one.trim()) }),
    );
  }
  return requirements.length === 0 ? undefined : { requirements, text };
}

function requirementOf(item: {
  readonly key: string;
  readonly not: string | undefined;
  readonly sign: string | undefined;
  readonly value: string | undefined;
  readonly word: string | undefined;
  readonly values: readonly string[];
}): Requirement {
  if (item.sign !== undefined) {
    return { key: item.key, operator: item.sign === '!=' ? 'NotIn' : 'In', values: [item.value ?? ''] };
  }
  if (item.word !== undefined) {
    return { key: item.key, operator: item.word === 'in' ? 'In' : 'NotIn', values: item.values };
  }
  return { key: item.key, operator: item.not === undefined ? 'Exists' : 'DoesNotExist', values: [] };
}
