import { describe, expect, test } from 'vitest';
import { success } from '../../../../src/base/result.ts';
import { fencedClient } from '../../../../src/kube/client/fenced-client.ts';
import type { KubeClient, WriteOptions } from '../../../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { NETWORK_POLICIES } from '../../../../src/operator/watch/resources.ts';

const OBJECT: KubeObject = { metadata: { name: 'standard.default-deny', namespace: 'team-a' } };
const REFERENCE = { type: NETWORK_POLICIES, namespace: 'team-a', name: 'standard.default-deny' };

/** A client that answers everything at once and notes what it was asked. */
function noting(): { readonly kube: KubeClient; readonly asked: string[]; readonly limits: WriteOptions[] } {
  const asked: string[] = [];
  const limits: WriteOptions[] = [];
  const write = (verb: string, options: WriteOptions | undefined): void => {
    asked.push(verb);
    limits.push(options ?? {});
  };
  const kube: KubeClient = {
    list: () => Promise.resolve(success({ items: [], resourceVersion: '1' })),
    watch: () => Promise.resolve(success(undefined)),
    get: () => Promise.resolve(success(OBJECT)),
    read: () => Promise.resolve(success({})),
    create: (_type, object, options) => {
      write('create', options);
      return Promise.resolve(success(object));
    },
    apply: (_type, object, options) => {
      write(`apply${options?.subresource === undefined ? '' : ` ${options.subresource}`}`, options);
      return Promise.resolve(success(object));
    },
    replace: (_type, object, options) => {
      write('replace', options);
      return Promise.resolve(success(object));
    },
    remove: (_reference, options) => {
      write(`remove ${options?.uid ?? ''}`, options);
      return Promise.resolve(success(undefined));
    },
  };
  return { kube, asked, limits };
}

function writesThrough(kube: KubeClient): Promise<{ readonly ok: boolean }[]> {
  return Promise.all([
    kube.create(NETWORK_POLICIES, OBJECT),
    kube.apply(NETWORK_POLICIES, OBJECT, { subresource: 'status' }),
    kube.replace(NETWORK_POLICIES, OBJECT),
    kube.remove(REFERENCE, { uid: 'u1' }),
  ]);
}

describe('R15 a fenced client', () => {
  test('R15 sends every write inside the fence as it is, limited to the time that the fence is sure to stand', async () => {
    const { kube, asked, limits } = noting();
    const fenced = fencedClient(kube, { lost: new AbortController().signal, remainingMs: () => 1234.5 }, 10_000);
    expect((await writesThrough(fenced)).every(({ ok }) => ok)).toBe(true);
    expect(asked).toEqual(['create', 'apply status', 'replace', 'remove u1']);
    expect(limits.map(({ timeoutMs }) => timeoutMs)).toEqual([1234, 1234, 1234, 1234]);
  });

  test('R15 a shorter limit of the caller or of the client stays', async () => {
    const { kube, limits } = noting();
    const fenced = fencedClient(kube, { lost: new AbortController().signal, remainingMs: () => 60_000 }, 10_000);
    await fenced.create(NETWORK_POLICIES, OBJECT);
    await fenced.create(NETWORK_POLICIES, OBJECT, { timeoutMs: 300 });
    expect(limits.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 300]);
  });

  test('R15 sends no write once the time is up, whether or not anybody was told; reads pass', async () => {
    const { kube, asked } = noting();
    const fenced = fencedClient(kube, { lost: new AbortController().signal, remainingMs: () => 0 }, 10_000);
    expect(await writesThrough(fenced)).toMatchObject(
      Array.from({ length: 4 }, () => ({ ok: false, error: { kind: 'aborted' } })),
    );
    expect(asked).toEqual([]);
    expect((await fenced.get(REFERENCE)).ok).toBe(true);
    expect((await fenced.list({ type: NETWORK_POLICIES })).ok).toBe(true);
  });

  test('R15 what is under way is aborted when the lease is lost, and by the caller as before', async () => {
    const { kube, limits } = noting();
    const [lost, own] = [new AbortController(), new AbortController()];
    const fenced = fencedClient(kube, { lost: lost.signal, remainingMs: () => 1000 }, 10_000);
    await fenced.create(NETWORK_POLICIES, OBJECT);
    await fenced.create(NETWORK_POLICIES, OBJECT, { signal: own.signal });
    await fenced.create(NETWORK_POLICIES, OBJECT, { signal: new AbortController().signal });
    own.abort();
    expect(limits.map(({ signal }) => signal?.aborted)).toEqual([false, true, false]);
    lost.abort();
    expect(limits.map(({ signal }) => signal?.aborted)).toEqual([true, true, true]);
  });
});
