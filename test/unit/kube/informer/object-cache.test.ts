import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { type CachedObject, type Change, ObjectCache } from '../../../../src/kube/informer/object-cache.ts';

interface Slim extends CachedObject {
  readonly note: string;
}

/** An object `a/<name>`; the version is its whole history. */
function object(
  resourceVersion: number,
  options: { name?: string; uid?: string; note?: string; isDeleting?: boolean; namespace?: string } = {},
): KubeObject {
  const { name = 'p', uid = 'u1', note = '', isDeleting = false, namespace = 'a' } = options;
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion: String(resourceVersion),
      annotations: { note },
      ...(isDeleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
  };
}

function project({ metadata }: KubeObject): Slim {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  const note = metadata.annotations?.note ?? '';
  if (note === 'hostile') {
    throw new Error('hostile');
  }
  return { name, namespace, uid, resourceVersion, note };
}

/** A cache, what it said of changes as `name: old → current`, and a shorthand for a whole list. */
function given(): {
  cache: ObjectCache<Slim>;
  changes: string[];
  refused: string[];
  list: (resourceVersion: number, ...objects: KubeObject[]) => void;
  held: () => string[];
  fail: (yes: boolean) => void;
} {
  const changes: string[] = [];
  const refused: string[] = [];
  let isFailing = false;
  const shown = (entry: Slim | undefined): string =>
    entry === undefined ? '-' : `${entry.uid}@${entry.resourceVersion}`;
  const cache = new ObjectCache<Slim>({
    project,
    onChange: ({ old, current }: Change<Slim>) => {
      if (isFailing) {
        throw new Error('listener');
      }
      changes.push(`${(current ?? old)?.name ?? ''}: ${shown(old)} → ${shown(current)}`);
    },
    onRefused: ({ metadata }) => refused.push(metadata.name ?? ''),
  });
  const list = (resourceVersion: number, ...objects: KubeObject[]): void => {
    cache.listStarted();
    for (const each of objects) {
      cache.upsert(each);
    }
    cache.listEnded(String(resourceVersion));
  };
  const held = (): string[] => [...cache.values()].map((entry) => `${entry.name}:${shown(entry)}`).sort();
  return { cache, changes, refused, list, held, fail: (yes) => (isFailing = yes) };
}

describe('a cache follows lists and events', () => {
  test('it holds what the list named and tells of each change once', () => {
    const { cache, changes, list, held } = given();
    list(10, object(1), object(2, { name: 'q', uid: 'u2' }));
    list(20, object(1), object(15, { name: 'r', uid: 'u3' }));
    expect(held()).toEqual(['p:u1@1', 'r:u3@15']);
    expect(cache.size).toBe(2);
    expect(changes).toEqual(['p: - → u1@1', 'q: - → u2@2', 'r: - → u3@15', 'q: u2@2 → -']);
  });

  test('R13 a list that was begun and not ended removes nothing, also when the next one begins', () => {
    const { cache, list, held } = given();
    list(10, object(1), object(2, { name: 'q', uid: 'u2' }));
    cache.listStarted();
    cache.upsert(object(1));
    expect(held()).toEqual(['p:u1@1', 'q:u2@2']);
    cache.listStarted();
    cache.upsert(object(2, { name: 'q', uid: 'u2' }));
    cache.listEnded('20');
    // What only the unfinished list had named is not in the complete one.
    expect(held()).toEqual(['q:u2@2']);
  });

  test('F7 events that come twice or late change nothing', () => {
    const { cache, changes, list, held } = given();
    list(10, object(1));
    for (const version of [11, 12, 11, 12, 5]) {
      cache.upsert(object(version));
    }
    cache.remove(object(4, { uid: 'u0' }));
    expect(held()).toEqual(['p:u1@12']);
    expect(changes).toEqual(['p: - → u1@1', 'p: u1@1 → u1@11', 'p: u1@11 → u1@12']);
  });

  test('F12 after an etcd restore the list wins, although its versions are lower', () => {
    const { cache, list, held } = given();
    list(1_000, object(900), object(950, { name: 'q', uid: 'u2' }));
    cache.assume(object(1_100));
    list(500, object(400, { note: 'restored' }));
    expect(held()).toEqual(['p:u1@400']);
    cache.upsert(object(501));
    cache.assume(object(502));
    expect(held()).toEqual(['p:u1@502']);
  });

  test('F13 an object that was deleted and made again under its name is one change with both', () => {
    const { cache, changes, list, held } = given();
    list(10, object(1));
    cache.upsert(object(12, { uid: 'u9' }));
    // The late deletion of the first says nothing about the second.
    cache.remove(object(11, { uid: 'u1' }));
    expect(held()).toEqual(['p:u9@12']);
    expect(changes).toEqual(['p: - → u1@1', 'p: u1@1 → u9@12']);
  });

  test('a deletion that is later than what is held counts, whatever the uid', () => {
    const { cache, list, held } = given();
    list(10, object(1));
    cache.remove(object(20, { uid: 'u9' }));
    expect(held()).toEqual([]);
  });

  test('versions that cannot be compared are believed', () => {
    const { cache, list, held } = given();
    list(10, object(9));
    cache.upsert({ metadata: { name: 'p', namespace: 'a', uid: 'u1', resourceVersion: 'x1' } });
    expect(held()).toEqual(['p:u1@x1']);
  });
});

