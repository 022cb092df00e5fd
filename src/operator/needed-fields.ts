import { customResourceDefinitions } from '../generate/crd.ts';
import { fieldOf } from '../kube/json-shape.ts';
import { schemaFields, type NeededFields } from './served-crds.ts';

/** The fields that a served CRD must have: all that the CRDs of this version have. */
export function neededFields(): NeededFields {
  return Object.fromEntries(
    customResourceDefinitions().map((crd) => {
      const { names, versions } = crd.spec;
      return [names.plural, versions.flatMap((version) => schemaFields(fieldOf(fieldOf(version, 'schema'), 'openAPIV3Schema')))];
    }),
  );
}
