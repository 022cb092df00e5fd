import { fieldOf, fieldsOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { ControlPlaneAddress } from './protocol.ts';

type EtcdAddress = Pick<ControlPlaneAddress, 'etcdServer'>;

/** Beside all that Kubernetes stores; its revisions count like any other. */
const FILLER = 'filler/';

/** Writes so many keys of a few bytes, so that resourceVersions go up by as many. */
export async function advanceRevisions(address: EtcdAddress, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await put(address, 'revision', 'x');
  }
}

/** Writes values of 1 MiB until etcd refuses them for want of space (https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota); throws where `limit` of them do fit. */
export async function fillEtcd(address: EtcdAddress, limit: number): Promise<void> {
  const value = 'x'.repeat(1024 * 1024);
  for (let index = 0; index < limit; index += 1) {
    const refusal = await put(address, String(index), value);
    if (refusal.includes('database space exceeded')) {
      return;
    }
    if (refusal !== '') {
      throw new Error(refusal);
    }
  }
  throw new Error(`${limit} MiB fit into etcd`);
}

/** Makes room again as an administrator does: takes away what filled it, compacts, defragments, and disarms the alarm. */
export async function emptyEtcd(address: EtcdAddress): Promise<void> {
  await ask(address, 'kv/deleterange', { key: encoded(FILLER), range_end: encoded('filler0') });
  await compactEtcd(address);
  await ask(address, 'maintenance/defragment', {});
  for (const alarm of itemsOf(fieldOf(await ask(address, 'maintenance/alarm', { action: 'GET' }), 'alarms'))) {
    await ask(address, 'maintenance/alarm', { ...fieldsOf(alarm), action: 'DEACTIVATE' });
  }
}

/** Forgets every revision but the newest: older continue tokens and positions are of no use any more. */
export async function compactEtcd(address: EtcdAddress): Promise<void> {
  const range = await ask(address, 'kv/range', { key: encoded(FILLER) });
  await ask(address, 'kv/compaction', {
    revision: textOf(fieldOf(fieldOf(range, 'header'), 'revision')),
    physical: true,
  });
}

/** Gives the words of a refusal; empty for none. */
async function put(address: EtcdAddress, name: string, value: string): Promise<string> {
  const response = await post(address, 'kv/put', { key: encoded(`${FILLER}${name}`), value: encoded(value) });
  return response.ok ? '' : await response.text();
}

async function ask(address: EtcdAddress, method: string, body: object): Promise<unknown> {
  const response = await post(address, method, body);
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`etcd: ${method}: ${text}`);
  }
  return JSON.parse(text);
}

/** etcd's gRPC interface as JSON (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). */
function post({ etcdServer }: EtcdAddress, method: string, body: object): Promise<Response> {
  return fetch(`${etcdServer}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) });
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
