import { describe, expect, test } from 'vitest';
import { failure, type Result, success } from '../../../src/base/result.ts';
import type { KubeClient, WatchEvent } from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import { standing } from '../../demo/expectations.ts';
import { elapsedMs } from '../../demo/measured-deed.ts';
import { observe } from '../../demo/observer.ts';

interface WatchedServer {
  readonly kube: Pick<KubeClient, 'list' | 'watch'>;
  emit(event: WatchEvent): void;
  end(error: KubeError): void;
}

/** A server whose watches of NetworkPolicies bring what the test emits. */
function watchedServer(): WatchedServer {
  const listeners: ((event: WatchEvent) => void)[] = [];
  const ends: ((over: Result<void, KubeError>) => void)[] = [];
  return {
    kube: {
      list: () => Promise.resolve(success({ items: [], resourceVersion: '1' })),
      watch: ({ type }, onEvent) => {
        if (type.plural === 'networkpolicies') {
          listeners.push(onEvent);
        }
        return new Promise((resolve) => ends.push(resolve));
      },
    },
    emit: (event) => {
      for (const listener of listeners) {
        listener(event);
      }
    },
    end: (error) => {
      for (const end of ends) {
        end(failure(error));
      }
    },
  };
}

function added(name: string): WatchEvent {
  return { type: 'ADDED', object: { metadata: { name, namespace: 'team-a', resourceVersion: '2' } } };
}

describe('the observer', () => {
  test('finds what came before anybody waited for it, with the time at which it came', async () => {
    const server = watchedServer();
    const observer = await observe(server.kube, new AbortController().signal);
    const since = observer.mark();
    const sentAtMs = performance.now();
    server.emit(added('one'));
    const latestMs = performance.now();
    const seen = await observer.sighting(standing('team-a', 'one'), since);
    expect(seen.atMs).toBeGreaterThanOrEqual(sentAtMs);
    expect(seen.atMs).toBeLessThanOrEqual(latestMs);
  });

  test('takes nothing from before the mark for what is waited for', async () => {
    const server = watchedServer();
    const observer = await observe(server.kube, new AbortController().signal);
    server.emit(added('one'));
    const earlier = await observer.sighting(standing('team-a', 'one'), 0);
    const waiting = observer.sighting(standing('team-a', 'one'), observer.mark());
    server.emit(added('one'));
    expect(await waiting).not.toBe(earlier);
  });

  test('says so when its own watch is lost, instead of waiting in vain', async () => {
    const server = watchedServer();
    const observer = await observe(server.kube, new AbortController().signal);
    const waiting = observer.sighting(standing('team-a', 'one'), observer.mark());
    server.end({ kind: 'network', message: 'connection reset' });
    await expect(waiting).rejects.toThrow(/own watch of .* ended: connection reset/);
  });
});

test('a time runs from sending the change to the last of its effects', () => {
  expect(elapsedMs({ sentAtMs: 100 }, [{ atMs: 130 }, { atMs: 118 }])).toBe(30);
});
