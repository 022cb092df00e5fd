import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GO_VERSION } from '../../support/control-plane/go-command.ts';
import {
  ETCD_VERSION,
  KUBERNETES_VERSIONS,
  kubernetesChoice,
  versionsInOrder,
} from '../../support/control-plane/versions.ts';

function goMod(folder: string): string {
  return readFileSync(join(import.meta.dirname, '../../support/control-plane', folder, 'go.mod'), 'utf8');
}

test.each(['newest', 'oldest'] as const)(
  'the go.mod of the %s Kubernetes builds the version that is said to be built',
  (choice) => {
    expect(/\sk8s\.io\/kubernetes v(\S+)/.exec(goMod(`${choice}-kubernetes`))?.[1]).toBe(
      KUBERNETES_VERSIONS[choice].built,
    );
  },
);

test('the go.mod of etcd builds the version that is said to be built', () => {
  expect(/\sgo\.etcd\.io\/etcd\/server\/v3 v(\S+)/.exec(goMod('etcd'))?.[1]).toBe(ETCD_VERSION);
});

test.each(['newest-kubernetes', 'oldest-kubernetes', 'etcd'])(
  'the Go that people are told to install is new enough for %s',
  (folder) => {
    const [major = 0, minor = 0] = (/^go (\S+)$/m.exec(goMod(folder))?.[1] ?? '').split('.').map(Number);
    const [toldMajor = 0, toldMinor = 0] = GO_VERSION.split('.').map(Number);
    expect(toldMajor * 1_000 + toldMinor).toBeGreaterThanOrEqual(major * 1_000 + minor);
  },
);

test('the oldest choice is never newer than the newest, however either is had', () => {
  const minorOf = (version: string): number => Number(version.split('.')[1]);
  expect(Math.max(...versionsInOrder('oldest').map(minorOf))).toBeLessThan(
    Math.min(...versionsInOrder('newest').map(minorOf)),
  );
});

test('of two cached versions the newest choice prefers the newer, the oldest the older', () => {
  for (const [choice, direction] of [
    ['newest', -1],
    ['oldest', 1],
  ] as const) {
    const sorted = [...versionsInOrder(choice)].sort((a, b) => direction * a.localeCompare(b, 'en', { numeric: true }));
    expect(versionsInOrder(choice)).toEqual(sorted);
  }
});

test('KUBERNETES chooses, newest when unset, and any other word is refused by name', () => {
  expect(kubernetesChoice({})).toBe('newest');
  expect(kubernetesChoice({ KUBERNETES: 'oldest' })).toBe('oldest');
  expect(() => kubernetesChoice({ KUBERNETES: '1.31' })).toThrow('"1.31"');
});
