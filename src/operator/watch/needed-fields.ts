import { crdFor, RESOURCE_DEFINITIONS } from '../../api/crd/crd.ts';
import { fieldOf, itemsOf } from '../../base/json.ts';
import { type NeededFields, schemaFields } from './served-crds.ts';

/** The fields that a served CRD must have: all fields of this version's CRDs. */
export function neededFields(): NeededFields {
  return Object.fromEntries(
    RESOURCE_DEFINITIONS.map((definition) => [definition.plural, fieldsOfCrd(crdFor(definition))]),
  );
}

function fieldsOfCrd(crd: unknown): readonly string[] {
  return itemsOf(fieldOf(fieldOf(crd, 'spec'), 'versions')).flatMap((version) =>
    schemaFields(fieldOf(fieldOf(version, 'schema'), 'openAPIV3Schema')),
  );
}
