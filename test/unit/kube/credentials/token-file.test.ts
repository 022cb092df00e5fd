import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isHeaderSafe, readText, TokenFile } from '../../../../src/kube/credentials/token-file.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { folder } from './kubeconfig-text.ts';

test('a token is read without the white space around it, and again after a minute', async () => {
  const path = join(await folder(), 'token');
  const clock = new ManualClock();
  const file = new TokenFile(path, clock);
  await writeFile(path, ' one\n');
  expect(await file.token()).toEqual({ ok: true, value: 'one' });
  await writeFile(path, 'two');
  await clock.advance(59_999);
  expect(await file.token()).toEqual({ ok: true, value: 'one' });
  await clock.advance(1);
  expect(await file.token()).toEqual({ ok: true, value: 'two' });
});

test('the last token stays while the file is missing or odd; without one it is an error', async () => {
  const path = join(await folder(), 'token');
  const file = new TokenFile(path, new ManualClock());
  expect(await file.token()).toMatchObject({ ok: false, error: { kind: 'credentials' } });
  await writeFile(path, 'one');
  expect(await file.token()).toEqual({ ok: true, value: 'one' });
  file.forget();
  await writeFile(path, 'a\nb');
  expect(await file.token()).toEqual({ ok: true, value: 'one' });
  file.forget();
  await rm(path);
  expect(await file.token()).toEqual({ ok: true, value: 'one' });
});

test.each([
  ['abc.DEF-123_~+/=', true],
  ['', false],
  ['a b', false],
  ['a\r\nx: y', false],
  ['ä', false],
  ['x'.repeat(64 * 1024 + 1), false],
])('%j may be a token: %j', (token, is) => {
  expect(isHeaderSafe(token)).toBe(is);
});

test('a file that cannot be read is named with its purpose and the reason', async () => {
  const home = await folder();
  expect(await readText(join(home, 'none'), 'the file')).toMatchObject({
    error: { kind: 'credentials', message: `the file ${join(home, 'none')} cannot be read: no such file` },
  });
  const unreadable = await readText(home, 'the file');
  expect(unreadable.ok ? '' : unreadable.error.message).toMatch(/a directory/);
});
