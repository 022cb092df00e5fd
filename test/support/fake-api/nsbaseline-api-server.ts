import { crdFor, RESOURCE_DEFINITIONS } from '../../../src/api/crd/crd.ts';
import { validateBaselinePolicy } from '../../../src/api/validation.ts';
import { FakeApiServer } from './fake-api-server.ts';
import type { FakeClusterOptions } from './fake-cluster.ts';
import { objectAt, textAt, valueAt } from './json.ts';
import type { ExtraCauses } from './write-path.ts';

/** A fake API server on which nsbaseline's CRDs are installed, with their CEL rules. */
export async function fakeServerWithCrds(options: FakeClusterOptions = {}): Promise<FakeApiServer> {
  const server = await FakeApiServer.start({ crds: RESOURCE_DEFINITIONS.map(crdFor), ...options });
  server.cluster.extraCauses = baselinePolicyCauses;
  return server;
}

/** What the CRD's CEL rules find wrong with a BaselinePolicy, by the same rules in TypeScript. */
export const baselinePolicyCauses: ExtraCauses = (resource, object) => {
  if (resource.type.kind !== 'BaselinePolicy') {
    return [];
  }
  const outcome = validateBaselinePolicy(textAt(objectAt(object, 'metadata'), 'name') ?? '', valueAt(object, 'spec'));
  return outcome.ok
    ? []
    : outcome.problems.map(({ path, message }) => ({
        field: path,
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${message}`,
      }));
};
