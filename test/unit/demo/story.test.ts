import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validateBaselinePolicy } from '../../../src/api/validation.ts';
import { CHECKOUT, MANIFESTS, objectsIn } from '../../demo/manifests.ts';
import { STORY } from '../../demo/story.ts';

describe('the story', () => {
  test('has headlines that fit on a line', () => {
    for (const { title } of STORY) {
      expect(title.length).toBeLessThanOrEqual(96);
    }
  });

  test.each(Object.values(MANIFESTS))('%s is where the shown command says, and holds objects', async (path) => {
    expect(existsSync(join(CHECKOUT, path))).toBe(true);
    expect((await objectsIn(path)).length).toBeGreaterThan(0);
  });

  test.each([MANIFESTS.standard, MANIFESTS.strict])('%s holds a valid BaselinePolicy', async (path) => {
    const [policy] = await objectsIn(path);
    expect(validateBaselinePolicy(policy?.metadata.name ?? '', policy?.spec)).toMatchObject({ ok: true });
  });
});
