import fc from 'fast-check';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { MISHAPS, type Mishap } from './network.ts';

/** The namespaces of every history. */
export const NAMESPACE_NAMES = ['a', 'b', 'c', 'd'] as const;
/** The policies of every history. */
export const POLICY_NAMES = ['p', 'q'] as const;
/** What is watched, and so can be late. */
export const WATCHED_PLURALS = ['namespaces', 'networkpolicies', 'baselinepolicies', 'namespacebaselines'] as const;

/** Which marks of ours somebody puts on his own NetworkPolicy: none, some, or all with the right uid. */
export type Marks = 'none' | 'label' | 'uid' | 'label and a made-up uid' | 'label and the live uid' | 'adopt';

/** One thing that happens. Every step is possible in every state: where it makes no sense, nothing happens. */
export type Step =
  | { readonly do: 'declare'; readonly policy: string; readonly spec: BaselinePolicySpec }
  | { readonly do: 'set mode'; readonly policy: string; readonly mode: 'Enforce' | 'DryRun' | 'Paused' }
  | { readonly do: 'delete policy' | 'confirm'; readonly policy: string }
  | { readonly do: 'create namespace' | 'opt in' | 'opt out' | 'delete namespace' | 'recreate namespace' | 'team on' | 'team off'; readonly namespace: string }
  | { readonly do: 'put foreign'; readonly namespace: string; readonly name: string; readonly marks: Marks }
  | { readonly do: 'tamper' | 'delete part' | 'strip label' | 'strip all marks' | 'mark adopt' | 'unmark adopt'; readonly namespace: string; readonly name: string }
  | { readonly do: 'forge record' | 'delete record'; readonly namespace: string }
  | { readonly do: 'hold namespace deletion' | 'let namespaces go' | 'crash' | 'restart' | 'drop watches' | 'end watches' | 'compact' | 'freeze reads' | 'thaw reads' | 'snapshot' | 'restore' | 'calm' }
  | { readonly do: 'lag'; readonly plural: string; readonly lagMs: number }
  | { readonly do: 'trouble'; readonly mishap: Mishap; readonly method: string; readonly count: number }
  | { readonly do: 'jump wall clock'; readonly byMs: number }
  | { readonly do: 'wait'; readonly ms: number };

/** The step as one line of a history. */
export function stepText({ do: verb, ...rest }: Step): string {
  const details = Object.entries(rest).map(([key, value]) => (typeof value === 'string' ? value : `${key}=${JSON.stringify(value)}`));
  return [verb, ...details].join(' ');
}

/** Parts that histories quarrel about. */
const PARTS = ['default-deny', 'allow-dns', 'allow-monitoring', 'custom'] as const;

const namespace = fc.constantFrom(...NAMESPACE_NAMES);
const policy = fc.constantFrom(...POLICY_NAMES);
const partName = fc.tuple(policy, fc.constantFrom(...PARTS)).map(([owner, part]) => `${owner}.${part}`);
const anyName = fc.oneof({ weight: 6, arbitrary: partName }, { weight: 1, arbitrary: fc.constant('own') });

/** Specs that differ in all that the rules look at. */
export const someSpec: fc.Arbitrary<BaselinePolicySpec> = fc
  .record(
    {
      namespaceSelector: fc.constantFrom<NonNullable<BaselinePolicySpec['namespaceSelector']>>({ matchLabels: { team: 'x' } }, {}, { matchLabels: { nobody: 'here' } }),
      mode: fc.constantFrom('Enforce' as const, 'Enforce' as const, 'DryRun' as const, 'Paused' as const),
      isolate: fc.constantFrom<NonNullable<BaselinePolicySpec['isolate']>>(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
      dns: fc.boolean(),
      monitoring: fc.boolean(),
      onOptOut: fc.constantFrom('Remove' as const, 'Keep' as const),
      onDelete: fc.constantFrom('Keep' as const, 'Remove' as const),
    },
    { requiredKeys: [] },
  )
  .map(({ dns, monitoring, onOptOut, onDelete, ...spec }) => ({
    ...spec,
    ...(dns === false || monitoring === false ? { allow: { ...(dns === false ? { dns: { enabled: false } } : {}), ...(monitoring === false ? { monitoring: { enabled: false } } : {}) } } : {}),
    ...(onOptOut === undefined && onDelete === undefined ? {} : { removal: { ...(onOptOut === undefined ? {} : { onOptOut }), ...(onDelete === undefined ? {} : { onDelete }) } }),
  }));

const ofNamespace = (...verbs: readonly Extract<Step, { namespace: string }>['do'][]): fc.Arbitrary<Step> => fc.record({ do: fc.constantFrom(...verbs), namespace }) as fc.Arbitrary<Step>;

const declared: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('declare' as const), policy, spec: someSpec }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set mode' as const), policy, mode: fc.constantFrom('Enforce' as const, 'DryRun' as const, 'Paused' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('delete policy' as const, 'confirm' as const), policy }) },
);

const inNamespaces: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: ofNamespace('opt in', 'opt out', 'team on', 'team off') },
  { weight: 3, arbitrary: ofNamespace('create namespace', 'delete namespace', 'recreate namespace') },
  { weight: 1, arbitrary: ofNamespace('forge record', 'delete record') },
);

const byTenants: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('put foreign' as const), namespace, name: anyName, marks: fc.constantFrom<Marks>('none', 'label', 'uid', 'label and a made-up uid', 'label and the live uid', 'adopt') }),
  fc.record({ do: fc.constantFrom('tamper' as const, 'delete part' as const, 'strip label' as const, 'strip all marks' as const, 'mark adopt' as const, 'unmark adopt' as const), namespace, name: anyName }),
);

const byFate: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('drop watches' as const, 'end watches' as const, 'compact' as const, 'freeze reads' as const, 'thaw reads' as const, 'hold namespace deletion' as const, 'let namespaces go' as const, 'calm' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('snapshot' as const, 'restore' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lag' as const), plural: fc.constantFrom(...WATCHED_PLURALS), lagMs: fc.constantFrom(20, 200, 2000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('trouble' as const), mishap: fc.constantFrom(...MISHAPS), method: fc.constantFrom('POST', 'PATCH', 'DELETE', 'GET'), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump wall clock' as const), byMs: fc.constantFrom(-7_200_000, 3_600_000) }) },
);

const waiting: fc.Arbitrary<Step> = fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 15, 40, 300, 2_000, 20_000) });

/** One step, rather more of what people do than of what goes wrong. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof({ weight: 5, arbitrary: declared }, { weight: 7, arbitrary: inNamespaces }, { weight: 5, arbitrary: byTenants }, { weight: 4, arbitrary: byFate }, { weight: 7, arbitrary: waiting });

/** A history with the seed of its small delays. */
export interface History {
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** Any history of at most so many steps. */
export function anyHistory(maxLength: number): fc.Arbitrary<History> {
  return fc.record({ seed: fc.integer({ min: 0, max: 1_000_000 }), steps: fc.array(anyStep, { minLength: 1, maxLength, size: 'max' }) });
}

/** The history as it can be read, and typed in again. */
export function historyText({ seed, steps }: History): string {
  return [`seed ${seed}`, ...steps.map((step, index) => `${String(index + 1).padStart(3)}. ${stepText(step)}`), JSON.stringify({ seed, steps })].join('\n');
}
