import { fieldOf, isAbsentOrEmpty, isJsonObject, itemsOf } from '../../base/json.ts';
import type { ModelProblem } from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import type { LintContext, LintedNetworkPolicy } from '../lint-context.ts';

/** Annotations that say what an object is for (https://kubernetes.io/docs/reference/labels-annotations-taints/#description). */
const PURPOSES = ['kubernetes.io/description', 'nsbaseline.io/purpose', 'description'] as const;

/** Rules whose direction `policyTypes` does not name, so that they do nothing. */
export function* ignoredRules({ networkPolicies }: LintContext): Iterable<Found> {
  for (const networkPolicy of networkPolicies) {
    const { types, has } = writtenOf(networkPolicy);
    for (const [field, type] of [
      ['ingress', 'Ingress'],
      ['egress', 'Egress'],
    ] as const) {
      if (types.length > 0 && !types.includes(type) && has(field)) {
        yield {
          object: networkPolicy.name,
          path: `spec.${field}`,
          message: `has rules that do nothing, since policyTypes does not name ${type}`,
          fix: `add ${type} to policyTypes, or leave the rules out`,
        };
      }
    }
  }
}

/** Egress rules without `policyTypes`, which then isolates ingress too. */
export function* missingPolicyTypes({ networkPolicies }: LintContext): Iterable<Found> {
  for (const networkPolicy of networkPolicies) {
    const { types, has } = writtenOf(networkPolicy);
    if (types.length === 0 && has('egress')) {
      const also = has('ingress') ? '' : ' It isolates ingress too, and allows none.';
      yield {
        object: networkPolicy.name,
        path: 'spec.policyTypes',
        message: `is missing beside egress rules, so the directions follow from the rules.${also}`,
        fix: 'write policyTypes: [Egress], or [Ingress, Egress]',
      };
    }
  }
}

/** NetworkPolicies that do not say what they are for. */
export function* undocumented({ networkPolicies }: LintContext): Iterable<Found> {
  for (const { written, name } of networkPolicies) {
    const annotations = fieldOf(fieldOf(written, 'metadata'), 'annotations');
    const isSaid = PURPOSES.some((purpose) => typeof fieldOf(annotations, purpose) === 'string');
    if (isJsonObject(written) && !isSaid) {
      yield {
        object: name,
        path: 'metadata.annotations',
        message: 'does not say what it is for',
        fix: `add the annotation ${PURPOSES[0]}`,
      };
    }
  }
}

/** Values without quotes that YAML reads as true, false or numbers where a label is meant. */
export function* yamlBooleans({ cluster }: LintContext): Iterable<Found> {
  for (const problem of cluster.problems.filter(({ code }) => code === 'unquotedLabel')) {
    yield {
      ...placed(problem),
      fix: 'put the value into quotes: YAML reads yes, no, on, off and numbers as something else',
    };
  }
}

/** An `endPort` without `port`. */
export function* endPortsAlone({ cluster }: LintContext): Iterable<Found> {
  for (const problem of cluster.problems.filter(({ code }) => code === 'endPortAlone')) {
    yield { ...placed(problem), fix: 'write the first port of the range as port' };
  }
}

/** Names that are there more than once, of which the API server keeps the last. */
export function* duplicates({ cluster }: LintContext): Iterable<Found> {
  for (const problem of cluster.problems.filter(({ isLeftOut }) => !isLeftOut)) {
    yield { ...placed(problem), fix: 'give one of them another name, or leave it out' };
  }
}

/** Whatever else the API server would refuse. */
export function* refused({ cluster }: LintContext): Iterable<Found> {
  for (const problem of cluster.problems) {
    if (problem.isLeftOut && problem.code === undefined) {
      yield {
        ...placed(problem),
        fix: 'the API server refuses this; kubectl explain networkpolicy.spec names the fields',
      };
    }
  }
}

function placed({ object, path, message }: ModelProblem): Omit<Found, 'fix'> {
  return { object, path, message };
}

function writtenOf({ written }: LintedNetworkPolicy): {
  readonly types: readonly unknown[];
  readonly has: (field: string) => boolean;
} {
  const spec = fieldOf(written, 'spec');
  return {
    types: itemsOf(fieldOf(spec, 'policyTypes')),
    has: (field) => !isAbsentOrEmpty(fieldOf(spec, field)),
  };
}
