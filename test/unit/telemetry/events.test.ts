import { describe, expect, test, vi } from 'vitest';
import { failure, type Result, success } from '../../../src/base/result.ts';
import { cutToBytes } from '../../../src/base/text.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import type { EventRecord } from '../../../src/telemetry/event-object.ts';
import { createEventRecorder } from '../../../src/telemetry/events.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { SILENT_LOG } from '../../fixtures/silence.ts';

const MINUTE_MS = 60_000;

function eventOn(name: string, more: Partial<EventRecord> = {}): EventRecord {
  return {
    regarding: { type: NETWORK_POLICIES, namespace: 'team-a', name, uid: `uid-of-${name}` },
    type: 'Warning',
    reason: 'Repaired',
    action: 'Repair',
    note: 'it had been changed',
    ...more,
  };
}

/** The Events that a server holds, and a way to make it stop answering. */
function server() {
  const stored = new Map<string, KubeObject>();
  const waiting: (() => void)[] = [];
  let refusal: KubeError | undefined;
  let isStuck = false;
  let writes = 0;
  const answer = async (write: () => Result<KubeObject, KubeError>): Promise<Result<KubeObject, KubeError>> => {
    writes += 1;
    if (isStuck) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return refusal === undefined ? write() : failure(refusal);
  };
  const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return {
    kube: {
      create: (_: unknown, object: KubeObject) =>
        answer(() => {
          const made = { ...object, metadata: { ...object.metadata, uid: `uid-${stored.size}` } };
          if (stored.has(keyOf(object))) {
            return failure({ kind: 'alreadyExists', message: 'taken' });
          }
          stored.set(keyOf(object), made);
          return success(made);
        }),
      apply: (_: unknown, object: KubeObject) =>
        answer(() => {
          const standing = stored.get(keyOf(object));
          if (standing === undefined || standing.metadata.uid !== object.metadata.uid) {
            return failure({ kind: 'conflict', message: 'uid' });
          }
          stored.set(keyOf(object), object);
          return success(object);
        }),
    },
    events: () => [...stored.values()],
    writes: () => writes,
    forget: () => {
      stored.clear();
    },
    refuse: (error: KubeError | undefined) => {
      refusal = error;
    },
    stick: () => {
      isStuck = true;
    },
    loosen: () => {
      isStuck = false;
      for (const resolve of waiting.splice(0)) {
        resolve();
      }
    },
  };
}

function recorderOf() {
  const clock = new ManualClock(new Date('2026-01-02T03:04:05.678Z'));
  const api = server();
  const results: string[] = [];
  let ids = 0;
  const recorder = createEventRecorder({
    kube: api.kube,
    clock,
    log: SILENT_LOG,
    instance: 'pod-1',
    onResult: (result) => results.push(result),
    uniqueId: () => `id${(ids += 1)}`,
  });
  const until = (events: unknown) =>
    vi.waitFor(() => {
      expect(api.events()).toMatchObject(events as never);
    });
  return { recorder, clock, api, until, count: (result: string) => results.filter((one) => one === result).length };
}

describe('an Event', () => {
  test('has every field that events.k8s.io/v1 demands', async () => {
    const { recorder, until } = recorderOf();
    recorder.record(eventOn('standard.allow-dns'));
    await until([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'standard.allow-dns.id1', namespace: 'team-a' },
        eventTime: '2026-01-02T03:04:05.678000Z',
        reportingController: 'nsbaseline.io/operator',
        reportingInstance: 'pod-1',
        regarding: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          namespace: 'team-a',
          name: 'standard.allow-dns',
          uid: 'uid-of-standard.allow-dns',
        },
        type: 'Warning',
        reason: 'Repaired',
        action: 'Repair',
        note: 'it had been changed',
      },
    ]);
  });

  test('on a cluster-scoped object lives in the namespace default', async () => {
    const { recorder, until } = recorderOf();
    recorder.record(eventOn('x', { regarding: { type: NAMESPACES, name: 'team-a' } }));
    await until([
      { metadata: { namespace: 'default' }, regarding: { apiVersion: 'v1', kind: 'Namespace', name: 'team-a' } },
    ]);
  });

  test('has a name within the limit however long that of the object is', async () => {
    const { recorder, api } = recorderOf();
    recorder.record(eventOn(`${'a'.repeat(248)}.${'b'.repeat(4)}`));
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(1);
    });
    expect(api.events()[0]?.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    expect(api.events()[0]?.metadata.name?.length).toBeLessThanOrEqual(253);
  });

  test.each([
    ['ascii', 'x'.repeat(5_000)],
    ['two bytes a character', 'ä'.repeat(5_000)],
    ['pairs of surrogates', '🦊'.repeat(5_000)],
    ['lone surrogates', '\ud800'.repeat(5_000)],
  ])('is cut to 1024 bytes without halving a character: %s', (_, note) => {
    const cut = cutToBytes(note, 1_024);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1_024);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(1_015);
    expect(cut.replaceAll('\ufffd', '')).toMatch(/^(x*|ä*|🦊*)…$/u);
    expect(cutToBytes('short ä', 1_024)).toBe('short ä');
    expect(cutToBytes('\ud800', 1_024)).toBe('\ufffd');
  });
});

