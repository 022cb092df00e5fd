import { describe } from 'vitest';
import { type ApiServerTraits, type StartApiServer, subjectOf } from './api-server-under-test.ts';
import { describeApply } from './apply.contract.ts';
import { describeCustomResources } from './custom-resources.contract.ts';
import { describeLists } from './lists.contract.ts';
import { describeNamespaces } from './namespaces.contract.ts';
import { describeNetworkPolicies } from './network-policies.contract.ts';
import { describeObjects } from './objects.contract.ts';
import { describeWatches } from './watch.contract.ts';

/**
 * What the operator relies on in an API server, as one suite that is run against the real one and against the fake: what
 * holds on both holds, and the fake cannot lie about it.
 */
export function describeApiServer(name: string, traits: ApiServerTraits, start: StartApiServer): void {
  describe(name, () => {
    const subject = subjectOf(start);
    describeObjects(subject);
    describeLists(subject);
    describeWatches(subject, traits);
    describeApply(subject);
    describeNetworkPolicies(subject);
    describeCustomResources(subject);
    describeNamespaces(subject);
  });
}
