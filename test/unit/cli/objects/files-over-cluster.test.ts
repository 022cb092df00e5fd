import { describe, expect, test } from 'vitest';
import { filesOverCluster } from '../../../../src/cli/objects/files-over-cluster.ts';
import { identityOf } from '../../../../src/cli/objects/object-name.ts';
import type { SourcedObject } from '../../../../src/cli/objects/objects-read.ts';

const FILE = { kind: 'file', source: 'a.yaml', line: 1, lineOf: () => 1 } as const;

function inCluster(...objects: readonly unknown[]): readonly SourcedObject[] {
  return objects.map((object) => ({ object, origin: { kind: 'cluster' } }));
}

function inFile(...objects: readonly unknown[]): readonly SourcedObject[] {
  return objects.map((object) => ({ object, origin: FILE }));
}

function named(kind: string, path: string, parts: Readonly<Record<string, unknown>> = {}): unknown {
  const [namespace = '', name = ''] = path.includes('/') ? path.split('/') : ['', path];
  const metadata = { name, ...(namespace === '' ? {} : { namespace }), ...(parts.metadata as object | undefined) };
  return { kind, ...parts, metadata };
}

function deployment(app: string, name = 'web'): unknown {
  return named('Deployment', `a/${name}`, { spec: { template: { metadata: { labels: { app } }, spec: {} } } });
}

function podOf(workload: string): unknown {
  const owner = { kind: 'ReplicaSet', name: `${workload}-5f4`, controller: true };
  return named('Pod', `a/${workload}-5f4-x`, {
    metadata: { ownerReferences: [owner], labels: { 'pod-template-hash': '5f4' } },
  });
}

function baseline(parts: Readonly<Record<string, unknown>> = {}): unknown {
  const spec = { namespaceSelector: { matchLabels: { team: 'a' } }, isolate: ['Ingress'], ...parts };
  return named('BaselinePolicy', 'base', { apiVersion: 'nsbaseline.io/v1alpha1', spec });
}

function managed(path: string): unknown {
  const labels = { 'app.kubernetes.io/managed-by': 'nsbaseline', 'nsbaseline.io/policy': 'base' };
  return named('NetworkPolicy', path, { metadata: { labels } });
}

function namesAfter(cluster: readonly SourcedObject[], files: readonly SourcedObject[]): readonly string[] {
  return filesOverCluster(cluster, files, 'a').map(({ object }) => identityOf(object, 'a'));
}

const TEAM_A = named('Namespace', 'a', { metadata: { labels: { team: 'a' } } });

describe('files over a cluster', () => {
  test('an object of the files replaces that of the cluster, by kind, namespace and name', () => {
    const cluster = inCluster(named('NetworkPolicy', 'a/x'), named('NetworkPolicy', 'b/x'));
    const files = inFile(named('NetworkPolicy', 'x', { spec: 1 }));
    const together = filesOverCluster(cluster, files, 'a');
    expect(together.map(({ origin }) => origin.kind)).toEqual(['cluster', 'file']);
    expect(namesAfter(cluster, files)).toEqual(['NetworkPolicy/b/x', 'NetworkPolicy/a/x']);
  });

  test('pods give way to a template that the files change, and stay where they do not', () => {
    const cluster = inCluster(deployment('web'), podOf('web'), deployment('web', 'api'), podOf('api'));
    expect(namesAfter(cluster, inFile(deployment('other')))).not.toContain('Pod/a/web-5f4-x');
    expect(namesAfter(cluster, inFile(deployment('other')))).toContain('Pod/a/api-5f4-x');
    expect(namesAfter(cluster, inFile(deployment('web')))).toContain('Pod/a/web-5f4-x');
  });
});

describe('R2: BaselinePolicies of files stand there as their NetworkPolicies', () => {
  test('in the namespaces that they select, instead of those that are there', () => {
    const cluster = inCluster(TEAM_A, named('Namespace', 'b'), managed('a/base.old'), named('NetworkPolicy', 'a/own'));
    const names = namesAfter(cluster, inFile(baseline()));
    expect(names).toContain('NetworkPolicy/a/base.default-deny');
    expect(names).toContain('NetworkPolicy/a/own');
    expect(names).not.toContain('NetworkPolicy/a/base.old');
    expect(names).not.toContain('NetworkPolicy/b/base.default-deny');
  });

  test('R7: not in DryRun, and R11: not when the policy is invalid', () => {
    const cluster = inCluster(TEAM_A, managed('a/base.old'));
    for (const parts of [{ mode: 'DryRun' }, { isolate: ['Nonsense'] }]) {
      const names = namesAfter(cluster, inFile(baseline(parts)));
      expect(names).toContain('NetworkPolicy/a/base.old');
      expect(names).not.toContain('NetworkPolicy/a/base.default-deny');
    }
  });

  test('R4: where the selector no longer selects, they are gone, or stay with onOptOut: Keep', () => {
    const cluster = inCluster(TEAM_A, managed('a/base.default-deny'));
    const elsewhere = { namespaceSelector: { matchLabels: { team: 'b' } } };
    expect(namesAfter(cluster, inFile(baseline(elsewhere)))).not.toContain('NetworkPolicy/a/base.default-deny');
    const kept = baseline({ ...elsewhere, removal: { onOptOut: 'Keep' } });
    expect(namesAfter(cluster, inFile(kept))).toContain('NetworkPolicy/a/base.default-deny');
  });

  test('R1: a namespace of the files gets those of the policies in the cluster, an excluded one none', () => {
    const cluster = inCluster(baseline({ namespaceSelector: {} }));
    const names = namesAfter(cluster, inFile(TEAM_A, named('Namespace', 'kube-system')));
    expect(names).toContain('NetworkPolicy/a/base.default-deny');
    expect(names).not.toContain('NetworkPolicy/kube-system/base.default-deny');
  });

  test('what the cluster has of its own policies is left as it is', () => {
    const names = namesAfter(inCluster(TEAM_A, baseline(), managed('a/base.old')), []);
    expect(names).toContain('NetworkPolicy/a/base.old');
  });
});
