import { expect, test } from 'vitest';
import { leftovers, orAborted } from '../../demo/demo-cluster.ts';

test('what was started ends in reverse order, all of it also when one fails, and once only', async () => {
  const ended: string[] = [];
  const started = leftovers();
  started.add(() => Promise.resolve(ended.push('control plane')));
  started.add(() => Promise.reject(new Error('stuck')));
  started.add(() => Promise.resolve(ended.push('client')));
  await expect(started.end()).rejects.toThrow('stuck');
  await started.end();
  expect(ended).toEqual(['client', 'control plane']);
});

test('an interruption is not kept waiting by work that goes on', async () => {
  const interruption = new AbortController();
  const waiting = orAborted(new Promise(() => undefined), interruption.signal);
  interruption.abort(new Error('Interrupted.'));
  await expect(waiting).rejects.toThrow('Interrupted.');
  await expect(orAborted(Promise.resolve(1), interruption.signal)).rejects.toThrow('Interrupted.');
});
