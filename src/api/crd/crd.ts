import type { z } from 'zod';
import { DEFAULT_IN_WORDS } from '../bounded.ts';
import { GROUP, VERSION } from '../names.ts';
import { baselinePolicySchema, namespaceBaselineSchema } from '../resources.ts';
import { refusingNulls } from './refused-nulls.ts';
import { type StructuralSchema, structuralSchema, withoutKeywords } from './structural-schema.ts';

/** A column of `kubectl get`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority?: number;
}

/** Everything besides the schema that defines a custom resource. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly hasStatusSubresource: boolean;
  readonly schema: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  /** The fields that `kubectl get --field-selector` can use. */
  readonly selectableFields: readonly string[];
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When it was created.',
};

const baselinePolicy: ResourceDefinition = {
  kind: 'BaselinePolicy',
  plural: 'baselinepolicies',
  singular: 'baselinepolicy',
  shortName: 'baseline',
  scope: 'Cluster',
  hasStatusSubresource: true,
  schema: baselinePolicySchema,
  columns: [
    { name: 'Mode', type: 'string', jsonPath: '.status.mode', description: 'The mode in effect.' },
    {
      name: 'Matched',
      type: 'integer',
      jsonPath: '.status.namespaces.matched',
      description: 'The number of selected namespaces.',
    },
    {
      name: 'Protected',
      type: 'integer',
      jsonPath: '.status.namespaces.protected',
      description: 'Of these, the ones where everything is in place.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='Ready')].status",
      description: 'Whether the operator accepted it and attempted every selected namespace.',
    },
    {
      name: 'AllProtected',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='AllProtected')].status",
      description: 'Whether every selected namespace is protected.',
    },
    {
      name: 'Weakened',
      type: 'integer',
      jsonPath: '.status.namespaces.weakened',
      description: 'The number of selected namespaces where a foreign NetworkPolicy undoes the isolation.',
      priority: 1,
    },
    {
      name: 'Wide',
      type: 'integer',
      jsonPath: '.status.namespaces.wide',
      description:
        'The number of protected namespaces where a foreign NetworkPolicy allows far more than a purpose needs.',
      priority: 1,
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
      description: 'Why it is ready or not.',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='AllProtected')].message",
      description: 'Why not every selected namespace is protected.',
      priority: 1,
    },
    AGE,
  ],
  selectableFields: [],
};

const namespaceBaseline: ResourceDefinition = {
  kind: 'NamespaceBaseline',
  plural: 'namespacebaselines',
  singular: 'namespacebaseline',
  shortName: 'nsb',
  scope: 'Namespaced',
  hasStatusSubresource: false,
  schema: namespaceBaselineSchema,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'The worst state of its policies.' },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
      description: 'Why it is protected or not.',
    },
    {
      name: 'Weakened',
      type: 'string',
      jsonPath: '.status.weakened',
      description: 'How far foreign NetworkPolicies undo the isolation: open or wide; empty when none does.',
      priority: 1,
    },
    {
      name: 'Policies',
      type: 'string',
      jsonPath: '.status.policyNames',
      description: 'The BaselinePolicies that select it.',
      priority: 1,
    },
    AGE,
  ],
  selectableFields: ['.status.phase'],
};

/** Every custom resource, in the order of the docs. */
export const RESOURCE_DEFINITIONS: readonly ResourceDefinition[] = [baselinePolicy, namespaceBaseline];

/** The CustomResourceDefinition of a resource, as one plain object. */
export function crdFor(definition: ResourceDefinition): Readonly<Record<string, unknown>> {
  const { kind, plural, singular, shortName, scope } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'nsbaseline', 'app.kubernetes.io/component': 'crd' },
    },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: ['nsbaseline'] },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: definition.columns,
          ...(definition.selectableFields.length > 0
            ? { selectableFields: definition.selectableFields.map((jsonPath) => ({ jsonPath })) }
            : {}),
          schema: { openAPIV3Schema: servedSchema(structuralSchema(definition.schema)) },
          ...(definition.hasStatusSubresource ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}

/** The schema that the API server accepts: without our own keywords, and without rules on `metadata`, which the API server owns. */
function servedSchema(schema: StructuralSchema): StructuralSchema {
  const { metadata, spec, ...properties } = schema.properties ?? {};
  const { name } = metadata?.properties ?? {};
  if (name === undefined) {
    throw new Error('every resource has a name');
  }
  const required = (schema.required ?? []).filter((field) => field !== 'metadata');
  return withoutWords({
    ...withoutKeywords(schema, 'required'),
    ...(required.length > 0 ? { required } : {}),
    properties: {
      ...(spec === undefined ? {} : { spec: refusingNulls(spec) }),
      ...properties,
      metadata: { type: 'object', properties: { name } },
    },
  });
}

function withoutWords(schema: StructuralSchema): StructuralSchema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...withoutKeywords(schema, DEFAULT_IN_WORDS),
    ...(items === undefined ? {} : { items: withoutWords(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: withoutWords(additionalProperties) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, withoutWords(property)]),
          ),
        }),
  };
}
