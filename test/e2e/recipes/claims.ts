import { expect, inject } from 'vitest';
import { ask, type Labels, label, tryKubectl, type Verdict } from '../e2e-cluster.ts';
import { askFromOutside } from './outside.ts';
import { type AddressBook, homeOf, type Person } from './pods.ts';

type Question = 'tcp' | 'udp' | 'connect' | 'dns-udp' | 'dns-tcp';
/** Who asks whom, how and on which port; whom by the names of the {@link AddressBook}. */
export type Claim = `${Person} -> ${Question}@${string}:${number}`;

/** What a file of deploy/components/examples has to let through, and what it must not. */
export interface Recipe {
  /** What it proves, read after "a recipe". */
  readonly title: string;
  readonly file: string;
  /** What the namespace asks with; `baseline=<the file's name>` when absent. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The policies whose set is then in place; the one of the file's name when absent. */
  readonly policies?: readonly string[];
  readonly allowed: readonly Claim[];
  readonly refused: readonly Claim[];
}

/** Questions to the resolver of the cluster, by both protocols. */
export const NAMES: readonly Claim[] = ['client -> dns-udp@resolver:53', 'client -> dns-tcp@resolver:53'];
/** Who has no business in the namespace, by both protocols. */
export const FROM_STRANGERS: readonly Claim[] = [
  'stranger -> tcp@server:8080',
  'stranger -> udp@server:8080',
  'outside -> tcp@server:8080',
];
/** What the namespace has no business with, in the cluster and outside. */
export const TO_STRANGERS: readonly Claim[] = [
  'client -> tcp@stranger:8080',
  'client -> udp@stranger:8080',
  'client -> tcp@internet:443',
  'client -> connect@kubernetes:443',
];

/** Labels a namespace, and resolves once the report says that the sets of these policies are in place, and no others. */
export async function askForRecipe({
  namespace,
  labels,
  policies,
}: {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policies: readonly string[];
}): Promise<void> {
  const wanted: Labels = { baseline: null, stage: null, ...labels };
  await label(namespace, wanted);
  await expect.poll(() => setsInPlace(namespace), { timeout: 60_000, interval: 250 }).toEqual(policies);
}

/** Resolves once all of these are answered and all of those are not, at the same time. */
export async function expectClaims(
  book: AddressBook,
  { allowed, refused }: Pick<Recipe, 'allowed' | 'refused'>,
): Promise<void> {
  const expected = Object.fromEntries<Verdict>([
    ...allowed.map((claim) => [claim, 'answered'] as const),
    ...refused.map((claim) => [claim, 'silent'] as const),
  ]);
  await expect
    .poll(() => verdicts(book, [...allowed, ...refused]), { timeout: 60_000, interval: 250 })
    .toEqual(expected);
}

async function setsInPlace(namespace: string): Promise<readonly string[]> {
  const { stdout } = await tryKubectl(
    'get',
    'namespacebaseline',
    'baseline',
    `--namespace=${namespace}`,
    '--ignore-not-found',
    '--output=json',
  );
  if (stdout === '') {
    return [];
  }
  const { status } = JSON.parse(stdout) as {
    readonly status: {
      readonly phase: string;
      readonly policies: readonly { readonly policy: string; readonly inPlace: boolean }[];
    };
  };
  return status.policies
    .map(({ policy, inPlace }) => (inPlace && status.phase === 'Protected' ? policy : `${policy} ${status.phase}`))
    .sort();
}

async function verdicts(book: AddressBook, claims: readonly Claim[]): Promise<Readonly<Record<string, Verdict>>> {
  const targets = new Map<Person, Map<string, Claim>>();
  for (const claim of claims) {
    const [person, target] = addressed(claim, book);
    targets.set(person, (targets.get(person) ?? new Map<string, Claim>()).set(target, claim));
  }
  const answers = await Promise.all(
    [...targets].map(async ([person, byTarget]) => {
      const found = await answersTo(person, [...byTarget.keys()]);
      return [...byTarget].map(([target, claim]) => [claim, found[target] ?? 'silent'] as const);
    }),
  );
  return Object.fromEntries(answers.flat());
}

async function answersTo(person: Person, targets: readonly string[]): Promise<Readonly<Record<string, Verdict>>> {
  if (person === 'outside') {
    return JSON.parse(await askFromOutside(inject('kind').node, ...targets)) as Record<string, Verdict>;
  }
  return ask({ namespace: homeOf(person), name: person }, ...targets);
}

function addressed(claim: Claim, book: AddressBook): readonly [Person, string] {
  const [, person = '', question = '', place = '', port = ''] = /^(\S+) -> (\S+)@(\S+):(\d+)$/.exec(claim) ?? [];
  const address = (book as Readonly<Record<string, string>>)[place];
  if (address === undefined) {
    throw new Error(`"${claim}" asks nobody that there is`);
  }
  return [person as Person, `${question}@${address}:${port}`];
}
