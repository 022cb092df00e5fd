import type { ExitCodeName } from '../../app/exit-codes.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ObjectReference, ResourceType } from '../../kube/client/resource-type.ts';
import { type CommandRun, fail } from '../frame/command-run.ts';
import { printable } from '../views/printable.ts';

/** A request to the API server. */
export interface Attempt {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'delete';
  readonly type: ResourceType;
  /** Absent: in every namespace. */
  readonly namespace?: string;
  readonly name?: string;
}

/** A request that failed. */
export interface FailedAttempt {
  readonly attempt: Attempt;
  readonly error: KubeError;
}

/** A request about one object that failed. */
export function failedAttempt(verb: Attempt['verb'], reference: ObjectReference, error: KubeError): FailedAttempt {
  return { attempt: { verb, ...reference }, error };
}

/** Writes why a command failed to standard error, with `advice` behind it, and returns the exit code. */
export function failCommand(
  run: Pick<CommandRun, 'name' | 'context'>,
  { attempt, error }: FailedAttempt,
  advice = '',
): ExitCodeName {
  return fail(run, `${failureText(attempt, error)}${advice}`, exitCodeNameFor(error));
}

/** Why a request failed and what to do about it, in one printable line. */
export function failureText(attempt: Attempt, error: KubeError): string {
  return `cannot ${attemptText(attempt)}: ${printable(error.message)}${remedyFor(attempt, error)}`;
}

/** The exit code for an error. */
export function exitCodeNameFor({ kind }: KubeError): ExitCodeName {
  return ['unauthorized', 'forbidden', 'network', 'timeout', 'credentials'].includes(kind) ? 'unreachable' : 'failed';
}

/** Cluster-scoped kinds are in no namespace, so none is named. */
function attemptText({ verb, type, namespace, name }: Attempt): string {
  const resource = `${type.plural}${type.group === '' ? '' : `.${type.group}`}`;
  const named = name === undefined ? '' : ` named ${printable(name)}`;
  const where = namespace === undefined ? ' in every namespace' : ` in namespace ${printable(namespace)}`;
  return `${verb} ${resource}${named}${type.isNamespaced ? where : ''}`;
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
      return '; another client changed it meanwhile: look again and repeat the command';
    default:
      return '';
  }
}
