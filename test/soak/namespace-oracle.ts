import { isDeepStrictEqual } from 'node:util';
import { fieldOf, itemsOf, textOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { Declaration, DeclaredNamespace, Duty } from './declaration.ts';
import type { StoredSpec } from './forms.ts';

/** What somebody else's objects carry in a soak, so that an observer knows them whatever their names are. */
export const FOREIGN = 'soak.example.com/foreign';

/** Whether a NetworkPolicy was made by a tenant of the soak. */
export function isForeign({ metadata }: KubeObject): boolean {
  return fieldOf(metadata.annotations, FOREIGN) === 'true';
}

/** What is not as declared in a namespace that is there, as the first thing that is wrong; undefined when nothing is. */
export function problemIn(
  namespace: DeclaredNamespace,
  declaration: Declaration,
  standing: ReadonlyMap<string, KubeObject>,
): string | undefined {
  for (const policy of declaration.policies.values()) {
    const problem = problemWith(policy.name, declaration.duty(namespace, policy), {
      standing,
      bornVersion: namespace.bornVersion,
    });
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

interface Standing {
  readonly standing: ReadonlyMap<string, KubeObject>;
  readonly bornVersion: string;
}

function problemWith(policy: string, duty: Duty, { standing, bornVersion }: Standing): string | undefined {
  if (duty.kind === 'frozen') {
    return undefined;
  }
  const own = [...standing].filter(
    ([name, object]) =>
      name.startsWith(`${policy}.`) && !isForeign(object) && isNewer(object.metadata.resourceVersion, bornVersion),
  );
  const parts = duty.kind === 'full' ? duty.form.parts : {};
  const stray = own.find(([name]) => !Object.hasOwn(parts, name.slice(policy.length + 1)));
  if (stray !== undefined) {
    return `${stray[0]} should be gone`;
  }
  if (duty.kind === 'none') {
    return undefined;
  }
  return Object.entries(parts)
    .map(([part, spec]) => partProblem(`${policy}.${part}`, { spec, uid: duty.uid }, { standing, bornVersion }))
    .find((problem) => problem !== undefined);
}

function partProblem(
  name: string,
  { spec, uid }: { readonly spec: StoredSpec; readonly uid: string },
  { standing, bornVersion }: Standing,
): string | undefined {
  const object = standing.get(name);
  if (object === undefined || !isNewer(object.metadata.resourceVersion, bornVersion)) {
    return `${name} is missing`;
  }
  if (isForeign(object)) {
    return undefined;
  }
  if (!isDeepStrictEqual(object.spec, spec)) {
    return `${name} has the spec ${JSON.stringify(object.spec)}`;
  }
  return isMarked(object, name.slice(0, name.indexOf('.')), uid) ? undefined : `${name} lacks our marks`;
}

function isMarked({ metadata }: KubeObject, policy: string, uid: string): boolean {
  const { labels, annotations } = metadata;
  return (
    fieldOf(labels, 'app.kubernetes.io/managed-by') === 'nsbaseline' &&
    fieldOf(labels, 'nsbaseline.io/policy') === policy &&
    fieldOf(annotations, 'nsbaseline.io/policy-uid') === uid
  );
}

/** Whether a resourceVersion is of a later write than another, of whatever object: etcd counts all writes together. */
export function isNewer(version: string | undefined, than: string): boolean {
  return BigInt(version ?? '0') > BigInt(than);
}

/** What a NamespaceBaseline says that is not so, where everything is as declared; undefined when it is the truth. */
export function untruthIn(
  namespace: DeclaredNamespace,
  declaration: Declaration,
  seen: { readonly status: unknown; readonly standing: ReadonlyMap<string, KubeObject> },
): string | undefined {
  const entries = itemsOf(fieldOf(seen.status, 'policies'));
  for (const policy of declaration.policies.values()) {
    const duty = declaration.duty(namespace, policy);
    const entry = entries.find((each) => fieldOf(each, 'policy') === policy.name);
    const phase = textOf(fieldOf(entry, 'phase'));
    if (duty.kind === 'none' && phase !== '') {
      return `it says ${phase} of ${policy.name}, which does not select it`;
    }
    if (duty.kind !== 'full') {
      continue;
    }
    const isObstructed = Object.keys(duty.form.parts).some((part) => {
      const object = seen.standing.get(`${policy.name}.${part}`);
      return object !== undefined && isForeign(object);
    });
    // What was tampered with again and again stands, and is reported for ten minutes more (R6).
    const isContested = phase === 'Conflict' && fieldOf(entry, 'reason') === 'Contested';
    const expected = isObstructed ? ['Conflict'] : ['Protected', 'Weakened'];
    if (!isContested && !expected.includes(phase)) {
      return `it says ${phase || 'nothing'} of ${policy.name}`;
    }
  }
  return undefined;
}
