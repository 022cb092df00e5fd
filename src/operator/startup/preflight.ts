import { fieldOf, textOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { LEASES } from '../../kube/lease/lease-record.ts';
import { LEASE_NAME } from '../manager/lease-leadership.ts';
import {
  BASELINE_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../watch/resources.ts';
import { isAllowed, type Permission } from './access.ts';

/** The oldest Kubernetes minor version that is supported. */
export const OLDEST_MINOR = 31;

const READ = ['get', 'list', 'watch'];

/** Everything that the operator does, as permissions: what deploy/base grants, and what the preflight asks for. Without a `leaseNamespace` it leads alone, and needs no Lease. */
export function neededPermissions({
  dnsNamespaces,
  leaseNamespace,
}: {
  readonly dnsNamespaces: readonly string[];
  readonly leaseNamespace?: string;
}): readonly Permission[] {
  return [
    ...permissions(NAMESPACES, READ),
    ...permissions(NETWORK_POLICIES, [...READ, 'create', 'patch', 'delete']),
    ...permissions(BASELINE_POLICIES, [...READ, 'patch', 'update']),
    { verb: 'patch', group: BASELINE_POLICIES.group, resource: BASELINE_POLICIES.plural, subresource: 'status' },
    ...permissions(NAMESPACE_BASELINES, [...READ, 'create', 'patch', 'update', 'delete']),
    ...[BASELINE_POLICIES, NAMESPACE_BASELINES].flatMap((type) =>
      permissions(CUSTOM_RESOURCE_DEFINITIONS, ['get'], { name: `${type.plural}.${type.group}` }),
    ),
    ...dnsNamespaces.flatMap((namespace) => permissions(SERVICES, READ, { namespace })),
    ...permissions(SERVICES, READ, { namespace: 'default', name: 'kubernetes' }),
    ...[...dnsNamespaces, 'default'].flatMap((namespace) => permissions(ENDPOINT_SLICES, READ, { namespace })),
    { verb: 'create', group: 'events.k8s.io', resource: 'events' },
    ...(leaseNamespace === undefined ? [] : leasePermissions(leaseNamespace)),
  ];
}

/** A name cannot be given to a create (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources). */
function leasePermissions(namespace: string): readonly Permission[] {
  return [
    ...permissions(LEASES, ['create'], { namespace }),
    ...permissions(LEASES, [...READ, 'update'], { namespace, name: LEASE_NAME }),
  ];
}

function permissions(
  type: ResourceType,
  verbs: readonly string[],
  scope: { readonly namespace?: string; readonly name?: string } = {},
): readonly Permission[] {
  return verbs.map((verb) => ({ verb, group: type.group, resource: type.plural, ...scope }));
}

/** Which of the permissions the operator does not have, asked of the API server one by one; none is an empty list. */
export async function missingPermissions(
  kube: KubeClient,
  needed: readonly Permission[],
): Promise<Result<readonly Permission[], KubeError>> {
  const answers = await Promise.all(
    needed.map(async (permission) => ({ permission, answer: await isAllowed(kube, permission) })),
  );
  const missing: Permission[] = [];
  for (const { permission, answer } of answers) {
    if (!answer.ok) {
      return failure(answer.error);
    }
    if (!answer.value) {
      missing.push(permission);
    }
  }
  return success(missing);
}

/** The API server's version, and whether it is one that is supported. */
export interface ServerVersion {
  readonly gitVersion: string;
  readonly isSupported: boolean;
}

/** Asks the API server for its version. */
export async function serverVersion(kube: KubeClient): Promise<Result<ServerVersion, KubeError>> {
  const answer = await kube.read('/version');
  if (!answer.ok) {
    return answer;
  }
  const [major, minor] = [fieldOf(answer.value, 'major'), fieldOf(answer.value, 'minor')].map((part) =>
    Number.parseInt(textOf(part), 10),
  );
  const isSupported =
    major !== undefined && minor !== undefined && (major > 1 || (major === 1 && minor >= OLDEST_MINOR));
  return success({ gitVersion: textOf(fieldOf(answer.value, 'gitVersion')), isSupported });
}
