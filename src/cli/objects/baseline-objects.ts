import type { Discovered } from '../../api/baseline-policy.ts';
import { API_VERSION, LABELS } from '../../api/names.ts';
import { fieldOf, isJsonObject, textOf } from '../../base/json.ts';
import { renderedParts } from '../../domain/rendering/rendering.ts';
import { isExcluded, isSelected } from '../../domain/selection.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import { networkPolicyObject } from '../../operator/write/manifests.ts';
import {
  type BaselinePolicyView,
  baselinePolicyViewOf,
  type NamespaceView,
  namespaceViewOf,
  USUAL_EXCLUSION,
} from '../cluster/cluster-facts.ts';
import { baselineOf, kindOf, nameOf } from './object-name.ts';
import type { ObjectOrigin, SourcedObject } from './objects-read.ts';

interface Sourced<View> {
  readonly view: View;
  readonly origin: ObjectOrigin;
}

/**
 * The objects as the operator would have them: wherever a BaselinePolicy or the Namespace is of a file, the managed
 * NetworkPolicies of that policy in that namespace are those that it renders now (R2), and none where it no longer
 * selects the namespace (R4). A policy in DryRun or Paused changes nothing (R7), nor does an invalid one (R11). Everything
 * else stays as it is. Excluded are the namespaces that the operator excludes by default. Pure.
 */
export function withBaselines(objects: readonly SourcedObject[]): readonly SourcedObject[] {
  const policies = viewsOf(objects, isBaselinePolicy, baselinePolicyViewOf);
  if (policies.length === 0) {
    return objects;
  }
  const namespaces = viewsOf(objects, (object) => kindOf(object) === 'Namespace', namespaceViewOf);
  const discovered = policies.map(({ view }) => view.discovered).find((found) => Object.keys(found).length > 0) ?? {};
  const replaced = new Set<string>();
  const rendered = policies.flatMap((policy) =>
    namespaces.flatMap((namespace) => {
      if (!isEnforced(policy.view) || (policy.origin.kind === 'cluster' && namespace.origin.kind === 'cluster')) {
        return [];
      }
      const isWanted = selects(policy.view, namespace.view);
      if (isWanted || policy.view.spec?.removal?.onOptOut !== 'Keep') {
        replaced.add(`${policy.view.name}/${namespace.view.name}`);
      }
      return isWanted ? renderedIn(policy, namespace.view.name, discovered) : [];
    }),
  );
  return [...objects.filter(({ object }) => !replaced.has(managedBy(object))), ...rendered];
}

function isBaselinePolicy(object: unknown): boolean {
  return kindOf(object) === 'BaselinePolicy' && fieldOf(object, 'apiVersion') === API_VERSION;
}

function viewsOf<View>(
  objects: readonly SourcedObject[],
  isWanted: (object: unknown) => boolean,
  viewOf: (object: KubeObject) => View,
): readonly Sourced<View>[] {
  return objects.flatMap(({ object, origin }) =>
    isWanted(object) && nameOf(object) !== '' && isJsonObject(object)
      ? [{ view: viewOf({ ...object, metadata: { ...(fieldOf(object, 'metadata') as object) } }), origin }]
      : [],
  );
}

function isEnforced({ spec, isDeleting }: BaselinePolicyView): boolean {
  return spec !== undefined && !isDeleting && (spec.mode ?? 'Enforce') === 'Enforce';
}

function selects({ selector }: BaselinePolicyView, { name, labels, isTerminating }: NamespaceView): boolean {
  return (
    selector !== undefined &&
    isSelected(selector, {
      labels: { ...labels, [LABELS.namespaceName]: name },
      isTerminating,
      isExcluded: isExcluded(name, USUAL_EXCLUSION),
    })
  );
}

function renderedIn(
  { view, origin }: Sourced<BaselinePolicyView>,
  namespace: string,
  discovered: Discovered,
): readonly SourcedObject[] {
  const { name, uid, spec } = view;
  const own = Object.keys(view.discovered).length > 0 ? view.discovered : discovered;
  return (spec === undefined ? [] : renderedParts(name, spec, own)).map((part) => ({
    object: networkPolicyObject(part, { namespace, policy: { name, uid } }),
    origin: { kind: 'baseline', policy: name, file: origin },
  }));
}

/** `policy/namespace` of a managed NetworkPolicy; empty for anything else. */
function managedBy(object: unknown): string {
  const baseline = kindOf(object) === 'NetworkPolicy' ? baselineOf(object) : '';
  return baseline === '' ? '' : `${baseline}/${textOf(fieldOf(fieldOf(object, 'metadata'), 'namespace'))}`;
}