describe('repetitions', () => {
  test('within ten minutes become one Event that counts, written at most once a minute', async () => {
    const { recorder, clock, api, until, count } = recorderOf();
    recorder.record(eventOn('p'));
    await until([{ reason: 'Repaired' }]);
    expect(api.events()[0]).not.toHaveProperty('series');
    recorder.record(eventOn('p'));
    await until([{ series: { count: 2 } }]);
    for (let times = 0; times < 40; times += 1) {
      recorder.record(eventOn('p'));
    }
    clock.advanceNow(30_000);
    expect(api.events()).toMatchObject([{ series: { count: 2 } }]);
    clock.advanceNow(30_000);
    await until([
      {
        series: { count: 42, lastObservedTime: '2026-01-02T03:04:05.678000Z' },
        eventTime: '2026-01-02T03:04:05.678000Z',
      },
    ]);
    expect(api.writes()).toBe(3);
    expect(count('aggregated')).toBe(41);
  });

  test('that come while the first is still being written are not lost', async () => {
    const { recorder, api, until } = recorderOf();
    api.stick();
    for (let times = 0; times < 5; times += 1) {
      recorder.record(eventOn('p'));
    }
    api.loosen();
    await until([{ series: { count: 5 } }]);
  });

  test('after more than ten quiet minutes are a new Event', async () => {
    const { recorder, clock, until } = recorderOf();
    recorder.record(eventOn('p'));
    await until([{}]);
    clock.advanceNow(11 * MINUTE_MS);
    recorder.record(eventOn('p'));
    await until([{ metadata: { name: 'p.id1' } }, { metadata: { name: 'p.id2' } }]);
  });

  test('with another note, reason or object are Events of their own', async () => {
    const { recorder, until } = recorderOf();
    recorder.record(eventOn('p'));
    recorder.record(eventOn('p', { note: 'other' }));
    recorder.record(eventOn('p', { reason: 'Removed' }));
    recorder.record(eventOn('q'));
    await until([{}, {}, {}, {}]);
  });

  test('of an Event that the server has dropped begin a new one', async () => {
    const { recorder, api, until, count } = recorderOf();
    recorder.record(eventOn('p'));
    await until([{}]);
    api.forget();
    recorder.record(eventOn('p'));
    await vi.waitFor(() => {
      expect(count('failed')).toBe(1);
    });
    recorder.record(eventOn('p'));
    await until([{ metadata: { name: 'p.id2' } }]);
  });
});

describe('limits', () => {
  test('one object causes 25 Events and then one in five minutes; other objects do not suffer', async () => {
    const { recorder, clock, api, count } = recorderOf();
    for (let times = 0; times < 40; times += 1) {
      recorder.record(eventOn('p', { note: `note ${times}` }));
    }
    recorder.record(eventOn('q'));
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(26);
    });
    expect(count('rateLimited')).toBe(15);
    clock.advanceNow(5 * MINUTE_MS);
    recorder.record(eventOn('p', { note: 'later' }));
    recorder.record(eventOn('p', { note: 'later still' }));
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(27);
    });
  });

  test('all objects together cause 100 Events and then five a second', async () => {
    const { recorder, clock, api, count } = recorderOf();
    for (let times = 0; times < 1_000; times += 1) {
      recorder.record(eventOn(`p${times}`));
    }
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(100);
    });
    expect(count('rateLimited')).toBe(900);
    clock.advanceNow(1_000);
    for (let times = 0; times < 1_000; times += 1) {
      recorder.record(eventOn(`q${times}`));
    }
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(105);
    });
  });

  test('a count that the limits hold back is written later', async () => {
    const { recorder, clock, api, until } = recorderOf();
    recorder.record(eventOn('p'));
    await until([{}]);
    for (let times = 0; times < 24; times += 1) {
      recorder.record(eventOn('p', { note: `note ${times}` }));
    }
    recorder.record(eventOn('p'));
    clock.advanceNow(4 * MINUTE_MS);
    await vi.waitFor(() => {
      expect(api.events()).toHaveLength(25);
    });
    expect(api.events()[0]).not.toHaveProperty('series');
    clock.advanceNow(2 * MINUTE_MS);
    await vi.waitFor(() => {
      expect(api.events()[0]).toMatchObject({ series: { count: 2 } });
    });
  });

  test('a server that does not answer gets two requests, and the records never wait for it', async () => {
    const { recorder, clock, api, count } = recorderOf();
    api.stick();
    for (let round = 0; round < 100; round += 1) {
      for (let times = 0; times < 5; times += 1) {
        recorder.record(eventOn(`p${round}-${times}`));
      }
      clock.advanceNow(1_000);
    }
    expect(api.writes()).toBe(2);
    expect(count('overflowed')).toBeGreaterThan(0);
    api.loosen();
    await vi.waitFor(() => {
      expect(api.events().length).toBeGreaterThan(200);
    });
  });
});

describe('failures', () => {
  test('are counted and forgotten; the next record is tried anew', async () => {
    const { recorder, api, until, count } = recorderOf();
    api.refuse({ kind: 'namespaceTerminating', message: 'going' });
    recorder.record(eventOn('p'));
    await vi.waitFor(() => {
      expect(count('failed')).toBe(1);
    });
    api.refuse(undefined);
    recorder.record(eventOn('p'));
    await until([{}]);
  });

  test('after closing nothing is written and no timer is left', async () => {
    const { recorder, clock, api, until, count } = recorderOf();
    recorder.record(eventOn('p'));
    await until([{}]);
    recorder.record(eventOn('p'));
    await until([{ series: { count: 2 } }]);
    await vi.waitFor(() => {
      expect(count('written')).toBe(2);
    });
    recorder.record(eventOn('p'));
    expect(clock.pending).toBe(1);
    await recorder.close();
    expect(clock.pending).toBe(0);
    recorder.record(eventOn('q'));
    expect(clock.pending).toBe(0);
    expect(api.events()).toMatchObject([{ series: { count: 2 } }]);
  });
});
