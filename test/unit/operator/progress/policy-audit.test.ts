import { describe, expect, test } from 'vitest';
import { auditLines } from '../../../../src/operator/progress/policy-audit.ts';
import { policy } from '../../../fixtures/worlds.ts';

const first = { ...policy(), uid: 'u1', generation: 1 };
const said = (...change: Parameters<typeof auditLines>): readonly string[] =>
  auditLines(...change).map(({ message, generation }) => `${message} ${generation}`);

describe('the audit of a BaselinePolicy', () => {
  test('names its creation, each edit and its deletion, with the generation', () => {
    expect(said(undefined, first)).toEqual(['baseline policy created 1']);
    expect(said(first, { ...first, generation: 2 })).toEqual(['baseline policy edited 2']);
    expect(said(first, { ...first, generation: 2, isDeleting: true })).toEqual(['baseline policy is being deleted 2']);
    expect(said(first, undefined)).toEqual(['baseline policy deleted 1']);
  });

  test('names a policy that was deleted and created again as two', () => {
    expect(said(first, { ...first, uid: 'u2' })).toEqual(['baseline policy deleted 1', 'baseline policy created 1']);
  });

  test('says nothing of what is no change', () => {
    expect(said(first, { ...first })).toEqual([]);
    expect(said(undefined, undefined)).toEqual([]);
  });
});
