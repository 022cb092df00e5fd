import { describe, expect, test } from 'vitest';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import type { BaselinePolicyFacts, NamespaceFacts } from '../../../../src/domain/world.ts';
import { ChangeGuard } from '../../../../src/operator/state/change-guard.ts';
import { GUARD_WINDOW_MS } from '../../../../src/operator/state/recent-losses.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { inPlace, namespace, policy, reportListing, world } from '../../../fixtures/worlds.ts';
import { emptyCaches } from '../../../support/operators/cached-scene.ts';

const limits = { removal: { count: 5, percent: 10 }, isolation: { count: 2, percent: 0 } };
/** Selects nothing any more, while its objects stand everywhere. */
const emptied = policy('standard', { namespaceSelector: { matchLabels: { nobody: 'x' } } });

function stage(namespaces: readonly NamespaceFacts[] = []): {
  readonly guard: ChangeGuard;
  readonly clock: ManualClock;
} {
  const clock = new ManualClock();
  const caches = emptyCaches();
  for (const { name, labels } of namespaces) {
    caches.namespaces.upsert({ metadata: { name, labels, uid: `uid-${name}`, resourceVersion: '1' } });
  }
  return { guard: new ChangeGuard({ caches, clock, limits }), clock };
}

function leaving(guard: ChangeGuard, name: string, owner: BaselinePolicyFacts = emptied): void {
  const left = world({
    namespace: namespace(name),
    baselinePolicies: [owner],
    observed: inPlace(owner),
    report: reportListing(owner),
  });
  guard.consider(left, planFor(left));
}

/** What {@link leaving} loses was carried out. */
function gone(guard: ChangeGuard, name: string): void {
  carriedOut(guard, name, true);
}

function carriedOut(guard: ChangeGuard, name: string, isSure: boolean): void {
  const lost = DIRECTIONS.map((direction) => ({ policy: emptied.name, direction }));
  guard.begin(name, lost);
  guard.commit(
    name,
    lost.map((loss) => ({ ...loss, isSure })),
  );
}

const DIRECTIONS = ['Ingress', 'Egress'] as const;

const held = (guard: ChangeGuard, name: string, owner: BaselinePolicyFacts = emptied): boolean =>
  guard.holdsIn(name, [owner]).size > 0;

