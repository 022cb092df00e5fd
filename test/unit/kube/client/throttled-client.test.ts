import { describe, expect, test } from 'vitest';
import { success } from '../../../../src/base/result.ts';
import { clientAround } from '../../../../src/kube/client/client-around.ts';
import { ConcurrencyLimiter } from '../../../../src/kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { throttledClient } from '../../../../src/kube/client/throttled-client.ts';
import { NETWORK_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';

const OBJECT: KubeObject = { metadata: { name: 'standard.default-deny', namespace: 'team-a' } };
const REFERENCE = { type: NETWORK_POLICIES, namespace: 'team-a', name: 'standard.default-deny' };

/** A client that notes each request and the options that came with it, and answers when it is told to. */
function waitingClient(): {
  readonly kube: KubeClient;
  readonly sent: string[];
  readonly options: unknown[];
  readonly answer: () => Promise<void>;
} {
  const sent: string[] = [];
  const options: unknown[] = [];
  const waiting: (() => void)[] = [];
  const request = async <Value>(
    verb: string,
    given: unknown,
    value: Value,
  ): Promise<ReturnType<typeof success<Value>>> => {
    sent.push(verb);
    options.push(given);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return success(value);
  };
  const kube: KubeClient = {
    watch: () => Promise.resolve(success(undefined)),
    list: (given) => request('list', given, { items: [], resourceVersion: '1' }),
    get: (_reference, given) => request('get', given, OBJECT),
    read: (_path, given) => request('read', given, {}),
    create: (_type, object, given) => request('create', given, object),
    apply: (_type, object, given) => request('apply', given, object),
    replace: (_type, object, given) => request('replace', given, object),
    remove: (_reference, given) => request('remove', given, undefined),
  };
  const answer = async (): Promise<void> => {
    waiting.shift()?.();
    await settled();
  };
  return { kube, sent, options, answer };
}

/** Sends one request of each kind. */
function sendAll(kube: KubeClient): Promise<unknown> {
  return Promise.all([
    kube.list({ type: NETWORK_POLICIES }),
    kube.get(REFERENCE),
    kube.read('/version'),
    kube.create(NETWORK_POLICIES, OBJECT),
    kube.apply(NETWORK_POLICIES, OBJECT, { subresource: 'status' }),
    kube.replace(NETWORK_POLICIES, OBJECT),
    kube.remove(REFERENCE, { uid: 'u' }),
  ]);
}

const ALL = ['list', 'get', 'read', 'create', 'apply', 'replace', 'remove'];

describe('a client with something around each request', () => {
  test('passes every method and its options on, and says which request it is', async () => {
    const { kube, sent, options, answer } = waitingClient();
    const seen: string[] = [];
    const around = clientAround(kube, (send, { verb, type, target }) => {
      seen.push(`${verb} ${type?.kind ?? ''} ${target.name ?? ''}`);
      return send();
    });
    const done = sendAll(around);
    let answered = 0;
    while (answered < ALL.length) {
      await answer();
      answered += 1;
    }
    await done;
    expect(sent).toEqual(ALL);
    expect(options).toEqual([
      { type: NETWORK_POLICIES },
      undefined,
      undefined,
      undefined,
      { subresource: 'status' },
      undefined,
      { uid: 'u' },
    ]);
    expect(seen).toEqual([
      'list NetworkPolicy ',
      'get NetworkPolicy standard.default-deny',
      'read  ',
      ...['create', 'apply', 'replace', 'remove'].map((verb) => `${verb} NetworkPolicy standard.default-deny`),
    ]);
  });

  test('may set limits beside the options of the caller', async () => {
    const { kube, options, answer } = waitingClient();
    const done = clientAround(kube, (send) => send({ timeoutMs: 5 })).remove(REFERENCE, { uid: 'u' });
    await answer();
    await done;
    expect(options).toEqual([{ uid: 'u', timeoutMs: 5 }]);
  });
});

describe('a throttled client', () => {
  test('sends a request only when the limiter has room, urgent ones first', async () => {
    const { kube, sent, answer } = waitingClient();
    const limiter = new ConcurrencyLimiter({ clock: new ManualClock(), maxInFlight: 1 });
    const background = throttledClient(kube, limiter, 'background');
    const urgent = throttledClient(kube, limiter, 'urgent');
    const done = Promise.all([
      background.create(NETWORK_POLICIES, OBJECT),
      background.get(REFERENCE),
      urgent.remove(REFERENCE),
    ]);
    await settled();
    expect(sent).toEqual(['create']);
    await answer();
    await answer();
    await answer();
    await done;
    expect(sent).toEqual(['create', 'remove', 'get']);
  });
});
