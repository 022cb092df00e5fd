import { createKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { fakeServerWithCrds } from '../support/fake-api/nsbaseline-api-server.ts';
import { describeApiServer } from './api-server.contract.ts';

describeApiServer('the fake API server', { isWatchListServed: true }, async () => {
  const server = await fakeServerWithCrds();
  return {
    clientAs: (fieldManager) =>
      createKubeClient({ cluster: server.asCluster(), fieldManager, userAgent: 'nsbaseline-contract' }),
    stop: () => server.close(),
  };
});
