import { CONDITIONS, type ConditionType, NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import { PHASES, type Phase } from '../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { CONDITION_RUNBOOKS, REASON_RUNBOOKS } from './runbooks.ts';

/** What there is to say of a condition on one kind. */
interface ConditionText {
  readonly kind: 'BaselinePolicy' | 'NamespaceBaseline';
  readonly type: ConditionType;
  /** Whether `True` is what people want to see. */
  readonly isGood: boolean;
  readonly meaning: string;
  /** The reasons by the status that they come with. */
  readonly reasons: Readonly<Partial<Record<'True' | 'False', readonly Reason[]>>>;
}

/** The reasons of Ready in a NamespaceBaseline: every one that an entry of status.policies can have. */
const NAMESPACE_REASONS = [
  'Pending',
  'Retrying',
  'ForeignObject',
  'Unprotected',
  'AllowDnsMissing',
  'Denied',
  'Rejected',
  'Altered',
  'Forbidden',
  'Contested',
  'IsolationHeld',
  'PolicyInvalid',
  'DryRun',
  'Paused',
] as const satisfies readonly Reason[];

/** Every condition with the reasons that it can have, in the order of the page. */
export const CONDITION_TEXTS: readonly ConditionText[] = [
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.ready,
    isGood: true,
    meaning:
      'The operator accepted this generation and attempted every selected namespace. A namespace that could not be protected does not make it False, so that one tenant cannot block a GitOps sync; a missing permission does.',
    reasons: {
      True: ['Applied', 'DryRun', 'Paused'],
      False: ['Progressing', 'InvalidSpec', 'Forbidden', 'RemovalHeld', 'IsolationHeld'],
    },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.allProtected,
    isGood: true,
    meaning:
      'Every selected namespace has everything in place. Namespaces that have been Pending for less than a minute do not count against it.',
    reasons: { True: ['AllInPlace', 'NoneSelected'], False: ['Progressing', 'NotAllInPlace', 'DryRun', 'Paused'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.reconciling,
    isGood: false,
    meaning: 'Selected namespaces are still to be attempted at this generation.',
    reasons: { True: ['Progressing'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.stalled,
    isGood: false,
    meaning: 'The operator cannot go on until somebody does something.',
    reasons: { True: ['InvalidSpec', 'Forbidden', 'RemovalHeld', 'IsolationHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.discoveryStale,
    isGood: false,
    meaning: 'What this policy renders rests on an older answer of the cluster, or on an assumption.',
    reasons: { True: ['DnsNotFound', 'DnsStale', 'ApiServerNotFound'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.removalHeld,
    isGood: false,
    meaning: 'A removal that would unprotect much waits for a confirmation.',
    reasons: { True: ['RemovalHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.isolationHeld,
    isGood: false,
    meaning: 'A change that would newly isolate much waits for a confirmation.',
    reasons: { True: ['IsolationHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.orphansPresent,
    isGood: false,
    meaning: 'Managed NetworkPolicies stand where no live policy wants them.',
    reasons: { True: ['OrphansPresent'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.weakened,
    isGood: false,
    meaning: "Somebody else's NetworkPolicy undoes the isolation of a selected namespace.",
    reasons: { True: ['Weakened'] },
  },
  {
    kind: 'NamespaceBaseline',
    type: CONDITIONS.ready,
    isGood: true,
    meaning:
      'Every policy that selects this namespace has everything in place. The reason is that of the worst one. It stays True with `PolicyInvalid` where a policy turned invalid and what it last put in place is left standing.',
    reasons: { True: ['Protected', 'RemovalHeld', 'IsolationHeld', 'PolicyInvalid'], False: NAMESPACE_REASONS },
  },
];

/** What to do about each reason; empty where there is nothing to do. */
const REMEDIES: Readonly<Record<Reason, string>> = {
  Applied: '',
  DryRun: 'Read `status.policies[].plan` of the NamespaceBaselines, then set `mode: Enforce`.',
  Paused: 'Set `mode: Enforce` when you are done. Nothing is repaired until then.',
  Progressing: 'Wait. If it lasts, look at `nsbaseline_queue_depth` and `nsbaseline_queue_retries_total`.',
  InvalidSpec:
    '`kubectl edit` the fields that the message names; see `docs/api.md`. Update the CRDs (`kubectl apply -f crds/`), so that the API server refuses such a spec at once.',
  Forbidden:
    'Grant the permission that the message names: `kubectl apply -k deploy/base`. It is tried again by itself.',
  AllInPlace: '',
  NoneSelected: 'Label a namespace, or look at `spec.namespaceSelector` and `--exclude-namespaces`.',
  NotAllInPlace: 'Look at `status.failed`, or at all of them: `kubectl get namespacebaselines -A`.',
  DnsNotFound:
    'If pods use another resolver, name it in `spec.allow.dns.to`, or give its namespace to `--dns-namespaces`.',
  DnsStale: 'Look at the DNS Service and its EndpointSlices. What pods were allowed before is still allowed.',
  ApiServerNotFound: 'Look at the EndpointSlices of Service `kubernetes` in namespace `default`.',
  Protected: '',
  RemovalHeld:
    'If you mean it, run the kubectl line of the message or `nsbaseline approve`; else undo the edit or set the labels again.',
  IsolationHeld:
    'If you mean it, run the kubectl line of the message or `nsbaseline approve`; or try the same spec in DryRun first.',
  Contested:
    'Find who runs the field manager that the message names (`kubectl get networkpolicy NAME -n NAMESPACE --show-managed-fields -o yaml`) and have it leave the object alone.',
  Kept: '',
  Adopted: '',
  OrphansPresent: '`nsbaseline prune` lists and removes them.',
  Weakened: 'Look at the NetworkPolicy that the message names, with whoever owns the namespace.',
  Pending: 'Wait. If it lasts, read the message and the log of the operator.',
  Unprotected:
    'Clear what is in the way of `<policy>.allow-dns`: the end of the message names it. Until then, this policy isolates nothing that was not isolated before.',
  AllowDnsMissing:
    'Clear what is in the way of `<policy>.allow-dns`: the end of the message names it. Until then, pods can resolve names only if another policy lets them.',
  ForeignObject:
    'Rename or delete the other object, or hand it over: `kubectl annotate networkpolicy <name> -n <namespace> nsbaseline.io/adopt=true`. Handing it over replaces its spec.',
  Denied:
    'Raise the quota, or exempt the NetworkPolicies of the operator in the admission policy that the message names.',
  Rejected:
    'Read the message. A spec that passed the checks of the CRD and is refused here is a fault of this project; please report it.',
  Altered: 'Exempt objects labelled `app.kubernetes.io/managed-by=nsbaseline` in the mutating webhook or policy.',
  PolicyInvalid: 'Mend the BaselinePolicy; its condition Stalled names the fields.',
  Retrying: 'Wait. It is tried again with growing pauses, up to a minute.',
  Repaired:
    'Find out who does it: `kubectl get networkpolicy <name> -n <namespace> -o yaml --show-managed-fields`, or the audit log.',
  Removed: '',
};

/** The reasons that come as Events too, on the NamespaceBaseline, with the type of the Event. */
export const EVENT_TYPES: Readonly<Partial<Record<Reason, 'Normal' | 'Warning'>>> = {
  ...Object.fromEntries(
    NAMESPACE_REASONS.filter((reason) => reason !== 'Pending' && reason !== 'DryRun' && reason !== 'Paused').map(
      (reason) => [reason, 'Warning'],
    ),
  ),
  Protected: 'Normal',
  Repaired: 'Warning',
  Removed: 'Normal',
  Kept: 'Normal',
  Weakened: 'Warning',
  Adopted: 'Normal',
  RemovalHeld: 'Warning',
};

const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  Failed: 'Something could not be put in place, and trying again soon would change nothing. The reason says what.',
  Conflict: "Somebody else's NetworkPolicy has the name of one of ours. Everything else is in place or being written.",
  Pending: 'Something is being written, removed, or tried again.',
  Protected: 'Everything is in place as declared.',
  DryRun: 'The policy is in DryRun; see `status.policies[].plan`.',
  Paused: 'The policy is Paused.',
};

/** The text of docs/conditions.md: every condition, phase and reason, what it means and what to do. Pure. */
export function conditionsPage(): string {
  return `${[
    '# Conditions, phases and reasons',
    'Generated by `src/generate/conditions-page.ts` from `src/api/names.ts` and `src/api/reasons.ts`; do not edit.',
    'A condition, its Event and its log line have one and the same reason. Messages are for people and may change; types, phases and reasons do not change in v1alpha1.',
    "A condition's `lastTransitionTime` moves only when its `status` does.",
    ...conditionSections(
      'BaselinePolicy',
      '`Ready` and `AllProtected` are always there. Every other condition is there only while it applies, and then it is `True`; no condition is ever `Unknown`.',
    ),
    ...conditionSections(
      'NamespaceBaseline',
      `There is one NamespaceBaseline in each namespace that a policy selects, and it is always named \`${NAMESPACE_BASELINE_NAME}\`. It has one condition.`,
    ),
    '## Phases of a namespace',
    'Worst first. `status.policies[].phase` is that of one policy, `status.phase` the worst of them.',
    table(
      ['phase', 'meaning'],
      PHASES.map((phase) => [`\`${phase}\``, PHASE_TEXTS[phase]]),
    ),
    '## Reasons',
    'Events are on the NamespaceBaseline, in its namespace, and only on a change: `kubectl get events -n team-a`.',
    table(
      ['reason', 'condition', 'Event', 'meaning', 'what to do', 'runbook'],
      reasons().map((reason) => [
        `\`${reason}\``,
        placesOf(reason),
        EVENT_TYPES[reason] ?? '',
        REASONS[reason],
        REMEDIES[reason],
        runbookLink(REASON_RUNBOOKS[reason]),
      ]),
    ),
    ...WAITING,
    ...KSTATUS,
  ].join('\n\n')}\n`;
}

function conditionSections(kind: ConditionText['kind'], presence: string): readonly string[] {
  const texts = CONDITION_TEXTS.filter((text) => text.kind === kind);
  const rows = texts.map((text) => [
    `[\`${text.type}\`](runbooks/${CONDITION_RUNBOOKS[text.type]}.md)`,
    `\`${text.isGood ? 'True' : 'absent'}\``,
    text.meaning,
    reasonsText(text),
  ]);
  return [`## Conditions of a ${kind}`, presence, table(['type', 'good is', 'meaning', 'reasons'], rows)];
}

function runbookLink(page: string): string {
  return `[${page}](runbooks/${page}.md)`;
}

function reasonsText({ reasons: byStatus }: ConditionText): string {
  const told = (['True', 'False'] as const).flatMap((status) => {
    const named = byStatus[status] ?? [];
    return named.length > 0 ? [`${status}: ${named.map((reason) => `\`${reason}\``).join(', ')}`] : [];
  });
  return told.join('; ');
}

function reasons(): readonly Reason[] {
  return Object.keys(REASONS) as Reason[];
}

/** The conditions that can have a reason; empty for what only Events and log lines say. */
function placesOf(reason: Reason): string {
  const places = CONDITION_TEXTS.flatMap((text) => {
    const has = Object.values(text.reasons).some((named) => named.includes(reason));
    return has ? [`${text.kind} ${text.type}`] : [];
  });
  return places.join(', ');
}

const WAITING: readonly string[] = [
  '## Waiting for them',
  [
    '```sh',
    '# this generation was accepted and every selected namespace attempted',
    'kubectl wait --for=condition=Ready baselinepolicy/standard --timeout=60s',
    '# every selected namespace is protected',
    'kubectl wait --for=condition=AllProtected baselinepolicy/standard --timeout=60s',
    '# one namespace is protected by all policies that select it',
    `kubectl wait --for=condition=Ready namespacebaseline/${NAMESPACE_BASELINE_NAME} -n team-a --timeout=60s`,
    '# all namespaces that are not',
    `kubectl get namespacebaselines -A -o jsonpath='{range .items[?(@.status.phase!="Protected")]}{.metadata.namespace}{" "}{.status.phase}{" "}{.status.conditions[0].reason}{"\\n"}{end}'`,
    '```',
  ].join('\n'),
  'A NamespaceBaseline comes with the first look at its namespace. `kubectl wait` on one that is not there yet fails at once; wait with `--for=create` first.',
];

/** The reasons of Stalled, so that the table below cannot lag behind the conditions. */
function stalledReasons(): string {
  const stalled = CONDITION_TEXTS.find(({ type }) => type === CONDITIONS.stalled);
  return (stalled?.reasons.True ?? []).map((reason) => `\`${reason}\``).join(', ');
}

const KSTATUS: readonly string[] = [
  '## What GitOps tools see',
  'Flux and others go by [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md); Argo CD needs a health check of its own, which is in `deploy/components/argocd-health` ([gitops.md](guides/gitops.md#health)). A BaselinePolicy that the operator has not processed yet has `status.observedGeneration: -1`, the default in the CRD, so that no tool takes it for healthy.',
  table(
    ['BaselinePolicy', 'kstatus'],
    [
      ['`status.observedGeneration` is not `metadata.generation`, or `Reconciling` is True', 'InProgress'],
      [`\`Stalled\` is True (${stalledReasons()})`, 'Failed'],
      ['`Ready` is True, in DryRun and Paused too', 'Current'],
      ['`AllProtected`, `DiscoveryStale` and all others', 'not looked at'],
    ],
  ),
  'A NamespaceBaseline is written by the operator and should not be in Git. It has no `observedGeneration`, since one write makes it whole; while its `Ready` is False it counts as InProgress, for good too.',
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
