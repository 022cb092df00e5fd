import type { Direction, Lack, VerdictKind } from '../../../policy/index.ts';
import { portText } from '../../objects/asked-port.ts';
import { printable } from '../../views/printable.ts';
import { type Tone, toned } from '../../views/text-table.ts';
import type { ExplainedEnd, ExplainedPolicy, ExplainedPort, Explanation } from './explanation-schema.ts';

const TONES: Readonly<Record<VerdictKind, Tone>> = { allowed: 'good', denied: 'bad', undefined: 'warning' };
/** So that an explanation fits on one screen. */
const MOST_POLICIES = 5;
const MOST_PORTS = 8;

/** An explanation for people: it fits on one screen. Everything in it is printable. */
export function explanationText(explanation: Explanation, look: { readonly isColoured: boolean }): string {
  const { from, to, ports } = explanation;
  const shown = ports.find(({ verdict }) => verdict === 'denied') ?? ports.find(({ verdict }) => verdict !== 'allowed');
  const detailed = shown ?? ports[0];
  return [
    `${printable(from.title)} to ${printable(to.title)}`,
    ...ports.slice(0, MOST_PORTS).map((port) => `  ${portLine(port, look)}`),
    ...(ports.length > MOST_PORTS ? [`  and ${ports.length - MOST_PORTS} more ports: see -o json`] : []),
    ...(detailed === undefined ? [] : detailLines(detailed, { look, isOneOfSeveral: ports.length > 1 })),
    '',
  ].join('\n');
}

function portLine(port: ExplainedPort, look: { readonly isColoured: boolean }): string {
  const { verdict, reason, pairs } = port;
  const count = pairs.allowed + pairs.denied + pairs.undefined;
  const several = count > 1 && new Set([pairs.allowed > 0, pairs.denied > 0]).size === 1 && pairs.allowed > 0;
  const counted = several ? ` (${pairs.allowed} of ${count} pairs of pods are allowed)` : '';
  const why = reason === undefined ? '' : `: ${reason.message}`;
  return `${toned(verdict.toUpperCase(), TONES[verdict], look)}  ${portText(asked(port))}${why}${counted}`;
}

function asked({ protocol, port }: ExplainedPort) {
  return { protocol, ...(port === undefined ? {} : { port }) };
}

function detailLines(
  port: ExplainedPort,
  { look, isOneOfSeveral }: { readonly look: { readonly isColoured: boolean }; readonly isOneOfSeveral: boolean },
): readonly string[] {
  const { egress, ingress, toPort, warnings } = port;
  if (egress === undefined || ingress === undefined) {
    return [];
  }
  const arrives = toPort === undefined || toPort === port.port ? '' : ` (arrives at port ${toPort} of the pod)`;
  const title = isOneOfSeveral || arrives !== '' ? ['', `Port ${portText(asked(port))}${arrives}:`] : [];
  return [
    ...title,
    '',
    ...endLines(egress, { direction: 'egress', remote: ingress.end, look }),
    '',
    ...endLines(ingress, { direction: 'ingress', remote: egress.end, look }),
    ...warnings.map(({ message }) => `\nnote: ${printable(message)}`),
  ];
}

/** How the lines of one end are written. */
interface EndLook {
  readonly direction: Direction;
  /** The other end, which lacks what a rule wants. */
  readonly remote: string;
  readonly look: { readonly isColoured: boolean };
}

function endLines(end: ExplainedEnd, at: EndLook): readonly string[] {
  const { direction, look } = at;
  const heading = direction === 'egress' ? 'Egress of' : 'Ingress to';
  const outcome = toned(end.outcome, TONES[end.outcome], look);
  const shown = chosenPolicies(end);
  const more = end.outcome === 'allowed' ? 0 : end.policies.length - shown.length;
  return [
    `${heading} ${printable(end.end)}: ${outcome}, ${decisionText(end, direction)}`,
    ...shown.map((policy) => `  ${policyLine(policy, at)}`),
    ...(more > 0 ? [`  and ${more} more that select it`] : []),
  ];
}

