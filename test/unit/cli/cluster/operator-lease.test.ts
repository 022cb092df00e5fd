import { describe, expect, test } from 'vitest';
import { operatorText, readOperator } from '../../../../src/cli/cluster/operator-lease.ts';
import type { KubeClient } from '../../../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';

const NOW = new Date('2026-01-01T00:01:00Z');

function lease(renewTime: string, holderIdentity = 'nsbaseline-7d4_0f'): KubeObject {
  return { metadata: { name: 'nsbaseline' }, spec: { holderIdentity, renewTime, leaseDurationSeconds: 15 } };
}

/** The operator of a cluster whose Lease reads like this, one answer after the other; undefined is a missing one. */
async function operatorOf(...answers: readonly (KubeObject | undefined)[]) {
  const waiting = [...answers];
  const get: KubeClient['get'] = () => {
    const value = waiting.shift();
    return Promise.resolve(
      value === undefined ? { ok: false, error: { kind: 'notFound', message: 'no such Lease' } } : { ok: true, value },
    );
  };
  const read = await readOperator(
    { get },
    {
      namespace: 'nsbaseline-system',
      clock: { wallTime: () => NOW },
      wait: () => Promise.resolve(),
    },
  );
  return read.ok ? read.value : undefined;
}

describe('R15 the operator', () => {
  test('leads where its Lease was renewed within its duration', async () => {
    const operator = await operatorOf(lease('2026-01-01T00:00:58.000000Z'));
    expect(operator).toMatchObject({ isLeading: true, holder: 'nsbaseline-7d4', heardMsAgo: 2000 });
    expect(operator && operatorText(operator)).toBe('operator: leader nsbaseline-7d4, last heard 2 s ago');
  });

  test('does not lead where the Lease expired and is not renewed', async () => {
    const expired = lease('2026-01-01T00:00:20.000000Z');
    const operator = await operatorOf(expired, expired);
    expect(operator).toMatchObject({ isLeading: false });
    expect(operator && operatorText(operator)).toBe('no operator has been heard for 40 s');
  });

  test('leads where the Lease looks expired and is renewed: the clocks differ', async () => {
    const operator = await operatorOf(lease('2025-12-31T23:00:00.000000Z'), lease('2025-12-31T23:00:02.000000Z'));
    expect(operator).toMatchObject({ isLeading: true, heardMsAgo: 0 });
  });

  test('does not lead where the Lease was released or is not there', async () => {
    expect(await operatorOf(lease('2026-01-01T00:00:59.000000Z', ''))).toMatchObject({ isLeading: false });
    const absent = await operatorOf(undefined);
    expect(absent).toMatchObject({ isLeading: false, heardMsAgo: undefined });
    expect(absent && operatorText(absent)).toContain('there is no Lease nsbaseline-system/nsbaseline');
  });

  test('does not lead where the Lease says nothing that can be read', async () => {
    const odd = lease('yesterday');
    expect(await operatorOf(odd, odd)).toMatchObject({ isLeading: false, heardMsAgo: undefined });
  });
});
