import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import { cidrsOf, type Family } from '../intervals/addresses.ts';
import type { Direction } from '../model/cluster.ts';
import { endOutcome, type Outcome, selectedGroups } from './end-outcome.ts';
import { explainEnd, kindOf } from './explain-end.ts';
import { type EndExplanation, type EndName, podName, type VerdictKind } from './explanation.ts';
import { type Reason, type ReasonCode, reasonFor } from './reason.ts';
import type { Meeting } from './rule-match.ts';
import {
  type End,
  familiesOf,
  isAddressUnknown,
  isHostNetwork,
  nodeOf,
  type Reading,
  type Side,
  sideOf,
  type Traffic,
} from './side.ts';
import { type Warning, warningFor, warningsOf } from './warnings.ts';

/** The verdict on one connection between two ends, whose explanation and warnings are made when they are first read. */
export interface PairVerdict {
  readonly kind: VerdictKind;
  /** Always there with `undefined`. */
  readonly reason?: Reason;
  readonly from: EndName;
  readonly to: EndName;
  readonly traffic: Traffic;
  readonly egress: EndExplanation;
  readonly ingress: EndExplanation;
  /** Where the families differ, the verdict of each. */
  readonly byFamily?: Readonly<Partial<Record<Family, VerdictKind>>>;
  /** Where the API gives an answer, but implementations are known to differ. */
  readonly warnings: readonly Warning[];
}

/** A connection between two ends. */
export interface Pair {
  readonly from: End;
  readonly to: End;
  readonly traffic: Traffic;
  /** Only this family; otherwise both must agree. */
  readonly family?: Family;
  /** Whether a Service sends the connection to `to`: a pod that then reaches itself does not do so within itself. */
  readonly isBehindService?: boolean;
}

/** One way to see the two ends, with what the policies of each then decide. */
interface View {
  readonly family: Family;
  readonly reading: Reading;
  readonly from: Side;
  readonly to: Side;
  readonly egress: Outcome;
  readonly ingress: Outcome;
  readonly kind: VerdictKind;
}

const ALLOWED: Outcome = { mayAllow: true, mayDeny: false, decidedBy: 'default' };

/** Judges a connection between two ends: egress of the one and ingress of the other must both let it through. */
export function pairVerdict(compiled: CompiledCluster, pair: Pair): PairVerdict {
  if (isFinished(pair.from) || isFinished(pair.to)) {
    return explained(compiled, pair, [], { kind: 'undefined', reason: reasonFor('finished') });
  }
  if (isSelf(pair) && pair.isBehindService !== true) {
    return explained(compiled, pair, [], { kind: 'allowed', reason: reasonFor('self') });
  }
  const views = viewsOf(compiled, pair);
  if (views.length === 0) {
    return explained(compiled, pair, [], { kind: 'undefined', reason: reasonFor('noCommonFamily') });
  }
  return explained(compiled, pair, views, judged(compiled, pair, views));
}

function isFinished(end: End): boolean {
  return end.kind === 'pod' && end.pod.phase === 'finished';
}

function isHairpin(pair: Pair): boolean {
  return pair.isBehindService === true && isSelf(pair);
}

/** A representative of several pods stands at both ends for two different ones. */
function isSelf({ from, to }: Pair): boolean {
  return from.kind === 'pod' && to.kind === 'pod' && from.pod === to.pod && !from.pod.hasSiblings;
}

function viewsOf(compiled: CompiledCluster, { from, to, traffic, family: wanted }: Pair): readonly View[] {
  const families = familiesOf(compiled, from).filter((family) => familiesOf(compiled, to).includes(family));
  const readings: readonly Reading[] = isHostNetwork(from) || isHostNetwork(to) ? ['pod', 'address'] : ['pod'];
  return families
    .filter((family) => wanted === undefined || family === wanted)
    .flatMap((family) =>
      readings.map((reading) => {
        const sides = {
          from: sideOf(compiled, from, { family, reading }),
          to: sideOf(compiled, to, { family, reading }),
        };
        const egress = outcomeAt(compiled, meetingAt('egress', sides, traffic));
        const ingress = outcomeAt(compiled, meetingAt('ingress', sides, traffic));
        return { family, reading, ...sides, egress, ingress, kind: kindOfBoth(egress, ingress) };
      }),
    );
}

