import { CONDITIONS } from '../../../api/names.ts';
import type { ConditionView } from '../../cluster/cluster-facts.ts';
import { operatorText } from '../../cluster/operator-lease.ts';
import { type UnownedNetworkPolicy, unownedTable } from '../../cluster/orphans.ts';
import { countText } from '../../views/count-text.ts';
import { printable } from '../../views/printable.ts';
import { type Cell, type Tone, tableText, toned } from '../../views/text-table.ts';
import {
  type BaselineStatus,
  type NamespaceStatus,
  type PolicyStatus,
  problemsOf,
  type StatusScope,
} from './status-view.ts';
import type { StrayReport } from './stray-reports.ts';

/** How the text shall look. */
export interface StatusLook {
  /** With messages and with what DryRun would do. */
  readonly isWide: boolean;
  /** Leaves out the namespaces and policies that are well; they still count. */
  readonly isAboutProblems: boolean;
  readonly isColoured: boolean;
  readonly programName: string;
  /** How to opt in the one namespace that was asked about, where no policy selects it; empty where there is no way. */
  readonly advice?: string;
  /** How many namespaces no policy selects though it could; undefined where that is not known or was not asked. */
  readonly unselectedCount?: number | undefined;
}

const LISTED_IN_CELL = 2;
const MAX_UNOWNED = 20;
const PHASE_TONES: ReadonlyMap<string, Tone> = new Map([
  ['Protected', 'good'],
  ['Failed', 'bad'],
  ['Conflict', 'bad'],
  ['Unselected', 'warning'],
  ['Pending', 'warning'],
]);
const STEADY: ReadonlySet<string> = new Set([CONDITIONS.ready, CONDITIONS.allProtected]);

