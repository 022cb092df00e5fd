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

/** One permission in words, whoever writes it down. */
function inWords(permission: {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}): string {
  const { verb, group, resource, namespace = 'every namespace', name = 'any' } = permission;
  return `${verb} ${resource}.${group} ${name} in ${namespace}`;
}

test('the roles grant exactly what the operator asks for at its start', () => {
  const asked = neededPermissions({ dnsNamespaces: ['kube-system'], leaseNamespace: 'nsbaseline-system' }).map(
    ({ resource, subresource, ...rest }) =>
      inWords({ ...rest, resource: subresource === undefined ? resource : `${resource}/${subresource}` }),
  );
  const granted = roles
    .filter(({ metadata }) => !metadata.name.endsWith('-view'))
    .flatMap(({ metadata: { namespace }, rules }) =>
      rules.flatMap(({ apiGroups: [group = ''], resources, resourceNames = [undefined], verbs }) =>
        verbs.flatMap((verb) =>
          resources.flatMap((resource) =>
            resourceNames.map((name) => inWords({ verb, group, resource, namespace, name })),
          ),
        ),
      ),
    );
  expect(roles.flatMap(({ rules }) => rules).filter(({ apiGroups }) => apiGroups.length !== 1)).toEqual([]);
  expect(asked.filter((permission) => !granted.includes(permission))).toEqual([]);
  expect(granted.filter((permission) => !asked.includes(permission))).toEqual([
    // Events may fail.
    'patch events.events.k8s.io any in every namespace',
  ]);
});