/** Where one allows, what allows; else what comes closest first. */
function chosenPolicies({ outcome, policies }: ExplainedEnd): readonly ExplainedPolicy[] {
  const matching = policies.filter(({ match }) => match !== undefined);
  if (outcome === 'allowed' && matching.length > 0) {
    return matching.slice(0, 1);
  }
  const missing = policies.filter(({ match }) => match === undefined).toSorted((a, b) => distance(a) - distance(b));
  return [...matching, ...missing].slice(0, MOST_POLICIES);
}

function distance({ nearestMiss }: ExplainedPolicy): number {
  return (nearestMiss?.lacks ?? []).reduce((sum, { kind, wanted }) => {
    const several = Array.isArray(wanted) ? wanted.length : 1;
    return sum + (kind === 'rule' ? 10 : several);
  }, 0);
}

function decisionText({ decidedBy, outcome, policies }: ExplainedEnd, direction: Direction): string {
  switch (decidedBy) {
    case 'default':
      return `as no policy selects it for ${direction}`;
    case 'notSelectable':
      return 'as policies select pods of the pod network only';
    case 'self':
      return 'as a pod always reaches itself';
    case 'Admin':
    case 'Baseline':
      return `by a ClusterNetworkPolicy of the ${decidedBy} tier`;
    case 'NetworkPolicy':
      if (outcome === 'allowed') {
        return 'by';
      }
      return policies.length === 1
        ? 'as the policy that selects it has no rule for it'
        : 'as no policy that selects it has a rule for it';
  }
}

function policyLine({ policy, baselinePolicy, source, match, matches, nearestMiss }: ExplainedPolicy, at: EndLook) {
  const owner = baselinePolicy === undefined ? '' : ` (of BaselinePolicy ${printable(baselinePolicy)})`;
  const tier = policy.tier === undefined ? '' : `${policy.tier} ${policy.priority ?? ''} `;
  const place = source === undefined ? '' : ` [${printable(source)}]`;
  const name = `${tier}${policy.namespace === undefined ? '' : `${printable(policy.namespace)}/`}${printable(policy.name)}`;
  return `${name}${owner}${place}: ${ruleText({ match, matches, nearestMiss }, at)}`;
}

function ruleText(
  { match, matches, nearestMiss }: Pick<ExplainedPolicy, 'match' | 'matches' | 'nearestMiss'>,
  { direction, remote }: EndLook,
): string {
  if (match !== undefined) {
    const does = match.action === 'Accept' ? 'allows it' : `has action ${match.action}`;
    return `${placeOf(match, direction)} ${matches === 'perhaps' ? 'perhaps ' : ''}${does}`;
  }
  const lacks = (nearestMiss?.lacks ?? []) as readonly Lack[];
  if (lacks.some(({ kind }) => kind === 'rule')) {
    return `has no rule for ${direction}`;
  }
  return `${placeOf({ ...nearestMiss }, direction)} comes closest; it wants ${lacks.map((lack) => lackText(lack, remote)).join('; ')}`;
}

function placeOf(
  {
    rule,
    peer,
    port,
  }: {
    readonly rule?: number | undefined;
    readonly peer?: number | undefined;
    readonly port?: number | undefined;
  },
  direction: Direction,
): string {
  const peers = direction === 'egress' ? 'to' : 'from';
  return [
    `${direction}[${rule ?? 0}]`,
    ...(peer === undefined ? [] : [`${peers}[${peer}]`]),
    ...(port === undefined ? [] : [`ports[${port}]`]),
  ].join('.');
}

/** What a rule wants that the connection does not have; `remote` is the other end. */
function lackText(lack: Lack, remote: string): string {
  const other = printable(remote);
  switch (lack.kind) {
    case 'rule':
      return 'a rule';
    case 'port':
    case 'protocol':
      return `port ${printable(lack.wanted)}`;
    case 'portName':
      return lack.is === undefined
        ? `a container port named ${printable(lack.wanted)}`
        : `port ${printable(lack.wanted)}, which is ${lack.is} here`;
    case 'namespaceLabels':
      return `label ${printable(lack.wanted.join(', '))} on namespace ${printable(lack.namespace)}`;
    case 'podLabels':
      return `label ${printable(lack.wanted.join(', '))} on ${other}`;
    case 'namespace':
      return `${other} to be in namespace ${printable(lack.wanted)}`;
    case 'pod':
      return `${other} to be a pod`;
    case 'address':
      return `${other} to be in ${printable(lack.wanted)}`;
  }
}
