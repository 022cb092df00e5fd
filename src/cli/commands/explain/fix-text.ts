import { printable } from '../../views/printable.ts';
import { yamlText } from '../../views/structured-output.ts';
import type { Explanation } from './explanation-schema.ts';
import { explanationText } from './explanation-text.ts';
import type { Fix } from './fix.ts';

/** A fix as YAML to apply, with the explanation before it as comments. */
export function fixText(explanation: Explanation, fix: Fix | undefined): string {
  const result = fix === undefined ? 'Nothing is denied, so there is nothing to fix.' : resultText(fix);
  const comments = [
    ...explanationText(explanation, { isColoured: false }).trimEnd().split('\n'),
    '',
    ...(fix?.notes ?? []).map((note) => `note: ${printable(note)}`),
    result,
  ];
  const documents = (fix?.objects ?? []).map((object) => `---\n${yamlText(object)}`);
  return `${comments.map((line) => `# ${line}`.trimEnd()).join('\n')}\n${documents.join('')}`;
}

function resultText({ objects, verdict }: Fix): string {
  if (objects.length === 0) {
    return 'No rule of a NetworkPolicy would allow it.';
  }
  return verdict === 'allowed'
    ? 'With this applied, the connection is allowed:'
    : `With this applied, the connection is still ${verdict}:`;
}
