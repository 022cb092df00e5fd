import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import type { Marks } from '../support/actors/fake-cluster-actor.ts';
import type { Version } from '../support/oracle/dialect.ts';
import type { Waking } from './host-clock.ts';
import type { Mishap } from './network.ts';
import type { PropagatorStep } from './propagators.ts';
import type { ResolverState } from './resolver.ts';
import type { Ambush } from './simulated-process.ts';

/** The namespaces of every history. */
export const NAMESPACE_NAMES = ['a', 'b', 'c', 'd'] as const;
/** The policies of every history. */
export const POLICY_NAMES = ['p', 'q'] as const;
/** What is watched, and so can be late. */
export const WATCHED_PLURALS = ['namespaces', 'networkpolicies', 'baselinepolicies', 'namespacebaselines'] as const;

/** Which operator a step is about: the one that leads, or the one that would be next. */
export type Who = 'first' | 'other';

/** What happens to the process of an operator. Another starts in the place of one that ends, of the same version where none is named; `roll` starts it before. */
export type ProcessStep =
  | { readonly do: 'crash' | 'restart'; readonly who?: Who; readonly downMs: number; readonly version?: Version }
  | { readonly do: 'roll'; readonly who?: Who; readonly version: Version }
  | ({ readonly do: 'crash at request'; readonly who?: Who; readonly downMs: number } & Ambush)
  | { readonly do: 'stall'; readonly who?: Who; readonly ms: number; readonly waking: Waking }
  | { readonly do: 'mute watch'; readonly who?: Who; readonly plural: string }
  | { readonly do: 'replay'; readonly who?: Who; readonly plural: string; readonly count: number }
  | { readonly do: 'jump wall clock'; readonly who?: Who; readonly byMs: number };

/** What happens in the API server at once and by itself. */
export type Disturbance =
  | 'hold namespace deletion'
  | 'let namespaces go'
  | 'drop watches'
  | 'end watches'
  | 'compact'
  | 'freeze reads'
  | 'thaw reads'
  | 'snapshot'
  | 'restore'
  | 'calm'
  | 'delete lease'
  | 'stranger takes lease';

/** What happens in the API server, or on the way to it. */
export type ServerStep =
  | { readonly do: Disturbance }
  | { readonly do: 'withdraw rights' | 'grant rights' }
  | { readonly do: 'lag'; readonly plural: string; readonly lagMs: number }
  | { readonly do: 'trouble'; readonly mishap: Mishap; readonly method: string; readonly count: number }
  | { readonly do: 'expire pages'; readonly count: number }
  | {
      readonly do: 'refuse';
      readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
      readonly in: string;
      readonly by: 'quota' | 'webhook';
    };

/** What somebody does who has rights in the cluster. */
export type PeopleStep =
  | { readonly do: 'declare'; readonly policy: string; readonly spec: BaselinePolicySpec }
  | { readonly do: 'set mode'; readonly policy: string; readonly mode: 'Enforce' | 'DryRun' | 'Paused' }
  | { readonly do: 'delete policy' | 'replace policy' | 'confirm'; readonly policy: string }
  | {
      readonly do:
        | 'create namespace'
        | 'opt in'
        | 'opt out'
        | 'delete namespace'
        | 'recreate namespace'
        | 'team on'
        | 'team off'
        | 'forge record'
        | 'delete record';
      readonly namespace: string;
    }
  | { readonly do: 'put foreign'; readonly namespace: string; readonly name: string; readonly marks: Marks }
  /** The label that opts in, or the team's, is away for a while and then as it was. */
  | {
      readonly do: 'flap label';
      readonly namespace: string;
      readonly label: 'nsbaseline.io/enabled' | 'team';
      readonly awayMs: number;
    }
  /** The object of this name as it is in another namespace, as a restored backup or a copying tool brings it. */
  | { readonly do: 'put copy'; readonly namespace: string; readonly name: string }
  | {
      readonly do: 'tamper' | 'delete part' | 'strip label' | 'strip all marks' | 'mark adopt' | 'unmark adopt';
      readonly namespace: string;
      readonly name: string;
    };

/** What becomes of the cluster's DNS. */
export interface ResolverStep {
  readonly do: 'resolver becomes';
  readonly state: ResolverState;
}

/** One thing that happens. Every step is possible in every state: where it makes no sense, nothing happens. */
export type Step =
  | PeopleStep
  | PropagatorStep
  | ResolverStep
  | ProcessStep
  | ServerStep
  | { readonly do: 'wait'; readonly ms: number };

/** Whether somebody takes the step who has rights in the cluster. */
export function isPeopleStep(step: Step): step is PeopleStep {
  return step.do !== 'propagate' && ('policy' in step || 'namespace' in step);
}

const PROCESS_STEPS: ReadonlySet<string> = new Set<ProcessStep['do']>([
  'crash',
  'restart',
  'roll',
  'crash at request',
  'stall',
  'mute watch',
  'replay',
  'jump wall clock',
]);

/** Whether the step is about the process of an operator. */
export function isProcessStep(step: Step): step is ProcessStep {
  return PROCESS_STEPS.has(step.do);
}

/** The step as one line of a history. */
export function stepText({ do: verb, ...rest }: Step): string {
  const details = Object.entries(rest).map(([key, value]) =>
    typeof value === 'string' ? value : `${key}=${JSON.stringify(value)}`,
  );
  return [verb, ...details].join(' ');
}

/** A history with the seed of its small delays. */
export interface History {
  readonly seed: number;
  /** How many operators share a Lease; one without a Lease when absent. */
  readonly operators?: number;
  readonly steps: readonly Step[];
}
