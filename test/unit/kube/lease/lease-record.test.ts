import { describe, expect, test } from 'vitest';
import { isSameRenewal, leaseObject, leaseRecordOf, nextRecord } from '../../../../src/kube/lease/lease-record.ts';

const VERSION = 'example.com/version';
const lease = { namespace: 'n', name: 'l' };

describe('a Lease is read', () => {
  test('with every field', () => {
    const object = {
      metadata: { resourceVersion: '7', annotations: { [VERSION]: '1.2.3' } },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: 't0',
        renewTime: 't1',
        leaseTransitions: 3,
      },
    };
    expect(leaseRecordOf(object, VERSION)).toEqual({
      holder: 'a',
      durationMs: 15_000,
      acquireTime: 't0',
      renewTime: 't1',
      transitions: 3,
      newestVersion: '1.2.3',
      resourceVersion: '7',
    });
  });

  test.each([
    [{}],
    [{ spec: null }],
    [{ spec: { holderIdentity: 7, leaseDurationSeconds: '15', leaseTransitions: null, renewTime: {} } }],
    [{ spec: { leaseDurationSeconds: -1 } }],
  ])('as free if it is %j', (object) => {
    expect(leaseRecordOf({ metadata: {}, ...object }, VERSION)).toEqual({
      holder: '',
      durationMs: undefined,
      acquireTime: '',
      renewTime: '',
      transitions: 0,
      newestVersion: '',
      resourceVersion: '',
    });
  });

  test('with a duration of ten minutes at most, and a version of 64 characters', () => {
    const object = {
      metadata: { annotations: { [VERSION]: 'v'.repeat(100) } },
      spec: { leaseDurationSeconds: 1e9 },
    };
    expect(leaseRecordOf(object, VERSION)).toMatchObject({ durationMs: 600_000, newestVersion: 'v'.repeat(64) });
  });
});

describe('the next record', () => {
  const held = leaseRecordOf(
    { metadata: {}, spec: { holderIdentity: 'a', acquireTime: 't0', renewTime: 't1', leaseTransitions: 3 } },
    VERSION,
  );

  test('of a renewal only moves renewTime', () => {
    expect(nextRecord(held, { holder: 'a', nowTime: 't2' })).toEqual({
      holder: 'a',
      acquireTime: 't0',
      renewTime: 't2',
      transitions: 3,
    });
  });

  test('of a new holder sets acquireTime and counts the transition', () => {
    expect(nextRecord(held, { holder: 'b', nowTime: 't2' })).toMatchObject({ acquireTime: 't2', transitions: 4 });
  });

  test('of a release counts no transition', () => {
    expect(nextRecord(held, { holder: '', nowTime: 't2' })).toMatchObject({ holder: '', transitions: 3 });
  });

  test('is the same renewal only if nothing of it changed', () => {
    expect(isSameRenewal(held, { ...held, resourceVersion: '9' })).toBe(true);
    for (const change of [{ holder: 'b' }, { renewTime: 't2' }, { acquireTime: 't2' }, { transitions: 4 }]) {
      expect(isSameRenewal(held, { ...held, ...change })).toBe(false);
    }
  });
});

test('a Lease is written over the fields of other clients, which stay', () => {
  const existing = {
    metadata: { uid: 'u', resourceVersion: '7', labels: { a: 'b' }, annotations: { other: 'x' } },
    spec: { holderIdentity: 'old', strategy: 'OldestEmulationVersion' },
  };
  const draft = {
    holder: 'a',
    acquireTime: 't0',
    renewTime: 't1',
    transitions: 1,
    newestVersion: '1.0.0',
    durationMs: 400,
  };
  expect(leaseObject(lease, draft, { existing, versionAnnotation: VERSION })).toMatchObject({
    kind: 'Lease',
    metadata: {
      ...lease,
      uid: 'u',
      resourceVersion: '7',
      labels: { a: 'b' },
      annotations: { other: 'x', [VERSION]: '1.0.0' },
    },
    spec: { holderIdentity: 'a', strategy: 'OldestEmulationVersion', leaseDurationSeconds: 1 },
  });
});
