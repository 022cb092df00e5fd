import type { z } from 'zod';
import { DEFAULT_IN_WORDS } from '../api/bounded.ts';
import { conditionSchema } from '../api/condition.ts';
import { RESOURCE_DEFINITIONS, type ResourceDefinition } from '../api/crd/crd.ts';
import { type StructuralSchema, structuralSchema, withoutKeywords } from '../api/crd/structural-schema.ts';
import { API_VERSION, LABELS } from '../api/names.ts';
import {
  egressRuleSchema,
  ingressRuleSchema,
  labelSelectorSchema,
  networkPolicyPeerSchema,
  networkPolicyPortSchema,
} from '../api/network-policy.ts';
import { INGRESS_CONTROLLER_PRESETS, MONITORING_PRESETS, type Preset } from '../api/presets.ts';

/** A shape that several fields have, told once. */
interface SharedShape {
  readonly name: string;
  readonly origin: string;
  readonly schema: z.ZodType;
}

const NETWORK_POLICY_API = 'https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/';
const SHARED_SHAPES: readonly SharedShape[] = [
  {
    name: 'LabelSelector',
    origin: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    schema: labelSelectorSchema,
  },
  { name: 'NetworkPolicyPeer', origin: NETWORK_POLICY_API, schema: networkPolicyPeerSchema },
  { name: 'NetworkPolicyPort', origin: NETWORK_POLICY_API, schema: networkPolicyPortSchema },
  { name: 'NetworkPolicyIngressRule', origin: NETWORK_POLICY_API, schema: ingressRuleSchema },
  { name: 'NetworkPolicyEgressRule', origin: NETWORK_POLICY_API, schema: egressRuleSchema },
  {
    name: 'Condition',
    origin: 'https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Condition',
    schema: conditionSchema,
  },
];
const SHAPE_NAMES = new Map(SHARED_SHAPES.map((shape) => [shapeKey(structuralSchema(shape.schema)), shape.name]));

const SERVER_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** The text of docs/api.md: every field of both resources with its type, default, meaning and rules. Pure. */
export function referenceDocs(): string {
  const sections = [
    '# Custom resources',
    `Generated from \`src/api\`; do not edit. Both resources are \`${API_VERSION}\`. \`kubectl explain\` shows the same texts.`,
    'Nothing is ever defaulted into a spec: the default is the meaning of an absent field.',
    ...RESOURCE_DEFINITIONS.flatMap(resourceSection),
    '## Presets',
    'Where the makers of well-known products install them, and how they label the pods, as read from the sources in the last column. If yours differ, name the pods in `from`. Pods with `hostNetwork` match no preset.',
    ...presetSection('spec.allow.monitoring.presets', MONITORING_PRESETS),
    ...presetSection('spec.allow.ingressController.presets', INGRESS_CONTROLLER_PRESETS),
    '## Shared shapes',
    "These are Kubernetes' own types. An entry of `rules` that is valid here is valid in a NetworkPolicy.",
    ...SHARED_SHAPES.flatMap((shape) => [
      `### ${shape.name}`,
      `See <${shape.origin}>.`,
      ...shapeSection(structuralSchema(shape.schema)),
    ]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function presetSection(path: string, presets: Readonly<Record<string, Preset>>): readonly string[] {
  const rows = Object.entries(presets).map(([name, { what, peer, sources }]) => {
    const { namespaceSelector, podSelector } = peer;
    const namespaces = [
      namespaceSelector?.matchLabels?.[LABELS.namespaceName] ?? [],
      namespaceSelector?.matchExpressions?.flatMap(({ values = [] }) => values) ?? [],
    ].flat();
    const labels = Object.entries(podSelector?.matchLabels ?? {}).map(([key, value]) => `\`${key}=${value}\``);
    const links = sources.map((source) => `[${sourceName(source)}](${source})`);
    return `| \`${name}\` | ${what} | ${namespaces.join(', ')} | ${labels.length === 0 ? 'every pod' : labels.join(', ')} | ${links.join(', ')} |`;
  });
  return [
    `### \`${path}\``,
    ['| name | what it is | namespace | pods | read from |', '|---|---|---|---|---|', ...rows].join('\n'),
  ];
}

/** The repository of a file at GitHub, else the host. */
function sourceName(source: string): string {
  const { hostname, pathname } = new URL(source);
  return hostname === 'github.com' ? pathname.split('/').slice(1, 3).join('/') : hostname;
}

function resourceSection(definition: ResourceDefinition): readonly string[] {
  const schema = structuralSchema(definition.schema);
  const names = `${definition.scope === 'Cluster' ? 'Cluster-scoped' : 'Namespaced'}, \`kubectl get ${definition.plural}\`, short name \`${definition.shortName}\`, category \`nsbaseline\`.`;
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !SERVER_FIELDS.has(name)),
  );
  return [`## ${definition.kind}`, schema.description ?? '', names, ...shapeSection({ ...schema, properties })];
}

function shapeSection(schema: StructuralSchema): readonly string[] {
  const rows = rowsOf(schema, '');
  const rules = rulesOf(schema, '');
  return [
    ['| Field | Type | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n'),
    ...(rules.length > 0 ? ['The API server refuses, with these messages:', rules.join('\n')] : []),
  ];
}

function rowsOf(schema: StructuralSchema, prefix: string): readonly string[] {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const byDefault = property[DEFAULT_IN_WORDS];
    const meaning = (property.description ?? '').replace(` Default: ${byDefault ?? ''}.`, '');
    const row = `| \`${path}\` | ${cell(typeName(property))} | ${required.includes(name) ? 'required' : cell(byDefault ?? '')} | ${cell(meaning)} |`;
    return [row, ...inner(property, path, rowsOf)];
  });
}

