import { inject } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../src/generate/crd.ts';
import { createKubeClient } from '../../src/kube/http-kube-client.ts';
import { loadCluster } from '../../src/kube/kubeconfig.ts';
import { clusterAt } from '../controlplane/cluster.ts';
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
