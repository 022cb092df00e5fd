import type { ExitCodeName } from '../../app/exit-codes.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { permissionText } from '../../operator/startup/access.ts';
import { printable } from '../views/printable.ts';

/** What was asked of the API server. */
export interface Attempt {
  readonly verb: 'get' | 'list' | 'update' | 'delete';
  readonly type: ResourceType;
  /** Absent: in every namespace. */
  readonly namespace?: string;
  readonly name?: string;
}

/** Why it did not work and what to do about it, in one printable line. */
export function failureText(attempt: Attempt, error: KubeError): string {
  const what = `cannot ${permissionText({ verb: attempt.verb, group: attempt.type.group, resource: attempt.type.plural, ...scopeOf(attempt) })}`;
  return `${what}: ${printable(error.message)}${remedyFor(attempt, error)}`;
}

/** The exit code that an error comes down to. */
export function exitCodeNameFor({ kind }: KubeError): ExitCodeName {
  return ['unauthorized', 'forbidden', 'network', 'timeout', 'credentials'].includes(kind) ? 'unreachable' : 'failed';
}

function scopeOf({ type, namespace, name }: Attempt): { namespace?: string; name?: string } {
  return {
    ...(type.isNamespaced && namespace !== undefined ? { namespace } : {}),
    ...(name === undefined ? {} : { name }),
  };
}

function remedyFor({ type, verb, name }: Attempt, { kind }: KubeError): string {
  switch (kind) {
    case 'forbidden':
      return `; ask for the permission (kubectl auth can-i ${verb} ${type.plural}${type.group === '' ? '' : `.${type.group}`})`;
    case 'unauthorized':
    case 'credentials':
      return '; log in again, or choose another user with --context or --kubeconfig';
    case 'network':
    case 'timeout':
      return '; is it the right cluster (kubectl config current-context), and is it running?';
    case 'notFound':
      return name === undefined ? '; nsbaseline is not installed in this cluster (kubectl apply -k deploy/crds)' : '';
    case 'conflict':
      return '; somebody changed it meanwhile, so look again and repeat this';
    default:
      return '';
  }
}
