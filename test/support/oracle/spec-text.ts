/** Lists whose order means nothing. */
const SETS = new Set(['policyTypes', 'except', 'values']);

/**
 * The `spec` of a NetworkPolicy as a text that is equal for equal specs: keys sorted, and absent fields and the API
 * server's defaults written alike (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/).
 * A field that Kubernetes does not know today makes another text.
 *
 * Shares no code with src, so that a fault in the product's comparison shows up as a difference.
 */
export function specText(spec: unknown): string {
  const fields = new Map(entriesOf(spec));
  fields.set('podSelector', fields.get('podSelector') ?? {});
  if (isEmptyList(fields.get('policyTypes') ?? [])) {
    fields.set('policyTypes', isEmptyList(fields.get('egress') ?? []) ? ['Ingress'] : ['Ingress', 'Egress']);
  }
  return JSON.stringify(comparable('spec', Object.fromEntries(fields)));
}

function comparable(key: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(key === 'ports' ? 'port of a list' : 'item', item));
    return SETS.has(key) ? items.map(String).sort() : items;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = entriesOf(value).filter(([name, field]) => !isAbsent(name, field));
  if (key === 'port of a list' && !entries.some(([name]) => name === 'protocol')) {
    entries.push(['protocol', 'TCP']);
  }
  return entries
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => [name, comparable(name, field)]);
}

/** Go leaves out an empty list or map when it writes JSON; an empty selector stays, as it selects everything. */
function isAbsent(name: string, value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    isEmptyList(value) ||
    (name === 'matchLabels' && entriesOf(value).length === 0)
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
