import type { CompiledCluster } from './compile/compiled-cluster.ts';
import type { PortOf } from './compile/targets.ts';
import type { EndExplanation, PolicyExplanation, VerdictKind } from './verdict/explanation.ts';
import { pairVerdict } from './verdict/pair-verdict.ts';
import type { ReasonCode } from './verdict/reason.ts';

/** An explanation of one end in {@link Explanations}; equal ones are there once. */
export interface SharedExplanation {
  readonly outcome: EndExplanation['outcome'];
  readonly decidedBy: EndExplanation['decidedBy'];
  /** Indexes of {@link Explanations.policies}. */
  readonly policies: readonly number[];
}

/** A verdict in {@link Explanations} with both of its ends; equal ones are there once. */
export interface SharedVerdict {
  readonly verdict: VerdictKind;
  readonly reason?: ReasonCode;
  /** Indexes of {@link Explanations.ends}. */
  readonly egress: number;
  readonly ingress: number;
}

/** Why every pod reaches every other one or not, as plain data: what is equal is said once, and else named by its index. */
export interface Explanations extends PortOf {
  /** `namespace/name` of every live pod and representative. */
  readonly pods: readonly string[];
  readonly policies: readonly PolicyExplanation[];
  readonly ends: readonly SharedExplanation[];
  readonly verdicts: readonly SharedVerdict[];
  /** By source, then destination, in the order of `pods`: an index of `verdicts`. */
  readonly cells: readonly (readonly number[])[];
}

/** Explains one port for every pair of live pods. It takes time and memory for each pair: for hundreds of pods, not thousands. */
export function explanationsOf(compiled: CompiledCluster, port: PortOf): Explanations {
  const pods = compiled.cluster.pods.filter(({ phase }) => phase === 'live');
  const policies = sharedList<PolicyExplanation>();
  const ends = sharedList<SharedExplanation>();
  const verdicts = sharedList<SharedVerdict>();
  const shareEnd = ({ outcome, decidedBy, policies: explained }: EndExplanation): number =>
    ends.indexOf({ outcome, decidedBy, policies: explained.map(policies.indexOf) });
  const cells = pods.map((from) =>
    pods.map((to) => {
      const pair = pairVerdict(compiled, {
        from: { kind: 'pod', pod: from },
        to: { kind: 'pod', pod: to },
        traffic: port,
      });
      return verdicts.indexOf({
        verdict: pair.kind,
        ...(pair.reason === undefined ? {} : { reason: pair.reason.code }),
        egress: shareEnd(pair.egress),
        ingress: shareEnd(pair.ingress),
      });
    }),
  );
  return {
    ...port,
    pods: pods.map(({ namespace, name }) => `${namespace}/${name}`),
    policies: policies.list,
    ends: ends.list,
    verdicts: verdicts.list,
    cells,
  };
}

/** A list that has each value once, by its JSON. */
function sharedList<Value>(): { readonly list: readonly Value[]; readonly indexOf: (value: Value) => number } {
  const list: Value[] = [];
  const known = new Map<string, number>();
  return {
    list,
    indexOf: (value) => {
      const key = JSON.stringify(value);
      const index = known.get(key) ?? list.length;
      if (index === list.length) {
        known.set(key, index);
        list.push(value);
      }
      return index;
    },
  };
}
