import { expect, test } from 'vitest';
import { RestoreCheck } from '../../../../src/kube/informer/restore-check.ts';

const probe = { namespace: '', name: 'a', uid: 'u', resourceVersion: '7' };
const found = { metadata: { name: 'a', uid: 'u', resourceVersion: '7' } };

test('a connection that never dropped is trusted, and nothing is to be probed', () => {
  const check = new RestoreCheck();
  check.noteDeletion();
  expect([check.probe, check.matches([])]).toEqual([undefined, true]);
});

test('the newest object in its version proves that no restore happened; anything else does not', () => {
  const check = new RestoreCheck();
  check.suspect(probe);
  expect(check.probe).toEqual(probe);
  expect(check.matches([found])).toBe(true);
  expect(check.matches([])).toBe(false);
  expect(check.matches([{ metadata: { ...found.metadata, uid: 'other' } }])).toBe(false);
  expect(check.matches([{ metadata: { ...found.metadata, resourceVersion: '8' } }])).toBe(false);
});

test('the object known at the first drop counts: what came later may be of a restored server', () => {
  const check = new RestoreCheck();
  check.suspect(probe);
  check.suspect({ ...probe, name: 'b' });
  expect(check.probe).toEqual(probe);
  check.trust();
  check.suspect({ ...probe, name: 'b' });
  expect(check.probe).toMatchObject({ name: 'b' });
});

test('with nothing known, nothing can be lost', () => {
  const check = new RestoreCheck();
  check.suspect(undefined);
  expect(check.matches([])).toBe(true);
});

test('after a deletion no object proves anything, until the next object or list', () => {
  const check = new RestoreCheck();
  check.noteDeletion();
  check.suspect(probe);
  expect(check.matches([found])).toBe(false);
  check.trust();
  check.suspect(probe);
  expect(check.matches([found])).toBe(false);
  check.noteList();
  check.suspect(probe);
  expect(check.matches([found])).toBe(true);
  check.noteDeletion();
  check.noteObject();
  expect(check.matches([found])).toBe(true);
});
