import type { Discovered } from '../../../api/baseline-policy.ts';
import { type Result, success } from '../../../base/result.ts';
import type { KubeClient } from '../../../kube/client/kube-client.ts';
import type { KubeError } from '../../../kube/client/kube-error.ts';
import { isAllowed, type Permission, permissionText } from '../../../operator/startup/access.ts';
import { OLDEST_MINOR, serverVersion } from '../../../operator/startup/preflight.ts';
import { neededFields } from '../../../operator/watch/needed-fields.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../operator/watch/resources.ts';
import { crdProblems, crdProblemText } from '../../../operator/watch/served-crds.ts';
import type { BaselinePolicyView } from '../../cluster/cluster-facts.ts';
import { type OperatorView, operatorText } from '../../cluster/operator-lease.ts';

/** What one check found. */
export interface CheckResult {
  readonly check: 'api' | 'crds' | 'permissions' | 'operator' | 'version' | 'dns';
  /** `unknown` where the user may not read what the check needs. */
  readonly outcome: 'passed' | 'failed' | 'unknown';
  readonly message: string;
}

/** Whether the API server answers and is new enough. Its error ends all checks, as none could succeed. */
export async function checkApi(kube: KubeClient): Promise<Result<CheckResult, KubeError>> {
  const version = await serverVersion(kube);
  if (!version.ok) {
    return version;
  }
  const { gitVersion, isSupported } = version.value;
  return success(
    isSupported
      ? passed('api', `Kubernetes ${gitVersion}`)
      : failed('api', `Kubernetes ${gitVersion}; nsbaseline needs 1.${OLDEST_MINOR} or newer`),
  );
}

/** Whether both CRDs are served with every field of this version. */
export async function checkCrds(kube: KubeClient): Promise<CheckResult> {
  const found = await crdProblems(kube, neededFields());
  if (!found.ok) {
    return unreadable('crds', `the CRDs cannot be read: ${found.error.message}`, found.error);
  }
  return found.value.length === 0
    ? passed('crds', 'both CRDs are served, with every field of this version')
    : failed('crds', found.value.map(crdProblemText).join('; '));
}

/** What the commands that only read need; the operator checks its own permissions when it starts. */
const READER_PERMISSIONS: readonly Permission[] = [
  NAMESPACES,
  NETWORK_POLICIES,
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
].map(({ group, plural }) => ({ verb: 'list', group, resource: plural }));

/** Whether the caller may list what `status -A` shows. */
export async function checkPermissions(kube: KubeClient): Promise<CheckResult> {
  const answers = await Promise.all(
    READER_PERMISSIONS.map(async (permission) => ({ permission, answer: await isAllowed(kube, permission) })),
  );
  const unanswered = answers.flatMap(({ answer }) => (answer.ok ? [] : [answer.error]))[0];
  if (unanswered !== undefined) {
    return unreadable('permissions', `the API server does not say what you may do: ${unanswered.message}`, unanswered);
  }
  const missing = answers.filter(({ answer }) => answer.ok && !answer.value);
  return missing.length === 0
    ? passed('permissions', 'you may list everything that status shows')
    : failed('permissions', `you may not ${missing.map(({ permission }) => permissionText(permission)).join(', ')}`);
}

/** Whether an operator leads, and of which version. Pure. */
export function operatorChecks(operator: OperatorView, ownVersion: string): readonly CheckResult[] {
  const leads = operator.isLeading ? passed : failed;
  const leading = leads('operator', operatorText(operator).replace(/^operator: /, ''));
  const { newestVersion } = operator;
  if (newestVersion === '') {
    return [leading];
  }
  const isSame = newestVersion === ownVersion;
  const own = isSame ? 'this command is the same' : `this command is ${ownVersion}`;
  return [leading, passed('version', `the newest operator that led is ${newestVersion}; ${own}`)];
}

/** Whether the operator found the cluster's DNS. Pure. */
export function dnsCheck(policies: readonly Pick<BaselinePolicyView, 'name' | 'discovered'>[]): CheckResult {
  if (policies.length === 0) {
    return { check: 'dns', outcome: 'unknown', message: 'there is no BaselinePolicy yet, in whose status it is kept' };
  }
  const found: Discovered['dns'] = policies.find(({ discovered }) => discovered.dns !== undefined)?.discovered.dns;
  if (found === undefined) {
    return failed('dns', 'the operator has not found the DNS of the cluster; egress is not newly isolated');
  }
  return found.unanswered === true
    ? failed('dns', 'the DNS that was found has no ready endpoint and does not answer; egress is not newly isolated')
    : passed('dns', 'the operator has found the DNS of the cluster');
}

/** A check that needs something which could not be read: unknown where a permission is missing, else failed. */
export function unreadable(check: CheckResult['check'], message: string, { kind }: KubeError): CheckResult {
  return kind === 'forbidden' ? { check, outcome: 'unknown', message } : failed(check, message);
}

function passed(check: CheckResult['check'], message: string): CheckResult {
  return { check, outcome: 'passed', message };
}

function failed(check: CheckResult['check'], message: string): CheckResult {
  return { check, outcome: 'failed', message };
}
