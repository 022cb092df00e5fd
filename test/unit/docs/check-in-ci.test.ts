import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LINT_CODES, LINT_RULES } from '../../../src/lint/lint-rules.ts';
import { runOn } from '../cli/commands/shop.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/check-in-ci.md'), 'utf8');

test('the page about CI shows what lint prints about its file', async () => {
  const [, manifest = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const [, command = '', output = ''] = /```text\n\$ nsbaseline (.*)\n([\s\S]*?)```/.exec(page) ?? [];
  const words = command.split(' ').filter((word, at, all) => word !== '-f' && all[at - 1] !== '-f');
  const { printed } = await runOn(manifest, ...words);
  expect(printed.replaceAll('shop.yaml', 'web.yaml')).toBe(output);
});

test('the page about CI lists every code of lint with its severity and what it finds', () => {
  for (const code of LINT_CODES) {
    const { severity, title } = LINT_RULES[code];
    expect(page).toContain(`| \`${code}\` | ${severity} | ${title} |`);
  }
});
