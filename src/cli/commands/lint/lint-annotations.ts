import { printable } from '../../views/printable.ts';
import type { LintRow } from './lint-schema.ts';
import { objectText } from './lint-text.ts';

const GITHUB_COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;
const CHECKSTYLE_SEVERITIES = { error: 'error', warning: 'warning', note: 'info' } as const;

/**
 * Annotations of a GitHub workflow
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message).
 */
export function githubText(rows: readonly LintRow[]): string {
  return rows
    .map((row) => {
      const properties = [
        ...(row.file === undefined ? [] : [`file=${githubProperty(row.file)}`, `line=${row.line ?? 1}`]),
        `title=${githubProperty(row.code)}`,
      ];
      return `::${GITHUB_COMMANDS[row.severity]} ${properties.join(',')}::${githubData(sentence(row))}\n`;
    })
    .join('');
}

/** The XML of Checkstyle, which most CI systems read: files, and within each the findings. */
export function checkstyleText(rows: readonly LintRow[]): string {
  const files = Map.groupBy(rows, ({ file, object }) => file ?? (object === undefined ? '' : objectText(object)));
  const elements = [...files].map(([name, ofFile]) => {
    const errors = ofFile.map(
      (row) =>
        `    <error line="${row.line ?? 1}" severity="${CHECKSTYLE_SEVERITIES[row.severity]}" message="${xml(sentence(row))}" source="nsbaseline.${row.code}"/>\n`,
    );
    return `  <file name="${xml(name)}">\n${errors.join('')}  </file>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n${elements.join('')}</checkstyle>\n`;
}

function sentence({ object, path, message, fix }: LintRow): string {
  const name = object === undefined ? '' : `${objectText(object)}${path === '' ? '' : ` ${path}`}: `;
  return printable(`${name}${message}. Fix: ${fix}.`);
}

function githubData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function githubProperty(text: string): string {
  return githubData(printable(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function xml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
