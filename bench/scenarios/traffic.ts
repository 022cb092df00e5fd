import { inParallel } from '../bench-cluster.ts';
import { openCountingProxy } from '../counting-proxy.ts';
import { pauseMs } from '../operator-pages.ts';
import { startFloor, startOperator } from '../process.ts';
import { requestCount, requestsSince } from '../requests.ts';
import { allComplete, names, onBenchCluster, type Scenario, type Subject } from '../scenario.ts';

/** Until the last NamespaceBaseline, Event and status is written, too. */
const SETTLE_MS = 3000;

interface Traffic {
  readonly requests: number;
  readonly events: number;
  readonly sent: number;
  readonly received: number;
  readonly connections: number;
}

/** What a protected namespace costs the network and the API server. */
export const traffic: Scenario = {
  name: 'traffic',
  what: 'Bytes on the wire, as a proxy before the API server counts them, and requests by its audit log, for each namespace that becomes protected.',
  run: async ({ sized, say }) => {
    const count = sized(500);
    const play = (subject: Subject): Promise<Traffic> =>
      onBenchCluster(async (stage) => {
        say(`${subject}: ${count} namespaces behind a proxy that counts`);
        const all = names('traffic', count);
        await stage.namespaces(all, false);
        const proxy = await openCountingProxy(stage.kubeconfigPath);
        const measured =
          subject === 'operator' ? startOperator(proxy.kubeconfigPath) : startFloor('react', proxy.kubeconfigPath);
        await measured.said(subject === 'operator' ? '"msg":"leads"' : 'ready');
        await pauseMs(SETTLE_MS);
        const before = { ...proxy.bytes(), requests: await requestCount(stage) };
        await inParallel(all, stage.label);
        await allComplete(stage, all);
        await pauseMs(SETTLE_MS);
        const { sent, received } = proxy.bytes();
        const requests = (await requestsSince(stage, before.requests)).filter(({ resource }) => resource !== 'leases');
        const events = requests.filter(({ resource }) => resource === 'events').length;
        await measured.stop();
        proxy.close();
        return {
          requests: (requests.length - events) / count,
          events: events / count,
          sent: (sent - before.sent) / count / 1024,
          received: (received - before.received) / count / 1024,
          connections: proxy.connections(),
        };
      });
    const [floor, operator] = [await play('floor'), await play('operator')];
    const scenario = 'traffic';
    return [
      { scenario, what: 'requests per namespace', unit: 'requests', value: operator.requests, floor: floor.requests },
      { scenario, what: 'Events per namespace', unit: 'requests', value: operator.events, floor: floor.events },
      { scenario, what: 'sent per namespace', unit: 'KiB', value: operator.sent, floor: floor.sent },
      { scenario, what: 'received per namespace', unit: 'KiB', value: operator.received, floor: floor.received },
    ];
  },
};
