import { fieldOf, fieldsOf, itemsOf, textOf } from '../../base/json.ts';
import { type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS, NAMESPACE_BASELINES } from './resources.ts';

/** Why the operator cannot use one of its custom resources. */
export type CrdProblem =
  | { readonly kind: 'missing'; readonly crd: string }
  | { readonly kind: 'notServed'; readonly crd: string; readonly version: string }
  /** The served schema lacks fields, and the API server would silently drop them from every write. */
  | { readonly kind: 'outdated'; readonly crd: string; readonly fields: readonly string[] };

/** The fields that this version of the operator reads or writes, by plural: dotted paths, with `[]` for the items of a list. */
export type NeededFields = Readonly<Record<string, readonly string[]>>;

/** Compares both CRDs on the API server with what is needed; an empty list when nothing is wrong. */
export async function crdProblems(
  kube: KubeClient,
  needed: NeededFields,
): Promise<Result<readonly CrdProblem[], KubeError>> {
  const problems: CrdProblem[] = [];
  for (const type of [BASELINE_POLICIES, NAMESPACE_BASELINES]) {
    const crd = crdNameOf(type);
    const found = await kube.get({ type: CUSTOM_RESOURCE_DEFINITIONS, name: crd });
    if (!found.ok && found.error.kind !== 'notFound') {
      return found;
    }
    const problem: CrdProblem | undefined = found.ok ? crdProblemIn(found.value, needed) : { kind: 'missing', crd };
    problems.push(...(problem === undefined ? [] : [problem]));
  }
  return success(problems);
}

/** One problem as a sentence, with the command that solves it. */
export function crdProblemText(problem: CrdProblem): string {
  switch (problem.kind) {
    case 'missing':
      return `${problem.crd} is not installed: kubectl apply -f crds/`;
    case 'notServed':
      return `${problem.crd} does not serve ${problem.version} yet`;
    case 'outdated':
      return `${problem.crd} is older than this operator and lacks ${problem.fields.slice(0, 5).join(', ')}: kubectl apply -f crds/`;
  }
}

/** The name of the CRD that defines a kind. */
export function crdNameOf({ plural, group }: ResourceType): string {
  return `${plural}.${group}`;
}

/** What is wrong with a CRD as the API server has it; undefined when it serves every needed field. */
export function crdProblemIn(object: unknown, needed: NeededFields): CrdProblem | undefined {
  const crd = textOf(fieldOf(fieldOf(object, 'metadata'), 'name'));
  const type = [BASELINE_POLICIES, NAMESPACE_BASELINES].find((own) => crd === crdNameOf(own));
  if (type === undefined) {
    return undefined;
  }
  const version = itemsOf(fieldOf(fieldOf(object, 'spec'), 'versions')).find(
    (candidate) => fieldOf(candidate, 'name') === type.version,
  );
  const isEstablished = itemsOf(fieldOf(fieldOf(object, 'status'), 'conditions')).some(
    (condition) => fieldOf(condition, 'type') === 'Established' && fieldOf(condition, 'status') === 'True',
  );
  if (version === undefined || fieldOf(version, 'served') !== true || !isEstablished) {
    return { kind: 'notServed', crd, version: type.version };
  }
  const served = new Set(schemaFields(fieldOf(fieldOf(version, 'schema'), 'openAPIV3Schema')));
  const fields = (needed[type.plural] ?? []).filter((field) => !served.has(field));
  return fields.length > 0 ? { kind: 'outdated', crd, fields } : undefined;
}

/** Every field of a structural schema as a dotted path, with `[]` for the items of a list. */
export function schemaFields(schema: unknown, path = ''): readonly string[] {
  const properties = Object.entries(fieldsOf(fieldOf(schema, 'properties')));
  const below = properties.flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return [here, ...schemaFields(inner, here)];
  });
  const items = fieldOf(schema, 'items');
  return textOf(fieldOf(schema, 'type')) === 'array' && items !== undefined
    ? [...below, ...schemaFields(items, `${path}[]`)]
    : below;
}
