import type { ResolvedFlow } from './cleaned-flows.ts';
import type { Flow } from './flow.ts';

/** The verdict of an engine on a flow under some policies; `because` names the policy or the rule. */
export interface FlowJudgement {
  readonly verdict: 'allowed' | 'denied' | 'unknown';
  readonly because?: string;
}

/** Decides flows by policies, those proposed among them. */
export interface FlowJudge {
  isAllowed(flow: Flow): FlowJudgement;
}

/** A flow with what the engine says of it. */
export interface JudgedFlow {
  readonly flow: ResolvedFlow;
  readonly judgement: FlowJudgement;
}

/** The result of a replay. */
export interface Replay {
  readonly allowed: number;
  /** Flows that were allowed when they were seen and would not be: the most frequent first. */
  readonly denied: readonly JudgedFlow[];
  /** Flows of which the engine does not know. */
  readonly unknown: readonly JudgedFlow[];
}

/** Puts every flow to the engine once more. */
export function replayOf(flows: readonly ResolvedFlow[], judge: FlowJudge): Replay {
  const judged = flows.map((flow) => ({ flow, judgement: judge.isAllowed(flow) }));
  const byCount = (a: JudgedFlow, b: JudgedFlow): number => b.flow.count - a.flow.count;
  return {
    allowed: judged.filter(({ judgement }) => judgement.verdict === 'allowed').length,
    denied: judged.filter(({ judgement }) => judgement.verdict === 'denied').sort(byCount),
    unknown: judged.filter(({ judgement }) => judgement.verdict === 'unknown').sort(byCount),
  };
}
