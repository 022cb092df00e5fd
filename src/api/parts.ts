import type { Allow } from './allow.ts';

/**
 * What a part means to the order of writes and to the report: `deny` isolates the pods, `dns` must be in place before
 * anything isolates them and goes last, `other` is every further allow, the rules of a BaselinePolicy included (R3, order
 * of writes).
 */
export type PartRole = 'deny' | 'dns' | 'other';

interface Part {
  readonly name: string;
  readonly role: PartRole;
  /** Whether a BaselinePolicy with this `allow` has the part. */
  readonly isOn: (allow: Allow) => boolean;
}

/**
 * Every part that a BaselinePolicy can render by itself, in the order in which people read them. The spec of each is in
 * the table of openings in src/domain/rendering/openings.ts.
 */
export const PARTS = [
  { name: 'default-deny', role: 'deny', isOn: () => true },
  { name: 'allow-dns', role: 'dns', isOn: ({ dns }) => dns?.enabled !== false },
  { name: 'allow-monitoring', role: 'other', isOn: ({ monitoring }) => monitoring?.enabled !== false },
  { name: 'allow-same-namespace', role: 'other', isOn: ({ sameNamespace }) => sameNamespace?.enabled === true },
  {
    name: 'allow-ingress-controller',
    role: 'other',
    isOn: ({ ingressController }) => ingressController?.enabled === true,
  },
  { name: 'allow-kube-api-server', role: 'other', isOn: ({ kubeApiServer }) => kubeApiServer?.enabled === true },
  { name: 'allow-internet', role: 'other', isOn: ({ internet }) => internet?.enabled === true },
] as const satisfies readonly Part[];

/** The name of a built-in part; a NetworkPolicy is named `<policy>.<part>`. */
export type BuiltInPart = (typeof PARTS)[number]['name'];

/** The names of {@link PARTS}, in the same order; no rule may have one of them. */
export const BUILT_IN_PARTS: readonly BuiltInPart[] = PARTS.map(({ name }) => name);

const ROLES: ReadonlyMap<string, PartRole> = new Map(PARTS.map(({ name, role }) => [name, role]));

/** The role of a part by its name; a part that is not built in is a rule, and so `other`. */
export function roleOf(part: string): PartRole {
  return ROLES.get(part) ?? 'other';
}

/** The name of the part that isolates: every policy has it. */
export const DENY_PART: BuiltInPart = 'default-deny';
