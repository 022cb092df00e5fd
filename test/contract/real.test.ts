import { inject } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../src/api/crd/crd.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { clusterAt } from '../support/control-plane/cluster.ts';
import { describeApiServer } from './api-server.contract.ts';
import { valueOf } from './api-server-under-test.ts';

const isWatchListServed = !/^v1\.(31|33)\./.test(inject('controlPlane').version);

describeApiServer('the real API server', { isWatchListServed }, async () => {
  const controlPlane = clusterAt(inject('controlPlane'));
  await controlPlane.applyManifests(RESOURCE_DEFINITIONS.map(crdFor));
  const cluster = valueOf(await loadCluster({ kubeconfigPath: controlPlane.address.kubeconfigPath }));
  return {
    clientAs: (fieldManager) => createKubeClient({ cluster, fieldManager, userAgent: 'nsbaseline-contract' }),
    stop: () => Promise.resolve(),
  };
});
