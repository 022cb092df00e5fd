import { crdFor, RESOURCE_DEFINITIONS } from '../../api/crd/crd.ts';
import { fieldOf, itemsOf } from '../../base/json.ts';
import { type NeededFields, schemaFields } from './served-crds.ts';

let known: NeededFields | undefined;

/**
 * The fields that a served CRD must have: all fields of this version's CRDs. They are read out of the schemas once, when
 * they are first asked for, since that takes some ten milliseconds of every start.
 */
export function neededFields(): NeededFields {
  known ??= Object.fromEntries(
    RESOURCE_DEFINITIONS.map((definition) => [definition.plural, fieldsOfCrd(crdFor(definition))]),
  );
  return known;
}

function fieldsOfCrd(crd: unknown): readonly string[] {
  return itemsOf(fieldOf(fieldOf(crd, 'spec'), 'versions')).flatMap((version) =>
    schemaFields(fieldOf(fieldOf(version, 'schema'), 'openAPIV3Schema')),
  );
}