/** What the end of that direction is asked; undefined when no policy can select it. */
function meetingAt(
  direction: Direction,
  sides: { readonly from: Side; readonly to: Side },
  traffic: Traffic,
): Meeting | undefined {
  const local = direction === 'egress' ? sides.from : sides.to;
  const remote = direction === 'egress' ? sides.to : sides.from;
  return local.pod === undefined ? undefined : { direction, local: { ...local, pod: local.pod }, remote, traffic };
}

function outcomeAt(compiled: CompiledCluster, meeting: Meeting | undefined): Outcome {
  return meeting === undefined ? ALLOWED : endOutcome(compiled, meeting);
}

function kindOfBoth(egress: Outcome, ingress: Outcome): VerdictKind {
  return kindOf({ mayAllow: egress.mayAllow && ingress.mayAllow, mayDeny: egress.mayDeny || ingress.mayDeny });
}

type Judgement = Pick<PairVerdict, 'kind' | 'reason' | 'byFamily'>;

function judged(compiled: CompiledCluster, pair: Pair, views: readonly View[]): Judgement {
  const kinds = new Set(views.map(({ kind }) => kind));
  const only = kinds.size === 1 ? views[0]?.kind : undefined;
  if (only === 'allowed') {
    return isHairpin(pair) ? hairpin(views) : { kind: only };
  }
  if (isOwnNode(pair)) {
    return { kind: 'undefined', reason: reasonFor('ownNode') };
  }
  if (isHairpin(pair)) {
    return { kind: 'undefined', reason: reasonFor('hairpin') };
  }
  if (only === 'denied') {
    return { kind: only };
  }
  return {
    kind: 'undefined',
    reason: reasonFor(only === undefined ? differenceBetween(pair, views) : causeOf(compiled, pair, views)),
    ...familiesThatDiffer(views),
  };
}

/** Only where no policy isolates the pod it does not matter whether policies count. */
function hairpin(views: readonly View[]): Judgement {
  const isOpen = views.every(
    ({ egress, ingress }) => egress.decidedBy === 'default' && ingress.decidedBy === 'default',
  );
  return isOpen ? { kind: 'allowed' } : { kind: 'undefined', reason: reasonFor('hairpin') };
}

function isOwnNode({ from, to }: Pair): boolean {
  const node = nodeOf(from);
  const isNode = (end: End): boolean => (end.kind === 'addresses' ? end.node !== undefined : end.pod.isHostNetwork);
  return node !== undefined && node === nodeOf(to) && (isNode(from) || isNode(to));
}

function differenceBetween(pair: Pair, views: readonly View[]): ReasonCode {
  const isByReading = views.some((view) =>
    views.some((other) => other.family === view.family && other.reading !== view.reading && other.kind !== view.kind),
  );
  if (isByReading) {
    return 'hostNetwork';
  }
  return isAddressUnknown(pair.from) || isAddressUnknown(pair.to) ? 'addressUnknown' : 'families';
}

function familiesThatDiffer(views: readonly View[]): Pick<PairVerdict, 'byFamily'> {
  const byFamily: Partial<Record<Family, VerdictKind>> = {};
  for (const { family, kind } of views) {
    byFamily[family] = byFamily[family] === undefined || byFamily[family] === kind ? kind : 'undefined';
  }
  return new Set(Object.values(byFamily)).size > 1 ? { byFamily } : {};
}

