import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { neededPermissions } from '../../../src/operator/startup/preflight.ts';

const folder = join(import.meta.dirname, '../../../deploy/base');

const ruleSchema = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  resourceNames: z.array(z.string()).optional(),
  verbs: z.array(z.string()),
});
const roleSchema = z.object({
  kind: z.enum(['ClusterRole', 'Role']),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(ruleSchema),
});

const documents: readonly unknown[] = readdirSync(folder).flatMap((file) =>
  loadAll(readFileSync(join(folder, file), 'utf8')),
);
const roles = documents.flatMap((document) => {
  const role = roleSchema.safeParse(document);
  return role.success ? [role.data] : [];
});
const grants = roles.flatMap((role) =>
  role.rules.flatMap((rule) =>
    rule.resources.map((resource) => ({
      role: `${role.kind} ${role.metadata.namespace ?? ''}/${role.metadata.name}`,
      resource,
      verbs: rule.verbs,
      rule,
    })),
  ),
);

describe('the roles that the operator ships with', () => {
  test('are all read by these tests', () => {
    expect(roles.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).sort()).toEqual([
      '/nsbaseline',
      '/nsbaseline-view',
      'default/nsbaseline-discovery',
      'kube-system/nsbaseline-discovery',
      'nsbaseline-system/nsbaseline-lease',
    ]);
  });

  test('have no wildcard', () => {
    const wide = grants.filter(({ rule }) =>
      [...rule.apiGroups, ...rule.resources, ...rule.verbs, ...(rule.resourceNames ?? [])].some((word) =>
        word.includes('*'),
      ),
    );
    expect(wide).toEqual([]);
  });

  test.each(['secrets', 'pods', 'configmaps', 'nodes', 'serviceaccounts/token', 'roles', 'clusterroles'])(
    'never name %s',
    (resource) => {
      expect(
        grants.filter((grant) => grant.resource === resource || grant.resource.startsWith(`${resource}/`)),
      ).toEqual([]);
    },
  );

  test('change nothing but NetworkPolicies, our own resources, events and the Lease', () => {
    const reading = new Set(['get', 'list', 'watch']);
    const written = grants
      .filter(({ verbs }) => verbs.some((verb) => !reading.has(verb)))
      .map(({ resource }) => resource);
    expect(written.sort()).toEqual([
      'baselinepolicies',
      'baselinepolicies/status',
      'events',
      'leases',
      'leases',
      'namespacebaselines',
      'networkpolicies',
    ]);
  });

  test('never take a verb that grants more than it seems', () => {
    expect(
      grants.filter(({ verbs }) =>
        verbs.some((verb) => ['escalate', 'bind', 'impersonate', 'deletecollection'].includes(verb)),
      ),
    ).toEqual([]);
  });

  test('let a viewer see, and only see', () => {
    const view = grants.filter(({ role }) => role.endsWith('/nsbaseline-view'));
    expect(view.map(({ resource, verbs }) => [resource, ...verbs])).toEqual([
      ['baselinepolicies', 'get', 'list', 'watch'],
      ['namespacebaselines', 'get', 'list', 'watch'],
    ]);
  });
});

test('the roles grant exactly what the operator asks for at its start', () => {
  const asked = neededPermissions({ dnsNamespaces: ['kube-system'], leaseNamespace: 'nsbaseline-system' }).map(
    ({ verb, resource, subresource }) => `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`,
  );
  const granted = grants
    .filter(({ role }) => !role.endsWith('-view'))
    .flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`));
  // Events may fail, and of CRDs only a get is needed: a list or watch of them is granted for what is to come.
  const others = granted.filter(
    (grant) => !asked.includes(grant) && !/ (?:events|customresourcedefinitions)$/u.test(grant),
  );
  expect(asked.filter((permission) => !granted.includes(permission))).toEqual([]);
  expect(others).toEqual([]);
});
