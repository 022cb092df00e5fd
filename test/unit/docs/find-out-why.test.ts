import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GUIDE_PAGES } from '../../runbooks/pages.ts';
import { outcomeOf } from '../cli/command-line.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/find-out-why.md'), 'utf8');
const sessions = [...page.matchAll(/^```console scene=find-out-why\n\$ nsbaseline (.+)\n([^]*?)^```$/gm)].map(
  ([, words = '', printed = '']) => ({ words, printed }),
);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guide-'));
  const guide = GUIDE_PAGES.find(({ name }) => name === 'find-out-why');
  for (const [name, text] of guide?.files ?? []) {
    await writeFile(join(folder, name), text);
  }
});

afterAll(() => rm(folder, { recursive: true }));

test('the guide has sessions to try', () => {
  expect(sessions.length).toBeGreaterThanOrEqual(7);
});

test.each(sessions)('the guide shows what nsbaseline $words prints', async ({ words, printed }) => {
  const given = words.split(' ').map((word) => (/^\w+\.yaml$/.test(word) ? join(folder, word) : word));
  const outcome = await outcomeOf(given);
  expect([0, 5]).toContain(outcome.code);
  expect(`${outcome.complaint}${outcome.printed}`.replaceAll(`${folder}/`, '')).toBe(printed);
});