function rulesOf(schema: StructuralSchema, path: string): readonly string[] {
  const own = (schema['x-kubernetes-validations'] ?? []) as readonly {
    readonly message: string;
    readonly fieldPath?: string;
  }[];
  const ownRules = own.map(
    (rule) => `- \`${`${path}${rule.fieldPath ?? ''}`.replace(/^\./, '') || '(the whole)'}\`: ${rule.message}`,
  );
  const nested = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesBelow(property, path === '' ? name : `${path}.${name}`),
  );
  return [...ownRules, ...nested];
}

function rulesBelow(property: StructuralSchema, path: string): readonly string[] {
  if (SHAPE_NAMES.has(shapeKey(property))) {
    return [];
  }
  const below = property.items ?? property.additionalProperties;
  const own = rulesOf(property, path);
  return below === undefined ? own : [...own, ...rulesBelow(below, `${path}[]`)];
}

/** The rows of the fields inside a field, unless it is a shared shape with a section of its own. */
function inner(
  property: StructuralSchema,
  path: string,
  rowsFor: (schema: StructuralSchema, prefix: string) => readonly string[],
): readonly string[] {
  if (SHAPE_NAMES.has(shapeKey(property))) {
    return [];
  }
  if (property.items !== undefined) {
    return inner(property.items, `${path}[]`, rowsFor);
  }
  return property.properties === undefined ? [] : rowsFor(property, `${path}.`);
}

function typeName(schema: StructuralSchema): string {
  const shared = SHAPE_NAMES.get(shapeKey(schema));
  if (shared !== undefined) {
    return `[${shared}](#${shared.toLowerCase()})`;
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    return 'number or text';
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `\`${value}\``).join(', ');
  }
  return plainTypeName(schema);
}

function plainTypeName(schema: StructuralSchema): string {
  const { type, items, maxItems, maxLength, maxProperties } = schema;
  if (type === 'array') {
    return `list of ${typeName(items ?? {})}, at most ${String(maxItems)}`;
  }
  if (type === 'integer') {
    return 'whole number';
  }
  if (type === 'boolean') {
    return 'true or false';
  }
  if (type === 'string') {
    return schema.format === 'date-time' ? 'time' : `text, at most ${String(maxLength)} characters`;
  }
  return schema.additionalProperties === undefined
    ? 'object'
    : `map of text to text, at most ${String(maxProperties)} entries`;
}

/** Equal for schemas that differ only in the description and default of the schema itself. */
function shapeKey(schema: StructuralSchema): string {
  return JSON.stringify(withoutKeywords(schema, 'description', DEFAULT_IN_WORDS));
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