describe('R9 the removal guard', () => {
  test('R9 counts directions: two namespaces may go, three are held, every one of them', () => {
    const { guard } = stage();
    for (const name of ['a', 'b']) {
      leaving(guard, name);
    }
    expect(held(guard, 'a')).toBe(false);
    leaving(guard, 'c');
    expect(['a', 'b', 'c'].map((name) => held(guard, name))).toEqual([true, true, true]);
  });

  test('R9 a loss counts for ten minutes', async () => {
    const { guard, clock } = stage();
    for (const name of ['a', 'b']) {
      leaving(guard, name);
      gone(guard, name);
    }
    leaving(guard, 'c');
    expect(held(guard, 'c')).toBe(true);
    await clock.advance(GUARD_WINDOW_MS);
    expect(held(guard, 'c')).toBe(false);
  });

  test('R9 a loss counts although the namespace was selected again meanwhile', () => {
    const { guard } = stage();
    const staying = policy();
    for (const name of ['a', 'b']) {
      leaving(guard, name);
      const stays = world({ namespace: namespace(name), baselinePolicies: [staying], observed: inPlace(staying) });
      guard.consider(stays, planFor(stays));
      gone(guard, name);
    }
    leaving(guard, 'c');
    expect(held(guard, 'c')).toBe(true);
  });

  test('R9 a removal counts while it is carried out, also once the caches show it', () => {
    const { guard } = stage();
    const empty = world({ namespace: namespace('a'), baselinePolicies: [emptied], observed: [] });
    for (const name of ['a', 'b']) {
      leaving(guard, name);
      guard.begin(
        name,
        DIRECTIONS.map((direction) => ({ policy: emptied.name, direction })),
      );
      guard.consider({ ...empty, namespace: namespace(name) }, []);
    }
    leaving(guard, 'c');
    expect(held(guard, 'c')).toBe(true);
    for (const name of ['a', 'b']) {
      guard.commit(name, []);
    }
    expect(held(guard, 'c')).toBe(false);
  });

  test('R9 a removal without an answer counts until the caches show that it did not happen, and counts once when it is tried again', () => {
    const { guard } = stage();
    for (const name of ['a', 'b']) {
      leaving(guard, name);
      carriedOut(guard, name, false);
    }
    leaving(guard, 'c');
    expect(held(guard, 'c')).toBe(true);
    guard.forget('c');
    for (const name of ['a', 'b']) {
      leaving(guard, name);
    }
    expect(['a', 'b'].map((name) => held(guard, name))).toEqual([false, false]);
    for (const name of ['a', 'b']) {
      gone(guard, name);
    }
    for (const name of ['a', 'b']) {
      leaving(guard, name);
    }
    expect(['a', 'b'].map((name) => held(guard, name))).toEqual([false, false]);
  });

  test('R9 a confirmation of an earlier generation takes nothing out of the count', () => {
    const { guard } = stage();
    for (const name of ['a', 'b', 'c']) {
      leaving(guard, name);
    }
    guard.confirm(emptied, { removal: guard.heldChangesOf(emptied)[0]?.confirmation ?? '', isolation: '' });
    const edited = { ...emptied, generation: 2 };
    guard.reviewIsolation(edited, { spec: {}, isKnown: true });
    for (const name of ['a', 'b', 'c']) {
      leaving(guard, name, edited);
    }
    expect(['a', 'b', 'c'].map((name) => held(guard, name, edited))).toEqual([true, true, true]);
  });

  test('R9 the printed confirmation confirms a removal for this generation and these names only', () => {
    const { guard } = stage();
    for (const name of ['a', 'b', 'c']) {
      leaving(guard, name);
    }
    const [change] = guard.heldChangesOf(emptied);
    expect(change?.confirmation).toMatch(/^3-[0-9a-f]{8}$/u);
    expect(guard.confirm(emptied, { removal: '3-00000000', isolation: '' })).toEqual([]);
    expect(guard.confirm(emptied, { removal: '', isolation: change?.confirmation ?? '' })).toEqual([]);
    expect(guard.confirm(emptied, { removal: change?.confirmation ?? '', isolation: '' })).toMatchObject([
      { hold: 'RemovalHeld', namespaces: ['a', 'b', 'c'] },
    ]);
    expect(held(guard, 'a')).toBe(false);
    for (const name of ['d', 'e', 'f']) {
      leaving(guard, name);
    }
    expect(held(guard, 'a')).toBe(false);
    expect(held(guard, 'd')).toBe(true);
    expect(held(guard, 'a', { ...emptied, generation: 2 })).toBe(true);
    expect(held(guard, 'a', { ...emptied, uid: 'of-another' })).toBe(true);
  });

  test('R9 another uid, generation or set of names prints another confirmation', () => {
    const confirmations = [emptied, { ...emptied, generation: 2 }, { ...emptied, uid: 'of-another' }].map((owner) => {
      const { guard } = stage();
      for (const name of ['a', 'b', 'c']) {
        leaving(guard, name);
      }
      return guard.heldChangesOf(owner)[0]?.confirmation;
    });
    expect(new Set(confirmations).size).toBe(3);
  });

  test('R9 confirmed losses do not use up the limit', () => {
    const { guard } = stage();
    for (const name of ['a', 'b', 'c']) {
      leaving(guard, name);
    }
    guard.confirm(emptied, { removal: guard.heldChangesOf(emptied)[0]?.confirmation ?? '', isolation: '' });
    for (const name of ['a', 'b', 'c']) {
      gone(guard, name);
    }
    leaving(guard, 'd');
    expect(held(guard, 'd')).toBe(false);
  });

  test('R9 a namespace that stays after all, or goes away altogether, no longer counts', () => {
    const { guard } = stage();
    for (const name of ['a', 'b', 'c']) {
      leaving(guard, name);
    }
    const staying = policy();
    const stays = world({ namespace: namespace('a'), baselinePolicies: [staying], observed: inPlace(staying) });
    guard.consider(stays, planFor(stays));
    expect(held(guard, 'b')).toBe(false);
    leaving(guard, 'a');
    guard.forget('c');
    expect(held(guard, 'a')).toBe(false);
  });

  test('R9 a move to another policy unprotects nothing', () => {
    const { guard } = stage();
    const next = policy('next');
    for (const name of ['a', 'b', 'c']) {
      const moving = world({
        namespace: namespace(name),
        baselinePolicies: [next, emptied],
        observed: inPlace(emptied),
      });
      guard.consider(moving, planFor(moving));
    }
    expect(guard.heldChangesOf(emptied)).toEqual([]);
  });
});

test('R9 a held removal shows its limit, and what used the limit up until when', async () => {
  const { guard, clock } = stage();
  leaving(guard, 'a');
  gone(guard, 'a');
  await clock.advance(60_000);
  leaving(guard, 'b');
  gone(guard, 'b');
  leaving(guard, 'c');
  const [change] = guard.heldChangesOf(emptied);
  expect(change?.cause).toMatchObject({
    kind: 'removalLimit',
    limit: 5,
    own: 2,
    others: 0,
    recent: { directions: 4, namespaces: ['a', 'b'] },
  });
  const recent = change?.cause.kind === 'removalLimit' ? change.cause.recent : undefined;
  expect(Date.parse(recent?.lastUntil ?? '') - Date.parse(recent?.firstUntil ?? '')).toBe(60_000);
  await clock.advance(GUARD_WINDOW_MS - 60_000);
  expect(guard.heldChangesOf(emptied)).toEqual([]);
});

