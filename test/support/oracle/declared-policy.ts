import type { BaselinePolicySpec } from '../../../src/api/baseline-policy.ts';
import { ANNOTATIONS, FIELD_MANAGER, FINALIZER, LABELS } from '../../../src/api/names.ts';
import { fieldOf, fieldsOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { type ExpectedPart, expectedParts } from './expected-parts.ts';

/** A BaselinePolicy as the rules in docs/reconcile.md read it: written anew here, so that it can disagree with the operator. */
export interface DeclaredPolicy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  readonly hasFinalizer: boolean;
  readonly mode: string;
  readonly keepsOnOptOut: boolean;
  readonly removesOnDelete: boolean;
  /** How long an opt-out waits (R4), in milliseconds, of the values that histories have. */
  readonly graceMs: number;
  /** Whether its allow-dns leads to the resolvers that discovery finds (R14), and whether on the ports that it finds. */
  readonly dns: { readonly usesFoundPlaces: boolean; readonly usesFoundPorts: boolean };
  readonly selector: Readonly<Record<string, string>>;
  readonly parts: readonly ExpectedPart[];
}

const declaredPolicies = new WeakMap<KubeObject, DeclaredPolicy>();

/** What a BaselinePolicy declares. */
export function declaredPolicy(policy: KubeObject): DeclaredPolicy {
  const known = declaredPolicies.get(policy) ?? declaration(policy);
  declaredPolicies.set(policy, known);
  return known;
}

function declaration({ metadata, spec }: KubeObject): DeclaredPolicy {
  const declared = fieldsOf(spec) as BaselinePolicySpec;
  const { onOptOut, onDelete, grace } = declared.removal ?? {};
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    isDeleting: metadata.deletionTimestamp !== undefined,
    hasFinalizer: metadata.finalizers?.includes(FINALIZER) === true,
    mode: declared.mode ?? 'Enforce',
    keepsOnOptOut: onOptOut === 'Keep',
    removesOnDelete: onDelete === 'Remove',
    graceMs: grace === '0s' ? 0 : 10_000,
    dns: dnsUse(declared),
    selector: selectorOf(declared),
    parts: expectedParts(metadata.name ?? '', declared),
  };
}

function dnsUse({ allow }: BaselinePolicySpec): DeclaredPolicy['dns'] {
  const { to, toAnywhere, ports } = allow?.dns ?? {};
  return { usesFoundPlaces: to === undefined && toAnywhere !== true, usesFoundPorts: ports === undefined };
}

function selectorOf({ namespaceSelector }: BaselinePolicySpec): Readonly<Record<string, string>> {
  return namespaceSelector === undefined ? { [LABELS.enabled]: 'true' } : (namespaceSelector.matchLabels ?? {});
}

/** Whether a policy selects a namespace (R1), of the namespaces and selectors that histories have. */
export function isSelecting(policy: DeclaredPolicy, namespace: KubeObject | undefined): boolean {
  if (namespace === undefined || isGoing(namespace)) {
    return false;
  }
  const name = namespace.metadata.name ?? '';
  if (['kube-system', 'kube-public', 'kube-node-lease', 'nsbaseline-system'].includes(name)) {
    return false;
  }
  return Object.entries(policy.selector).every(([key, value]) => fieldOf(namespace.metadata.labels, key) === value);
}

/** Whether a namespace is being deleted. */
export function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The uid of a BaselinePolicy that a NetworkPolicy carries; empty for none. */
export function policyUidOf({ metadata }: KubeObject): string {
  return textOf(fieldOf(metadata.annotations, ANNOTATIONS.policyUid));
}

/** Whether a NetworkPolicy carries our label. */
export function isLabelled({ metadata }: KubeObject): boolean {
  return fieldOf(metadata.labels, LABELS.managedBy) === FIELD_MANAGER;
}

/** Whether a NetworkPolicy was left behind on purpose. */
export function isKept({ metadata }: KubeObject): boolean {
  return fieldOf(metadata.annotations, ANNOTATIONS.kept) === 'true';
}

/** Whether its owner hands a NetworkPolicy over. */
export function isHandedOver({ metadata }: KubeObject): boolean {
  return fieldOf(metadata.annotations, ANNOTATIONS.adopt) === 'true';
}

/** The uids that a NamespaceBaseline lists. */
export function recordedUids(record: KubeObject | undefined): ReadonlySet<string> {
  const entries = itemsOf(fieldOf(record?.status, 'policies'));
  return new Set(
    entries.flatMap((entry) => itemsOf(fieldOf(entry, 'managed')).map((managed) => textOf(fieldOf(managed, 'uid')))),
  );
}

/** The directions that a default-deny isolates; none for any other object. */
export function isolatedBy(object: KubeObject): readonly string[] {
  if (object.metadata.name?.endsWith('.default-deny') !== true) {
    return [];
  }
  return itemsOf(fieldOf(object.spec, 'policyTypes')).map(textOf);
}

/** The name of the policy that a NetworkPolicy's name begins with; empty for a name without a dot. */
export function ownerNameOf({ metadata }: KubeObject): string {
  const [owner = '', ...rest] = (metadata.name ?? '').split('.');
  return rest.length === 0 ? '' : owner;
}
