import { type Form, type FormName, formOf } from './forms.ts';

/** A policy as somebody declared it last. */
export interface DeclaredPolicy {
  readonly name: string;
  form: FormName;
  mode: 'Enforce' | 'DryRun' | 'Paused';
  onDelete: 'Keep' | 'Remove';
  /** Of the object that carries the name; empty while there is none. */
  uid: string;
  /** Since when nothing of it may be written or removed, in milliseconds of the soak; undefined while it is enforced. */
  frozenSinceMs: number | undefined;
}

/** A namespace as somebody declared it last. */
export interface DeclaredNamespace {
  readonly name: string;
  state: 'absent' | 'present' | 'going';
  /** The policies that select it. */
  readonly policies: Set<string>;
  /** Policies whose objects somebody's deletion left behind here: orphans, which nobody touches. */
  readonly orphaned: Set<string>;
  /** The resourceVersion that it came with: what is older belonged to one of its name before it. */
  bornVersion: string;
}

/** What must be true of one policy in one namespace. */
export type Duty =
  /** Every part, exactly, and no other. */
  | { readonly kind: 'full'; readonly uid: string; readonly form: Form }
  /** Nothing. */
  | { readonly kind: 'none' }
  /** What stands may be anything, but nobody of ours touches it. */
  | { readonly kind: 'frozen' };

/** The label that has a policy select a namespace. */
export function labelOf(policy: string): string {
  return `soak.example.com/${policy}`;
}

/** All that was declared in a soak: what an observer compares the cluster with. */
export class Declaration {
  readonly policies: ReadonlyMap<string, DeclaredPolicy>;
  readonly namespaces: ReadonlyMap<string, DeclaredNamespace>;

  constructor(names: { readonly policies: readonly string[]; readonly namespaces: readonly string[] }) {
    this.policies = new Map(
      names.policies.map((name) => [
        name,
        { name, form: 'plain', mode: 'Enforce', onDelete: 'Keep', uid: '', frozenSinceMs: 0 },
      ]),
    );
    this.namespaces = new Map(
      names.namespaces.map((name) => [
        name,
        { name, state: 'absent', policies: new Set(), orphaned: new Set(), bornVersion: '0' },
      ]),
    );
  }

  /** What must be true of a policy in a namespace that is there. */
  duty(namespace: DeclaredNamespace, policy: DeclaredPolicy): Duty {
    if (policy.frozenSinceMs !== undefined) {
      return { kind: 'frozen' };
    }
    if (namespace.policies.has(policy.name)) {
      return { kind: 'full', uid: policy.uid, form: formOf(policy.form) };
    }
    return namespace.orphaned.has(policy.name) ? { kind: 'frozen' } : { kind: 'none' };
  }
}
