import fc from 'fast-check';
import type { Marks } from '../support/actors/fake-cluster-actor.ts';
import { VERSIONS } from '../support/oracle/dialect.ts';
import { someSpec } from './any-spec.ts';
import { MISHAPS } from './network.ts';
import { RESOLVER_STATES } from './resolver.ts';
import {
  NAMESPACE_NAMES,
  type PeopleStep,
  POLICY_NAMES,
  type ServerStep,
  type Step,
  WATCHED_PLURALS,
} from './steps.ts';

/** Parts that histories quarrel about. */
const PARTS = ['default-deny', 'allow-dns', 'allow-monitoring', 'custom'] as const;

const namespace = fc.constantFrom(...NAMESPACE_NAMES);
const policy = fc.constantFrom(...POLICY_NAMES);
const plural = fc.constantFrom(...WATCHED_PLURALS);
const partName = fc.tuple(policy, fc.constantFrom(...PARTS)).map(([owner, part]) => `${owner}.${part}`);
const anyName = fc.oneof({ weight: 6, arbitrary: partName }, { weight: 1, arbitrary: fc.constant('own') });
const who = fc.constantFrom('first' as const, 'first' as const, 'other' as const);
const downMs = fc.constantFrom(0, 0, 300, 20_000);

/** One of these with nothing more to say. */
function plainly<Verb extends Step['do']>(...verbs: readonly Verb[]): fc.Arbitrary<{ readonly do: Verb }> {
  return fc.record({ do: fc.constantFrom(...verbs) });
}

const ofNamespace = (...verbs: readonly Extract<PeopleStep, { namespace: string }>['do'][]): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constantFrom(...verbs), namespace }) as fc.Arbitrary<Step>;

/** What administrators do with BaselinePolicies. */
export const declaring: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('declare' as const), policy, spec: someSpec }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set mode' as const),
      policy,
      mode: fc.constantFrom('Enforce' as const, 'DryRun' as const, 'Paused' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('delete policy' as const, 'replace policy' as const, 'confirm' as const, 'confirm' as const),
      policy,
    }),
  },
);

/** What happens to namespaces. */
export const inNamespaces: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: ofNamespace('opt in', 'opt out', 'team on', 'team off') },
  { weight: 3, arbitrary: ofNamespace('create namespace', 'delete namespace', 'recreate namespace') },
  { weight: 1, arbitrary: ofNamespace('forge record', 'delete record') },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('flap label' as const),
      namespace,
      label: fc.constantFrom('nsbaseline.io/enabled' as const, 'team' as const),
      awayMs: fc.constantFrom(0, 1, 30, 80, 200, 500),
    }),
  },
);

/** What tenants, and tools that copy objects, do with NetworkPolicies, theirs and ours. */
export const byTenants: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put foreign' as const),
      namespace,
      name: anyName,
      marks: fc.constantFrom<Marks>(
        'none',
        'label',
        'uid',
        'label and a made-up uid',
        'label and the live uid',
        'adopt',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put copy' as const), namespace, name: partName }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('propagate' as const),
      namespace,
      name: partName,
      how: fc.constantFrom('puts back' as const, 'rewrites' as const),
      afterMs: fc.constantFrom(0, 2, 20),
      forMs: fc.constantFrom(500, 4_000, 45_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'tamper' as const,
        'delete part' as const,
        'strip label' as const,
        'strip all marks' as const,
        'mark adopt' as const,
        'unmark adopt' as const,
      ),
      namespace,
      name: anyName,
    }),
  },
);

/** What becomes of the cluster's DNS. */
export const toResolver: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('resolver becomes' as const),
  state: fc.constantFrom(...RESOLVER_STATES),
});

/** What happens to the processes of operators. */
export const toProcesses: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const), who, downMs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('crash at request' as const),
      who,
      downMs,
      nth: fc.integer({ min: 1, max: 12 }),
      moment: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('stall' as const),
      who,
      ms: fc.constantFrom(50, 3_000, 12_000, 25_000),
      waking: fc.constantFrom('timers first' as const, 'arrivals first' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump wall clock' as const),
      who,
      byMs: fc.constantFrom(-7_200_000, 3_600_000),
    }),
  },
);

const disturbances: fc.Arbitrary<ServerStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: plainly(
      'drop watches',
      'end watches',
      'compact',
      'freeze reads',
      'thaw reads',
      'hold namespace deletion',
      'let namespaces go',
      'calm',
    ),
  },
  { weight: 2, arbitrary: plainly('snapshot', 'restore') },
  { weight: 1, arbitrary: plainly('withdraw rights', 'grant rights') },
);

/** What happens to operators that share a Lease, and to the Lease. */
export const toReplicas: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: toProcesses },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('roll' as const), who, version: fc.constantFrom(...VERSIONS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('crash' as const, 'restart' as const),
      who,
      downMs,
      version: fc.constantFrom(...VERSIONS),
    }),
  },
  { weight: 1, arbitrary: plainly('delete lease', 'stranger takes lease') },
);

/** What goes wrong in the API server and on the way to it. */
export const toServer: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: disturbances },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('lag' as const), plural, lagMs: fc.constantFrom(20, 200, 2000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mute watch' as const), who, plural }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replay' as const), who, plural, count: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('expire pages' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      operation: fc.constantFrom('CREATE' as const, 'UPDATE' as const, 'DELETE' as const),
      in: namespace,
      by: fc.constantFrom('quota' as const, 'webhook' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      mishap: fc.constantFrom(...MISHAPS),
      method: fc.constantFrom('POST', 'PATCH', 'DELETE', 'GET'),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

/** Time that passes. */
export const waiting: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(1, 5, 15, 40, 300, 2_000, 20_000),
});
