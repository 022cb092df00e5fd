import { fieldOf, textOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { LEASES } from '../../kube/lease/lease-record.ts';
import { WATCH_ROWS } from '../watch/watches.ts';
import { isAllowed, type Permission } from './access.ts';

/** The name of the Lease that all replicas share, in the operator's namespace. */
export const LEASE_NAME = 'nsbaseline';

/** The oldest Kubernetes minor version that is supported. */
export const OLDEST_MINOR = 31;

/** What an informer needs. */
const FOLLOW = ['list', 'watch'];

/**
 * Every permission that the operator needs: what deploy/base grants, and what the start asks for. Those of watched kinds
 * follow from `WATCHES`. Without a `leaseNamespace` it leads alone and needs no Lease.
 */
export function neededPermissions({
  dnsNamespaces,
  leaseNamespace,
}: {
  readonly dnsNamespaces: readonly string[];
  readonly leaseNamespace?: string;
}): readonly Permission[] {
  return [
    ...Object.values(WATCH_ROWS).flatMap(({ type, otherVerbs, statusVerbs = [], scopes = wholeCluster }) =>
      scopes(dnsNamespaces).flatMap((scope) => [
        ...permissions(type, [...FOLLOW, ...otherVerbs], scope),
        ...permissions(type, statusVerbs, { ...scope, subresource: 'status' }),
      ]),
    ),
    { verb: 'create', group: 'events.k8s.io', resource: 'events' },
    ...(leaseNamespace === undefined ? [] : leasePermissions(leaseNamespace)),
  ];
}

const wholeCluster = (): readonly Pick<Permission, 'namespace' | 'name'>[] => [{}];

/** RBAC cannot restrict a create to a name (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources). */
function leasePermissions(namespace: string): readonly Permission[] {
  return [
    ...permissions(LEASES, ['create'], { namespace }),
    ...permissions(LEASES, ['get', ...FOLLOW, 'update'], { namespace, name: LEASE_NAME }),
  ];
}

function permissions(
  type: ResourceType,
  verbs: readonly string[],
  scope: Pick<Permission, 'namespace' | 'name' | 'subresource'> = {},
): readonly Permission[] {
  return verbs.map((verb) => ({ verb, group: type.group, resource: type.plural, ...scope }));
}

/** The permissions that the operator lacks, by one SelfSubjectAccessReview each; an empty list when it has all. */
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

/** The version of the API server, and whether nsbaseline supports it. */
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