describe('F16 R13 the cache is never older than our own last write', () => {
  test('a write is the entry at once, and what the watch still has from before is passed over', () => {
    const { cache, changes, list, held } = given();
    list(10, object(1));
    cache.assume(object(20, { note: 'ours' }));
    cache.upsert(object(15));
    expect(held()).toEqual(['p:u1@20']);
    cache.upsert(object(20, { note: 'ours' }));
    cache.upsert(object(21));
    expect(held()).toEqual(['p:u1@21']);
    // Our own write is no news to us.
    expect(changes).toEqual(['p: - → u1@1', 'p: u1@20 → u1@21']);
  });

  test('an answer that comes after the watch has shown the deletion brings nothing back', () => {
    const { cache, list, held } = given();
    list(10);
    cache.upsert(object(20));
    cache.remove(object(30));
    cache.assume(object(20));
    expect(held()).toEqual([]);
  });

  test('an answer from before a list brings nothing back that the list no longer named', () => {
    const { cache, list, held } = given();
    list(20);
    cache.assume(object(15));
    expect(held()).toEqual([]);
    // After an etcd restore that list was of a higher version than all that follows.
    list(5);
    cache.assume(object(6));
    expect(held()).toEqual(['p:u1@6']);
  });

  test('an answer that comes during a list which began before is kept, unless the list is later than it', () => {
    const { cache, list, held } = given();
    list(10, object(1));
    cache.listStarted();
    cache.assume(object(25, { name: 'new', uid: 'u5' }));
    cache.assume(object(18, { name: 'gone', uid: 'u6' }));
    cache.assume(object(24));
    cache.upsert(object(1));
    cache.listEnded('20');
    expect(held()).toEqual(['new:u5@25', 'p:u1@24']);
    list(30, object(1));
    expect(held()).toEqual(['p:u1@1']);
  });

  test('an answer that says what a list under way has said already is still in it', () => {
    const { cache, list, held } = given();
    list(10);
    cache.listStarted();
    cache.upsert(object(18));
    cache.assume(object(18));
    cache.listEnded('20');
    expect(held()).toEqual(['p:u1@18']);
  });

  test('our own removal holds against older states, until the watch has shown it or a later list says otherwise', () => {
    const { cache, changes, list, held } = given();
    list(10, object(1));
    cache.assumeDeleted({ namespace: 'a', name: 'p', uid: 'u1' });
    cache.upsert(object(11));
    expect(held()).toEqual([]);
    cache.remove(object(12));
    cache.upsert(object(13, { uid: 'u2' }));
    expect(held()).toEqual(['p:u2@13']);
    cache.assumeDeleted({ namespace: 'a', name: 'p', uid: 'u2' });
    list(20, object(13, { uid: 'u2' }));
    expect(held()).toEqual(['p:u2@13']);
    expect(changes).toEqual(['p: - → u1@1', 'p: - → u2@13', 'p: - → u2@13']);
  });

  test('an object that waits for its finalizers after our removal is seen', () => {
    const { cache, list, held } = given();
    list(10, object(1));
    cache.assumeDeleted({ namespace: 'a', name: 'p', uid: 'u1' });
    cache.upsert(object(12, { isDeleting: true }));
    expect(held()).toEqual(['p:u1@12']);
  });

  test('a removal of another uid, or of what is not held, is nothing', () => {
    const { cache, list, held } = given();
    list(10, object(1));
    cache.assumeDeleted({ namespace: 'a', name: 'p', uid: 'other' });
    cache.assumeDeleted({ namespace: 'a', name: 'none', uid: 'u7' });
    cache.upsert(object(11, { name: 'none', uid: 'u7' }));
    expect(held()).toEqual(['none:u7@11', 'p:u1@1']);
  });
});

describe('F38 what goes wrong inside', () => {
  test('an object that cannot be projected is kept out and told of; the last good form of it stays', () => {
    const { cache, refused, list, held } = given();
    list(10, object(1), object(2, { name: 'q', uid: 'u2', note: 'hostile' }));
    cache.upsert(object(11, { note: 'hostile' }));
    expect(held()).toEqual(['p:u1@1']);
    list(20, object(11, { note: 'hostile' }));
    expect(held()).toEqual(['p:u1@1']);
    cache.upsert(object(21, { uid: 'u9', note: 'hostile' }));
    expect(held()).toEqual([]);
    expect(refused).toEqual(['q', 'p', 'p', 'p']);
  });

  test('a change that a listener could not take is brought again by the next list', () => {
    const { cache, changes, list, fail } = given();
    list(10, object(1), object(2, { name: 'q', uid: 'u2' }));
    fail(true);
    expect(() => {
      cache.upsert(object(11));
    }).toThrow('listener');
    expect(() => {
      cache.remove(object(12, { name: 'q', uid: 'u2' }));
    }).toThrow('listener');
    fail(false);
    list(20, object(11));
    expect(changes.slice(2)).toEqual(['p: u1@1 → u1@11', 'q: u2@2 → -']);
  });
});