function causeOf(compiled: CompiledCluster, pair: Pair, views: readonly View[]): ReasonCode {
  if (pair.traffic.protocol === 'other' && views.some(isLeftToProtocol)) {
    return 'protocol';
  }
  if (pair.from.kind === 'addresses' || pair.to.kind === 'addresses') {
    return hasDomainNames(compiled, pair, views) ? 'domainNames' : 'partOfAddresses';
  }
  return isAddressUnknown(pair.from) || isAddressUnknown(pair.to) ? 'addressUnknown' : 'samePriority';
}

function isLeftToProtocol({ egress, ingress }: View): boolean {
  return [egress, ingress].some((outcome) => kindOf(outcome) === 'undefined' && outcome.decidedBy === 'NetworkPolicy');
}

function hasDomainNames(compiled: CompiledCluster, pair: Pair, views: readonly View[]): boolean {
  return views.some((view) => {
    const meeting = meetingAt('egress', view, pair.traffic);
    return (
      meeting !== undefined &&
      (['Admin', 'Baseline'] as const).some((tier) =>
        selectedGroups(compiled, tier, meeting)
          .flat()
          .some(({ egress }) => egress.some(({ peers }) => peers?.some(({ kind }) => kind === 'domains') === true)),
      )
    );
  });
}

/** Adds the explanation, which is made when it is first read. */
function explained(compiled: CompiledCluster, pair: Pair, views: readonly View[], judgement: Judgement): PairVerdict {
  // The view that shows why: the first with the verdict, or one that is not simply allowed.
  const view =
    views.find(({ kind }) => kind === judgement.kind) ?? views.find(({ kind }) => kind !== 'allowed') ?? views[0];
  let egress: EndExplanation | undefined;
  let ingress: EndExplanation | undefined;
  let warnings: readonly Warning[] | undefined;
  const from = nameOfEnd(pair.from);
  const to = nameOfEnd(pair.to);
  return {
    ...judgement,
    from,
    to,
    traffic: pair.traffic,
    get egress() {
      egress ??= endExplanation(compiled, view, { direction: 'egress', end: from, pair, judgement });
      return egress;
    },
    get ingress() {
      ingress ??= endExplanation(compiled, view, { direction: 'ingress', end: to, pair, judgement });
      return ingress;
    },
    get warnings() {
      warnings ??= warningsOfPair(compiled, pair, { egress: this.egress, ingress: this.ingress });
      return warnings;
    },
  };
}

function warningsOfPair(
  compiled: CompiledCluster,
  { from, to, isBehindService }: Pair,
  explanations: { readonly egress: EndExplanation; readonly ingress: EndExplanation },
): readonly Warning[] {
  const egress = warningsOf(compiled, explanations.egress, to);
  const ingress = warningsOf(compiled, explanations.ingress, from);
  const isRewritten = isBehindService === true && egress.some(({ code }) => code === 'blockMatchesPod');
  return [...egress, ...ingress, ...(isRewritten ? [warningFor('serviceAddress')] : [])];
}

function endExplanation(
  compiled: CompiledCluster,
  view: View | undefined,
  at: { readonly direction: Direction; readonly end: EndName; readonly pair: Pair; readonly judgement: Judgement },
): EndExplanation {
  const { direction, end } = at;
  if (view === undefined) {
    const isItself = at.judgement.reason?.code === 'self';
    const decidedBy = isItself ? ('self' as const) : ('notSelectable' as const);
    return { direction, end, outcome: at.judgement.kind, decidedBy, policies: [] };
  }
  const meeting = meetingAt(direction, view, at.pair.traffic);
  return meeting === undefined
    ? { direction, end, outcome: 'allowed', decidedBy: 'notSelectable', policies: [] }
    : explainEnd(compiled, meeting);
}

/** Names an end. */
export function nameOfEnd(end: End): EndName {
  return end.kind === 'pod'
    ? podName(end.pod)
    : {
        kind: 'addresses',
        text: cidrsOf(end.addresses)
          .join(', ')
          .replaceAll(/\/(?:32|128)(?=,|$)/g, ''),
      };
}
