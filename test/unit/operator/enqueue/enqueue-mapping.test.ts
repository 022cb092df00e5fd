import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import {
  affectedNamespaces,
  isUnprotected,
  selectedNamespaces,
} from '../../../../src/operator/enqueue/enqueue-mapping.ts';
import { PolicyProgressTracker } from '../../../../src/operator/progress/policy-progress.ts';
import type { Caches } from '../../../../src/operator/watch/caches.ts';
import { policy } from '../../../fixtures/worlds.ts';
import { emptyCaches } from '../../../support/operators/cached-scene.ts';
import { OPTED_IN } from '../../../support/operators/people.ts';

const standard = policy();
const metadata = (name: string, namespace?: string): KubeObject['metadata'] => ({
  name,
  uid: `uid-${namespace ?? ''}-${name}`,
  resourceVersion: '1',
  ...(namespace === undefined ? {} : { namespace }),
});

/** Caches with the namespaces `in` (opted in), `out` and `kube-system` (opted in, but excluded). */
function caches(): Caches {
  const made = emptyCaches();
  made.namespaces.upsert({ metadata: { ...metadata('in'), labels: OPTED_IN } });
  made.namespaces.upsert({ metadata: metadata('out') });
  made.namespaces.upsert({ metadata: { ...metadata('kube-system'), labels: OPTED_IN } });
  return made;
}

function reported(made: Caches, namespace: string, inPlace: boolean): void {
  made.reports.upsert({
    metadata: metadata('baseline', namespace),
    status: { policies: [{ policy: 'standard', generation: 1, phase: 'Protected', inPlace, managed: [] }] },
  });
}

describe('the namespaces that a policy concerns', () => {
  test('R1 a policy selects by its selector, but no excluded namespace', () => {
    expect(selectedNamespaces(standard, caches())).toEqual(['in']);
    expect(selectedNamespaces(undefined, caches())).toEqual([]);
  });

  test('a change concerns the old selection and the new one', () => {
    const before = policy('standard', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'out' } } });
    const made = caches();
    made.namespaces.upsert({
      metadata: { ...metadata('out'), resourceVersion: '2', labels: { 'kubernetes.io/metadata.name': 'out' } },
    });
    const change = { name: 'standard', before, after: standard };
    expect([...affectedNamespaces(change, made, new PolicyProgressTracker())].sort()).toEqual(['in', 'out']);
  });

  test('R8 a deleted policy concerns every namespace that was reported for it or has its objects', () => {
    const made = caches();
    reported(made, 'out', true);
    made.networkPolicies.upsert({
      metadata: {
        ...metadata('standard.default-deny', 'left'),
        labels: { 'nsbaseline.io/policy': 'standard', 'app.kubernetes.io/managed-by': 'nsbaseline' },
      },
      spec: { podSelector: {} },
    });
    const change = { name: 'standard', before: undefined, after: undefined };
    expect([...affectedNamespaces(change, made, new PolicyProgressTracker())].sort()).toEqual(['left', 'out']);
  });

  test('a namespace is unprotected until its NamespaceBaseline says that the set is in place', () => {
    const made = caches();
    expect(isUnprotected('in', [standard], made)).toBe(true);
    reported(made, 'in', true);
    expect(isUnprotected('in', [standard], made)).toBe(false);
    expect(isUnprotected('kube-system', [standard], made)).toBe(false);
    expect(isUnprotected('out', [standard], made)).toBe(false);
  });
});
