import { expect, test } from 'vitest';
import { heldMessage } from '../../../../src/domain/reporting/held-message.ts';

const line = 'kubectl annotate baselinepolicy p --overwrite nsbaseline.io/confirm-removal=1-00000000';
const recent = {
  directions: 4,
  namespaces: ['a', 'b'],
  firstUntil: '2026-01-01T00:10:00Z',
  lastUntil: '2026-01-01T00:11:00Z',
};

test('R9 a removal of one namespace says the limit, what used it up and until when', () => {
  expect(
    heldMessage({
      reason: 'RemovalHeld',
      namespaces: ['pay-db'],
      cause: { kind: 'removalLimit', limit: 5, own: 2, others: 0, recent },
      line,
    }),
  ).toBe(
    `Namespace pay-db would lose its protection (2 directions). Without a confirmation at most 5 directions may lose protection within ten minutes; 4 just did in a, b and count until 2026-01-01T00:11:00Z, the first until 2026-01-01T00:10:00Z. To confirm: ${line}`,
  );
});

test('R9 a removal of many names ten of them, and what else waits', () => {
  const namespaces = Array.from({ length: 12 }, (_, index) => `n${index + 10}`);
  const once = { directions: 1, namespaces: ['a'], firstUntil: recent.lastUntil, lastUntil: recent.lastUntil };
  expect(
    heldMessage({
      reason: 'RemovalHeld',
      namespaces,
      cause: { kind: 'removalLimit', limit: 1, own: 24, others: 3, recent: once },
      line,
    }),
  ).toBe(
    `12 namespaces would lose their protection at once (24 directions): n10, n11, n12, n13, n14, n15, n16, n17, n18, n19 and 2 more. Without a confirmation at most 1 direction may lose protection within ten minutes; other changes that wait are about 3 more; 1 just did in a and counts until 2026-01-01T00:11:00Z. To confirm: ${line}`,
  );
});

test('R9 an isolation by a broad selector names the namespaces of the platform first', () => {
  const message = heldMessage({
    reason: 'IsolationHeld',
    namespaces: ['a', 'argocd', 'b', 'cattle-system', 'default', 'team-x'],
    cause: { kind: 'broadSelector' },
    line,
  });
  expect(message).toMatch(
    /^6 namespaces would be isolated at once, of which 3 by name belong to the platform: argocd, cattle-system, default, a, b, team-x\. /,
  );
});

test('R9 an isolation of one namespace is not "at once"', () => {
  const message = heldMessage({
    reason: 'IsolationHeld',
    namespaces: ['team-x'],
    cause: { kind: 'isolationLimit', limit: 0 },
    line,
  });
  expect(message).toMatch(
    /^Namespace team-x would be isolated\. Without a confirmation a policy may newly isolate at most 0 namespaces/,
  );
});
