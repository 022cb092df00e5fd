import { describe, expect, test } from 'vitest';
import { success } from '../../../../src/base/result.ts';
import type { Outcome, Outcomes, Refusal } from '../../../../src/domain/planning/outcome.ts';
import { resultFor } from '../../../../src/operator/reconcile/result-table.ts';
import { TransientFailures } from '../../../../src/operator/reconcile/transient-failures.ts';
import { UNCHANGED } from '../../../../src/operator/write/report-writer.ts';

const name = 'standard.default-deny';

function refused(reason: Refusal): Outcomes {
  return new Map<string, Outcome>([[name, { kind: 'refused', name, reason, message: 'x' }]]);
}

/** What the queue is told after so many refusals in a row. */
function pausesMs(reason: Refusal, count: number, random = () => 1): readonly number[] {
  const patience = new TransientFailures(random);
  return Array.from({ length: count }, () => {
    const outcomes = refused(reason);
    const { queue } = resultFor(outcomes.values(), success(UNCHANGED), {
      isHeld: false,
      isContested: false,
      isAwaitingDns: false,
      after403Ms: patience.pauseAfter403Ms('a', outcomes),
    });
    return queue.kind === 'after' ? queue.delayMs : 0;
  });
}

describe('F5 F21 a 403 may be that of an API server that has only just started', () => {
  test('what admission refused is tried again soon, and then ever more rarely', () => {
    expect(pausesMs('Denied', 11)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
    ]);
  });

  test('a missing permission is looked for at least every 30 s', () => {
    expect(pausesMs('Forbidden', 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test('namespaces that were refused together do not come back together', () => {
    const early = pausesMs('Forbidden', 7, () => 0);
    expect(early).toEqual([500, 1_000, 2_000, 4_000, 8_000, 30_000, 30_000]);
    const late = pausesMs('Forbidden', 5, () => 0.9);
    expect(late.filter((pauseMs, index) => pauseMs === early[index])).toEqual([]);
  });

  test('what no restart would change waits as long as ever', () => {
    expect(pausesMs('Rejected', 2)).toEqual([300_000, 300_000]);
  });

  test('the count begins anew after a success, and with the namespace', () => {
    const patience = new TransientFailures(() => 1);
    const after = (): number | undefined => patience.pauseAfter403Ms('a', refused('Denied'));
    expect([after(), after(), after()]).toEqual([1_000, 2_000, 4_000]);
    expect(patience.pauseAfter403Ms('a', new Map())).toBeUndefined();
    expect([after(), after()]).toEqual([1_000, 2_000]);
    patience.forget('a');
    expect(after()).toBe(1_000);
  });
});
