import { CONDITIONS } from '../../../api/names.ts';
import type { ConditionView } from '../../cluster/cluster-facts.ts';
import { printable } from '../../views/printable.ts';
import { type Cell, type Tone, tableText, toned } from '../../views/text-table.ts';
import type { BaselineStatus, UnownedNetworkPolicy, NamespaceStatus, PolicyStatus, StatusScope } from './status-view.ts';

/** How the text shall look. */
export interface StatusLook {
  /** With messages and with what DryRun would do. */
  readonly isWide: boolean;
  /** Leaves out the namespaces that are well; they still count. */
  readonly isAboutProblems: boolean;
  readonly isColoured: boolean;
  readonly programName: string;
}

const LISTED_IN_CELL = 2;
const MOST_LEFTOVERS = 20;
const PHASE_TONES: ReadonlyMap<string, Tone> = new Map([
  ['Protected', 'good'],
  ['Failed', 'bad'],
  ['Conflict', 'bad'],
  ['Unselected', 'warning'],
  ['Pending', 'warning'],
]);
const STEADY: ReadonlySet<string> = new Set([CONDITIONS.ready, CONDITIONS.allProtected]);

/** The status for people: namespaces, the policies below them, what is left over, and one last line that sums it up. */
export function statusText(status: BaselineStatus, scope: StatusScope, look: StatusLook): string {
  const namespaces = look.isAboutProblems ? status.namespaces.filter(({ isWell }) => !isWell) : status.namespaces;
  const sections = [
    namespaces.length > 0 ? namespacesText(namespaces, look) : '',
    status.policies.length > 0 ? policiesText(status.policies, look) : '',
    status.orphans.length > 0 ? orphansText(status.orphans, scope, look) : '',
    status.kept.length > 0 ? `Left behind on purpose (onOptOut: Keep):\n${someLeftoversText(status.kept, look)}` : '',
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
  const where = scope.namespace === undefined ? '-A' : `-n ${scope.namespace}`;
  return `Orphans, of policies that are gone (${look.programName} prune ${where} removes them):\n${someLeftoversText(orphans, look)}`;
}

/** Thousands of lines would hide the rest. */
function someLeftoversText(leftovers: readonly UnownedNetworkPolicy[], look: StatusLook): string {
  const shown = look.isWide ? leftovers : leftovers.slice(0, MOST_LEFTOVERS);
  const left = leftovers.length - shown.length;
  return `${leftoversText(shown, look)}${left > 0 ? `and ${left} more, which -o wide lists\n` : ''}`;
}

/** A table of NetworkPolicies that nobody looks after. */
export function leftoversText(leftovers: readonly UnownedNetworkPolicy[], look: Pick<StatusLook, 'isColoured' | 'isWide'>): string {
  const wide = (value: string): readonly string[] => (look.isWide ? [value] : []);
  return tableText(
    ['NAMESPACE', 'NETWORKPOLICY', 'POLICY', ...wide('POLICY UID')],
    leftovers.map(({ namespace, name, policy, policyUid }) => [namespace, name, policy, ...wide(policyUid)]),
    look,
  );
}

function summary(status: BaselineStatus, scope: StatusScope, { isColoured, programName }: StatusLook): string {
  const { namespaces, orphans } = status;
  const unselected = namespaces.find(({ phase }) => phase === 'Unselected');
  if (unselected !== undefined) {
    return toned(unselectedText(unselected.namespace, scope), 'warning', { isColoured });
  }
  if (namespaces.length + orphans.length === 0) {
    return `No namespace is selected by ${scope.policy === undefined ? 'any BaselinePolicy' : `BaselinePolicy ${scope.policy}`}.`;
  }
  const counts = [...Map.groupBy(namespaces, ({ phase }) => phase)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([phase, those]) => `${those.length} ${printable(phase)}`);
  const counted = [
    countText(namespaces.length, 'namespace', 'namespaces'),
    counts.length > 0 ? `: ${counts.join(', ')}` : '',
    orphans.length > 0 ? `; ${countText(orphans.length, 'orphan', 'orphans')}` : '',
  ].join('');
  if (status.isWell) {
    return `${counted}. ${toned('All is well.', 'good', { isColoured })}`;
  }
  return `${counted}. ${toned('Not all is well.', 'warning', { isColoured })} ${programName} status -o wide says more.`;
}

/** There is such a row only where one namespace was asked about. */
function unselectedText(namespace: string, { policy }: StatusScope): string {
  if (policy !== undefined) {
    return `BaselinePolicy ${policy} does not select namespace ${namespace}.`;
  }
  return `No BaselinePolicy selects namespace ${namespace}. To opt it in: kubectl label namespace ${namespace} nsbaseline.io/enabled=true`;
}

/** `1 orphan`, `2 orphans`. */
export function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
