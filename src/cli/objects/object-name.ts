import { FIELD_MANAGER, LABELS } from '../../api/names.ts';
import { fieldOf, textOf } from '../../base/json.ts';

/** Kinds that are in no namespace, of those that verdicts rest on. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'ClusterNetworkPolicy',
  'BaselinePolicy',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
]);

/** The kind of an object; empty for anything else. */
export function kindOf(object: unknown): string {
  return textOf(fieldOf(object, 'kind'));
}

/** The name of an object; empty where it has none. */
export function nameOf(object: unknown): string {
  return textOf(fieldOf(fieldOf(object, 'metadata'), 'name'));
}

/** The namespace of an object: its own, else `defaultNamespace`; empty for kinds that are in none. */
export function namespaceOf(object: unknown, defaultNamespace: string): string {
  if (CLUSTER_SCOPED.has(kindOf(object))) {
    return '';
  }
  const own = textOf(fieldOf(fieldOf(object, 'metadata'), 'namespace'));
  return own === '' ? defaultNamespace : own;
}

/** Kind, namespace and name as one text: equal for two states of one object, whatever the version of its API. */
export function identityOf(object: unknown, defaultNamespace: string): string {
  return `${kindOf(object)}/${namespaceOf(object, defaultNamespace)}/${nameOf(object)}`;
}

/** The BaselinePolicy that a NetworkPolicy belongs to by its labels (R5, ownership); empty for foreign ones. */
export function baselineOf(object: unknown): string {
  const labels = fieldOf(fieldOf(object, 'metadata'), 'labels');
  return fieldOf(labels, LABELS.managedBy) === FIELD_MANAGER ? textOf(fieldOf(labels, LABELS.policy)) : '';
}
