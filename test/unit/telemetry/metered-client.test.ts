import { expect, test } from 'vitest';
import { failure, success } from '../../../src/base/result.ts';
import { clientAround } from '../../../src/kube/client/client-around.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { NETWORK_POLICIES, SELF_SUBJECT_ACCESS_REVIEWS } from '../../../src/operator/watch/resources.ts';
import { meteredClient } from '../../../src/telemetry/metered-client.ts';

const OBJECT: KubeObject = { metadata: { name: 'x', namespace: 'team-a' } };
const REFERENCE = { type: NETWORK_POLICIES, namespace: 'team-a', name: 'x' };

test('each write is counted by kind, verb and result; reads and reviews are not', async () => {
  const refuse = { isRefusing: false };
  const stub: KubeClient = {
    watch: () => Promise.resolve(success(undefined)),
    list: () => Promise.resolve(success({ items: [], resourceVersion: '1' })),
    get: () => Promise.resolve(success(OBJECT)),
    read: () => Promise.resolve(success({})),
    create: (_type, object) => Promise.resolve(success(object)),
    apply: (_type, object) => Promise.resolve(success(object)),
    replace: (_type, object) => Promise.resolve(success(object)),
    remove: () => Promise.resolve(success(undefined)),
  };
  const kube = clientAround(stub, (send) =>
    refuse.isRefusing ? Promise.resolve(failure({ kind: 'conflict', message: 'x' })) : send(),
  );
  const counted: string[] = [];
  const metered = meteredClient(kube, {
    wrote: ({ kind, verb, result }) => void counted.push(`${kind} ${verb} ${result}`),
  });
  await metered.get(REFERENCE);
  await metered.create(SELF_SUBJECT_ACCESS_REVIEWS, OBJECT);
  await metered.create(NETWORK_POLICIES, OBJECT);
  await metered.replace(NETWORK_POLICIES, OBJECT);
  refuse.isRefusing = true;
  await metered.apply(NETWORK_POLICIES, OBJECT);
  await metered.remove(REFERENCE);
  expect(counted).toEqual([
    'NetworkPolicy create success',
    'NetworkPolicy replace success',
    'NetworkPolicy apply conflict',
    'NetworkPolicy remove conflict',
  ]);
});