describe('R9 the isolation guard', () => {
  const plain = ['a', 'b', 'c'].map((name) => namespace(name, { labels: { team: 'x' } }));
  const wide = policy('wide', { namespaceSelector: { matchLabels: { team: 'x' } } });
  const names = ({ guard }: { readonly guard: ChangeGuard }, owner = wide): readonly string[] =>
    guard.heldChangesOf(owner).flatMap(({ namespaces }) => namespaces);

  test('R9 a policy that newly isolates too many namespaces is held, one that isolates few is not', () => {
    const many = stage(plain);
    many.guard.reviewIsolation(wide, { spec: {}, isKnown: false });
    expect(names(many)).toEqual(['a', 'b', 'c']);
    const few = stage(plain.slice(0, 2));
    few.guard.reviewIsolation(wide, { spec: {}, isKnown: false });
    expect(names(few)).toEqual([]);
  });

  const everything = policy('everything', { namespaceSelector: {} });
  const allButSome = policy('everything', {
    namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['y'] }] },
  });
  test.each([everything, allButSome])(
    'R9 a selector that names no label to have is held whatever the number',
    (broad) => {
      const one = stage(plain.slice(0, 1));
      one.guard.reviewIsolation(broad, { spec: {}, isKnown: false });
      expect(one.guard.heldChangesOf(broad)).toMatchObject([{ namespaces: ['a'], cause: { kind: 'broadSelector' } }]);
      expect(one.guard.isolationHoldsIn('a', [broad])).toEqual(new Map([['everything', 'IsolationHeld']]));
      one.guard.confirm(broad, { removal: '', isolation: one.guard.heldChangesOf(broad)[0]?.confirmation ?? '' });
      expect(one.guard.heldChangesOf(broad)).toEqual([]);
    },
  );

  test('R9 a broad selector is not held where it was seen in DryRun, where all opted in, and where there is nobody', () => {
    const seen = stage(plain);
    seen.guard.reviewIsolation({ ...everything, mode: 'DryRun' }, { spec: {}, isKnown: false });
    seen.guard.reviewIsolation(everything, { spec: {}, isKnown: false });
    expect(names(seen, everything)).toEqual([]);
    const willing = stage([namespace('a', { labels: { 'nsbaseline.io/enabled': 'true' } })]);
    willing.guard.reviewIsolation(everything, { spec: {}, isKnown: false });
    expect(names(willing, everything)).toEqual([]);
    const empty = stage();
    empty.guard.reviewIsolation(everything, { spec: {}, isKnown: false });
    expect(names(empty, everything)).toEqual([]);
  });

  test('R9 namespaces that carry the opt-in label are not held', () => {
    const consenting = stage(
      plain.map((each) => namespace(each.name, { labels: { team: 'x', 'nsbaseline.io/enabled': 'true' } })),
    );
    consenting.guard.reviewIsolation(wide, { spec: {}, isKnown: false });
    expect(names(consenting)).toEqual([]);
  });

  test.each([
    ['a generation that was at work before a restart', { isKnown: true }, wide],
    ['a policy that does not enforce', { isKnown: false }, { ...wide, mode: 'Paused' as const }],
  ])('R9 the isolation guard never holds %s', (_what, facts, owner) => {
    const known = stage(plain);
    known.guard.reviewIsolation(owner, { spec: {}, ...facts });
    expect(names(known)).toEqual([]);
  });

  test('R9 a spec that was seen in DryRun is not held, another one is', () => {
    const rehearsed = stage(plain);
    rehearsed.guard.reviewIsolation(
      { ...wide, mode: 'DryRun' },
      { spec: { mode: 'DryRun', isolate: ['Ingress'] }, isKnown: false },
    );
    rehearsed.guard.reviewIsolation(
      { ...wide, generation: 2 },
      { spec: { mode: 'Enforce', isolate: ['Ingress'] }, isKnown: false },
    );
    expect(names(rehearsed, { ...wide, generation: 2 })).toEqual([]);
    rehearsed.guard.reviewIsolation({ ...wide, generation: 3 }, { spec: { isolate: ['Egress'] }, isKnown: false });
    expect(names(rehearsed, { ...wide, generation: 3 })).toEqual(['a', 'b', 'c']);
  });

  test('R9 a namespace that is labelled later is not held', () => {
    const later = stage(plain);
    later.guard.reviewIsolation(wide, { spec: {}, isKnown: false });
    expect(later.guard.holdsIn('d', [wide]).size).toBe(0);
    expect(later.guard.holdsIn('a', [wide]).get('wide')).toBe('IsolationHeld');
  });
});
