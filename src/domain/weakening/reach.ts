import type { LabelSelector } from '../../api/network-policy.ts';
import {
  ADDRESS_SPACE,
  type AddressRange,
  type AddressSet,
  addresses,
  addressRangeOf,
  cidrsOf,
  type Family,
} from '../../policy/intervals/addresses.ts';
import { NOT_INTERNET } from '../rendering/internet.ts';
import { type BroadRule, rangesOf } from './openness.ts';

/** How bad it is: `open` undoes the isolation, `wide` lets in far more than a purpose needs. */
export type Grade = 'open' | 'wide';

/** The namespaces that there are, asked by selector. */
export interface NamespacesAtHand {
  readonly count: number;
  /** The names of the namespaces that a selector does not select; of many only the first {@link MOST_LEFT_OUT} + 1. */
  readonly leftOutBy: (selector: LabelSelector) => readonly string[];
}

/** For judgements that do not depend on the namespaces of a cluster. */
export const NO_NAMESPACES: NamespacesAtHand = { count: 0, leftOutBy: () => [] };

/** A short list of namespaces that are left out has at most so many. */
export const MOST_LEFT_OUT = 3;

/** Who is let through on one port, with the phrase for people; `peer` stands for `source` or `destination`. */
export interface Reach {
  readonly grade: Grade;
  /** Higher reaches further; equal ranks have equal phrases. */
  readonly rank: number;
  readonly phrase: string;
}

const NOT_INTERNET_SET: AddressSet = addresses.setOf(NOT_INTERNET.flatMap((cidr) => addressRangeOf(cidr) ?? []));
/** A list of exceptions is short when it has at most so many blocks and fewer addresses than these. */
const MOST_EXCEPTIONS = 16;
const EXCEPTED_ADDRESSES: Readonly<Record<Family, bigint>> = { IPv4: 1n << 24n, IPv6: 1n << 96n };

/** Who these rules together let through, or undefined when that is nobody broad. */
export function reachOf(
  rules: readonly BroadRule[],
  { namespaces, peer }: { readonly namespaces: NamespacesAtHand; readonly peer: 'source' | 'destination' },
): Reach | undefined {
  const set = addresses.setOf(rules.flatMap(rangesOf));
  const pods = podsOf(rules, namespaces);
  const reaches = [
    familiesReach('every', set, peer),
    familiesReach('nearly every', set, peer),
    podsAndInternet(pods, set),
    pods?.isExact === true ? { grade: 'open' as const, rank: 20, phrase: 'every pod of the cluster' } : undefined,
    internetReach(set),
    pods === undefined ? undefined : { grade: 'wide' as const, rank: 5, phrase: pods.phrase },
  ];
  return reaches.find((reach) => reach !== undefined);
}

interface Pods {
  readonly isExact: boolean;
  readonly phrase: string;
}

function podsOf(rules: readonly BroadRule[], namespaces: NamespacesAtHand): Pods | undefined {
  if (rules.some(({ hasEveryPod, isForEveryone }) => hasEveryPod || isForEveryone)) {
    return { isExact: true, phrase: 'every pod of the cluster' };
  }
  const selectors = rules.flatMap(({ namespaceSelectors }) => namespaceSelectors);
  const [first, ...others] = selectors.map((selector) => namespaces.leftOutBy(selector));
  if (first === undefined || namespaces.count === 0) {
    return undefined;
  }
  const leftOut = others.reduce((names, other) => names.filter((name) => other.includes(name)), first);
  if (leftOut.length === 0) {
    return { isExact: false, phrase: 'every pod of the cluster, as its namespaces are labelled now' };
  }
  const isShort = leftOut.length <= MOST_LEFT_OUT && leftOut.length * 2 < namespaces.count;
  return isShort
    ? { isExact: false, phrase: `every pod of the cluster but those of ${leftOut.join(', ')}` }
    : undefined;
}

function familiesReach(
  how: 'every' | 'nearly every',
  set: AddressSet,
  peer: 'source' | 'destination',
): Reach | undefined {
  const missing = {
    IPv4: addresses.difference([ADDRESS_SPACE.IPv4], set),
    IPv6: addresses.difference([ADDRESS_SPACE.IPv6], set),
  };
  const isMet = (family: Family): boolean =>
    how === 'every' ? missing[family].length === 0 : isShortList(missing[family], family);
  const families = (['IPv4', 'IPv6'] as const).filter(isMet);
  if (families.length === 0) {
    return undefined;
  }
  const except = families.flatMap((family) => cidrsOf(missing[family]));
  const name = families.length === 2 ? '' : `${families.join('')} `;
  const isIpv4 = families.includes('IPv4') ? 1 : 0;
  return {
    grade: 'open',
    rank: (how === 'every' ? 50 : 40) + families.length * 2 + isIpv4,
    phrase: `every ${name}${peer}${except.length === 0 ? '' : ` but ${exceptText(except)}`}`,
  };
}

function exceptText(cidrs: readonly string[]): string {
  return cidrs.length > MOST_LEFT_OUT
    ? `${cidrs.slice(0, MOST_LEFT_OUT).join(', ')} and ${cidrs.length - MOST_LEFT_OUT} more blocks`
    : cidrs.join(', ');
}

function isShortList(missing: AddressSet, family: Family): boolean {
  const count = missing.reduce((sum, { first, last }) => sum + (last - first + 1n), 0n);
  return missing.length <= MOST_EXCEPTIONS && count < EXCEPTED_ADDRESSES[family];
}

/** The families of which everything but the reserved ranges, or more, is in the set. */
function internetFamilies(set: AddressSet): readonly Family[] {
  const withReserved = addresses.union(set, NOT_INTERNET_SET);
  const isWhole = (space: AddressRange): boolean => addresses.covers(withReserved, [space]);
  return (['IPv4', 'IPv6'] as const).filter((family) => isWhole(ADDRESS_SPACE[family]));
}

function podsAndInternet(pods: Pods | undefined, set: AddressSet): Reach | undefined {
  const families = internetFamilies(set);
  if (pods === undefined || families.length === 0) {
    return undefined;
  }
  const name = families.length === 2 ? '' : `${families.join('')} `;
  return { grade: 'open', rank: 30 + families.length, phrase: `${pods.phrase} and the whole ${name}internet` };
}

function internetReach(set: AddressSet): Reach | undefined {
  const families = internetFamilies(set);
  const name = families.length === 2 ? '' : `${families.join('')} `;
  return families.length === 0
    ? undefined
    : { grade: 'wide', rank: 10 + families.length, phrase: `the whole ${name}internet` };
}
