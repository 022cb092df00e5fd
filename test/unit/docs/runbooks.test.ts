import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONDITIONS } from '../../../src/api/names.ts';
import { PHASES } from '../../../src/api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../../src/api/reasons.ts';
import { ALERTS } from '../../../src/generate/alerts.ts';
import { CONDITION_RUNBOOKS, PHASE_RUNBOOKS, REASON_RUNBOOKS } from '../../../src/generate/runbooks.ts';
import { GUIDE_SITUATIONS } from '../../runbooks/guide-situations.ts';
import { GUIDE_PAGES, OVERVIEWS, RUNBOOK_PAGES, type RunbookPage } from '../../runbooks/pages.ts';
import { SITUATIONS } from '../../runbooks/situations.ts';

const SECTIONS = ['What it means', 'How to look', 'How to fix it', 'If nothing is done'];
const pages = RUNBOOK_PAGES.filter(({ name }) => !OVERVIEWS.includes(name));

function pageNamed(name: string): RunbookPage | undefined {
  return RUNBOOK_PAGES.find((page) => page.name === name);
}

describe('docs/runbooks', () => {
  test.each(pages)(
    '$name says what it means, how to look, how to fix it, and what happens if nothing is done',
    ({ sections, text }) => {
      expect(sections).toEqual(SECTIONS);
      for (const section of text.split(/^## .+$/m).slice(1)) {
        expect(section.trim()).not.toBe('');
      }
    },
  );

  test.each(pages)('$name has a command to look with', ({ text }) => {
    expect(/## How to look\n.*?```sh(?: scene=[\w-]+)?\n.*?```.*?## How to fix it/s.test(text)).toBe(true);
  });

  test.each(Object.entries(CONDITION_RUNBOOKS))('the page for condition %s is %s, which says so', (condition, page) => {
    expect(pageNamed(page)?.covers).toContain(condition);
  });

  test('every condition, and every phase that somebody may wonder about, has a page', () => {
    expect(Object.keys(CONDITION_RUNBOOKS).sort()).toEqual(Object.values(CONDITIONS).sort());
    expect(Object.keys(PHASE_RUNBOOKS).sort()).toEqual(PHASES.filter((phase) => phase !== 'Protected').sort());
  });

  test.each(Object.keys(REASONS) as Reason[])('reason %s is covered by its page', (reason) => {
    expect(pageNamed(REASON_RUNBOOKS[reason])?.covers).toContain(reason);
  });

  test.each(Object.entries(PHASE_RUNBOOKS))('phase %s is covered by %s', (phase, page) => {
    expect(pageNamed(page)?.covers).toContain(phase);
  });

  test.each(ALERTS)('alert $name is covered by $runbook', ({ name, runbook }) => {
    expect(pageNamed(runbook.replace(/^docs\/runbooks\/|\.md$/g, ''))?.covers).toContain(name);
  });

  test.each(pages)('what $name is for exists, and the index leads to it', ({ name, covers }) => {
    const known = new Set<string>([
      ...Object.keys(REASONS),
      ...Object.values(CONDITIONS),
      ...PHASES,
      ...ALERTS.map((alert) => alert.name),
    ]);
    expect(covers).not.toEqual([]);
    expect(covers.filter((word) => !known.has(word))).toEqual([]);
    expect(pageNamed('README')?.text).toContain(`](${name}.md)`);
  });

  test('what can be held is in the list of what is let go by hand', () => {
    const held = pageNamed('by-hand')?.text ?? '';
    for (const page of [
      'removal-held',
      'isolation-held',
      'leader',
      'kept',
      'orphans-present',
      'contested',
      'paused-and-dry-run',
    ]) {
      expect(held).toContain(`](${page}.md`);
    }
    expect(held).toContain('"finalizers":null');
  });

  test('every command is tried, but for those that need pods, Prometheus or a person', () => {
    const needsMore = /port-forward|kubectl (?:logs|top|edit|delete pod|rollout)|<the pod/;
    const untried = RUNBOOK_PAGES.flatMap(({ name, blocks }) =>
      blocks
        .filter((block) => block.scene === undefined && !needsMore.test(block.commands))
        .map(({ commands }) => `${name}: ${commands}`),
    );
    expect(untried).toEqual([]);
  });

  test('the scenes of the pages are those that are set in test/runbooks/situations.ts', () => {
    const named = new Set(RUNBOOK_PAGES.flatMap(({ blocks }) => blocks.flatMap(({ scene }) => scene ?? [])));
    expect([...named].sort()).toEqual(Object.keys(SITUATIONS).sort());
  });

  test('the scenes of the guides are those that are set in test/runbooks/guide-situations.ts', () => {
    const named = new Set(GUIDE_PAGES.flatMap(({ blocks }) => blocks.flatMap(({ scene }) => scene ?? [])));
    expect([...named].filter((scene) => GUIDE_SITUATIONS[scene] === undefined)).toEqual([]);
    const own = Object.keys(GUIDE_SITUATIONS).filter((scene) => SITUATIONS[scene] === undefined);
    expect(own.filter((scene) => !named.has(scene))).toEqual([]);
  });

  test('every command of a guide is tried, but for those that need nodes, an image, Helm or a cluster of their own', () => {
    const needsMore =
      /docker|helm|make |rollout status|kubectl run|nsbaseline prune -A --dry-run|RemovalHeld|removal":/;
    const untried = GUIDE_PAGES.flatMap(({ name, blocks }) =>
      blocks
        .filter((block) => block.scene === undefined && !needsMore.test(block.commands))
        .map(({ commands }) => `${name}: ${commands}`),
    );
    expect(untried).toEqual([]);
  });

  test('anchors on other pages exist', () => {
    const broken = RUNBOOK_PAGES.flatMap(({ name, text }) =>
      [...text.matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)].flatMap(([, path = '', anchor = '']) => {
        const target = readFileSync(
          join(import.meta.dirname, '../../../docs/runbooks', path === '' ? `${name}.md` : path),
          'utf8',
        );
        return anchorsIn(target).includes(anchor) ? [] : [`${name}: ${path}#${anchor}`];
      }),
    );
    expect(broken).toEqual([]);
  });
});

/** As GitHub makes them of headings: lower case, without punctuation, spaces as dashes. */
function anchorsIn(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