/** The status for people: the operator, namespaces, policies, orphans, and last a summary. */
export function statusText(status: BaselineStatus, scope: StatusScope, look: StatusLook): string {
  const { namespaces, policies } = look.isAboutProblems ? problemsOf(status) : status;
  const sections = [
    status.operator === undefined ? '' : operatorLine(status.operator, look),
    namespaces.length > 0 ? namespacesText(namespaces, look) : '',
    policies.length > 0 ? policiesText(policies, look) : '',
    status.orphans.length > 0 ? orphansText(status.orphans, scope, look) : '',
    status.copies.length > 0 ? copiesText(status.copies, scope, look) : '',
    status.strayReports.length > 0 ? strayText(status.strayReports, look) : '',
    status.kept.length > 0 ? `Left behind on purpose (onOptOut: Keep):\n${someUnownedText(status.kept, look)}` : '',
    `${summary(status, scope, look)}\n`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function namespacesText(namespaces: readonly NamespaceStatus[], look: StatusLook): string {
  const headings = ['NAMESPACE', 'PHASE', 'POLICIES', 'REASON', 'MISSING', 'CONFLICTS', 'WEAKENED BY'];
  if (!look.isWide) {
    return tableText(
      headings,
      namespaces.map((namespace) => namespaceRow(namespace, false)),
      look,
    );
  }
  return tableText(
    [...headings, 'MESSAGE'],
    namespaces.map((namespace) => [...namespaceRow(namespace, true), messagesOf(namespace)]),
    look,
  );
}

function namespaceRow(
  { namespace, phase, isWell, policies, conflicts, weakenedBy }: NamespaceStatus,
  isWide: boolean,
): readonly Cell[] {
  const reasons = [...new Set(policies.map(({ reason }) => reason).filter((reason) => reason !== ''))];
  const tone = isWell
    ? PHASE_TONES.get(phase)
    : (PHASE_TONES.get(phase === 'Protected' ? 'Pending' : phase) ?? 'warning');
  const listed = (names: readonly string[]): string => listText(names, isWide);
  return [
    namespace,
    tone === undefined ? phase : { text: phase, tone },
    listed(policies.map(({ policy }) => policy)),
    listed(reasons),
    listed(policies.flatMap(({ missing }) => missing)),
    listed(conflicts.map(({ name }) => name)),
    listed(weakenedBy.map(({ name }) => name)),
  ];
}

function messagesOf({ policies, weakenedBy }: NamespaceStatus): string {
  const planned = policies.flatMap(({ policy, wouldApply, wouldRemove }) =>
    wouldApply.length + wouldRemove.length === 0
      ? []
      : [
          `${policy}: would apply ${listText(wouldApply, true) || 'nothing'}, would remove ${listText(wouldRemove, true) || 'nothing'}`,
        ],
  );
  const said = policies.flatMap(({ policy, message }) => (message === '' ? [] : [`${policy}: ${message}`]));
  return [...said, ...planned, ...weakenedBy.map(({ name, why }) => `${name}: ${why}`)].join('; ');
}

function listText(names: readonly string[], isWide: boolean): string {
  const shown = isWide ? names : names.slice(0, LISTED_IN_CELL);
  const left = names.length - shown.length;
  return `${shown.join(',')}${left > 0 ? `,+${left}` : ''}`;
}

function policiesText(policies: readonly PolicyStatus[], look: StatusLook): string {
  const rows = policies.map((policy): readonly Cell[] => {
    const ready = policy.conditions.find(({ type }) => type === CONDITIONS.ready);
    const all = policy.conditions.find(({ type }) => type === CONDITIONS.allProtected);
    return [
      policy.policy,
      policy.mode,
      String(policy.namespaces.matched),
      String(policy.namespaces.protected),
      conditionCell(ready, policy),
      conditionCell(all, policy),
      raisedIn(policy)
        .map(({ type }) => type)
        .join(','),
    ];
  });
  const table = tableText(
    ['POLICY', 'MODE', 'MATCHED', 'PROTECTED', 'READY', 'ALL PROTECTED', 'CONDITIONS'],
    rows,
    look,
  );
  return `${table}${policies.flatMap((policy) => explanations(policy, look)).join('')}`;
}

function conditionCell(condition: ConditionView | undefined, { generation, observedGeneration }: PolicyStatus): Cell {
  if (condition === undefined) {
    return { text: 'Unknown', tone: 'warning' };
  }
  const text = `${condition.status} (${condition.reason})`;
  if (observedGeneration !== generation) {
    return { text: `${text}, of generation ${observedGeneration}`, tone: 'warning' };
  }
  return condition.status === 'True' ? { text, tone: 'good' } : { text, tone: 'warning' };
}

/** The conditions that are only there while they apply. */
function raisedIn({ conditions }: PolicyStatus): readonly ConditionView[] {
  return conditions.filter(({ type, status }) => !STEADY.has(type) && status === 'True');
}

/** In full: the message of a held change ends with the line that lets it go on. */
function explanations(policy: PolicyStatus, { isColoured, programName }: StatusLook): readonly string[] {
  const raised = raisedIn(policy).map(({ type, message }) => ({
    type,
    message,
    isHeld: type === CONDITIONS.removalHeld || type === CONDITIONS.isolationHeld,
  }));
  // A held policy is Stalled in the very same words.
  const lines = raised.filter(
    ({ type, message }) =>
      type !== CONDITIONS.stalled || !raised.some((other) => other.isHeld && other.message === message),
  );
  return [
    ...(policy.observedGeneration === policy.generation
      ? []
      : [`  ${policy.policy}: the operator has not looked at generation ${policy.generation} yet\n`]),
    ...(policy.isDeleting ? [`  ${policy.policy}: is being deleted\n`] : []),
    ...lines.map(
      ({ type, message, isHeld }) =>
        `  ${printable(policy.policy)}: ${toned(printable(type), 'warning', { isColoured })}: ${printable(message)}${isHeld ? ` (or: ${programName} approve ${printable(policy.policy)})` : ''}\n`,
    ),
  ];
}

function orphansText(orphans: readonly UnownedNetworkPolicy[], scope: StatusScope, look: StatusLook): string {
  return `Orphans, of policies that are gone (${look.programName} prune ${namespaceWords(scope)} removes them):\n${someUnownedText(orphans, look)}`;
}

function copiesText(copies: readonly UnownedNetworkPolicy[], scope: StatusScope, look: StatusLook): string {
  return `Copies, with our marks where the policy selects nothing; left alone (${look.programName} prune --copies ${namespaceWords(scope)} removes them):\n${someUnownedText(copies, look)}`;
}

function strayText(stray: readonly StrayReport[], look: StatusLook): string {
  const rows = stray.map(({ namespace, reason }) => [namespace, reason]);
  return `Stray reports, of a namespace or BaselinePolicies that do not exist; what they say is not so:\n${tableText(['NAMESPACE', 'REASON'], rows, look)}`;
}

/** Thousands of lines would hide the rest. */
function someUnownedText(unowned: readonly UnownedNetworkPolicy[], look: StatusLook): string {
  const shown = look.isWide ? unowned : unowned.slice(0, MAX_UNOWNED);
  const left = unowned.length - shown.length;
  return `${unownedTable(shown, look)}${left > 0 ? `and ${left} more, which -o wide lists\n` : ''}`;
}

function operatorLine(operator: NonNullable<BaselineStatus['operator']>, look: StatusLook): string {
  return `${toned(printable(operatorText(operator)), operator.isLeading ? undefined : 'bad', look)}\n`;
}

function summary(status: BaselineStatus, scope: StatusScope, look: StatusLook): string {
  const { namespaces, orphans } = status;
  const unselected = namespaces.find(({ phase }) => phase === 'Unselected');
  if (unselected !== undefined) {
    return toned(unselectedLine(unselected.namespace, scope, look), 'warning', look);
  }
  const rest = unselectedRest(look);
  const stray = status.strayReports.length;
  if (namespaces.length + orphans.length + stray === 0) {
    const policy = scope.policy === undefined ? 'any BaselinePolicy' : `BaselinePolicy ${scope.policy}`;
    return `No namespace${scope.selector === undefined ? '' : ' with these labels'} is selected by ${policy}.${rest}`;
  }
  const counts = [...Map.groupBy(namespaces, ({ phase }) => phase)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([phase, those]) => `${those.length} ${printable(phase)}`);
  const counted = [
    countText(namespaces.length, 'namespace', 'namespaces'),
    counts.length > 0 ? `: ${counts.join(', ')}` : '',
    ...besides(status),
  ].join('');
  if (status.isWell) {
    return `${counted}. ${toned('All is well.', 'good', look)}${rest}`;
  }
  const more = look.isWide ? '' : ` ${look.programName} status ${scopeWords(scope)} -o wide says more.`;
  return `${counted}. ${toned('Not all is well.', 'warning', look)}${more}${rest}`;
}

/** How many there are of what no namespace counts. */
function besides({ orphans, copies, strayReports }: BaselineStatus): readonly string[] {
  const found: readonly (readonly [number, string, string])[] = [
    [orphans.length, 'orphan', 'orphans'],
    [copies.length, 'copy', 'copies'],
    [strayReports.length, 'stray report', 'stray reports'],
  ];
  return found.flatMap(([count, one, several]) => (count > 0 ? [`; ${countText(count, one, several)}`] : []));
}

/** The arguments that ask about the same scope again. */
function scopeWords(scope: StatusScope): string {
  const { policy, selector } = scope;
  return [
    selector === undefined ? namespaceWords(scope) : `-l '${printable(selector)}'`,
    ...(policy === undefined ? [] : [printable(policy)]),
  ].join(' ');
}

function namespaceWords({ namespace }: StatusScope): string {
  return namespace === undefined ? '-A' : `-n ${namespace}`;
}

function unselectedRest({ unselectedCount = 0, programName }: StatusLook): string {
  return unselectedCount === 0
    ? ''
    : `\n${countText(unselectedCount, 'namespace is', 'namespaces are')} selected by no BaselinePolicy: ${programName} status -A --unselected`;
}

/** There is such a row only where one namespace was asked about. */
function unselectedLine(namespace: string, { policy }: StatusScope, { advice = '' }: StatusLook): string {
  return policy === undefined
    ? `No BaselinePolicy selects namespace ${namespace}. ${advice}`.trimEnd()
    : `BaselinePolicy ${policy} does not select namespace ${namespace}.`;
}
