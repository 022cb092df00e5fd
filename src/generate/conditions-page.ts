import { CONDITIONS, type ConditionType, NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import { PHASES, type Phase } from '../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { CONDITION_RUNBOOKS, REASON_RUNBOOKS } from './runbooks.ts';

/** A condition on one kind: its meaning and its reasons. */
interface ConditionText {
  readonly kind: 'BaselinePolicy' | 'NamespaceBaseline';
  readonly type: ConditionType;
  /** Whether `True` is the healthy status. */
  readonly isGood: boolean;
  readonly meaning: string;
  /** The reasons for each status. */
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
  'KeptByFinalizer',
  'Weakened',
  'IsolationHeld',
  'DnsNotFound',
  'DnsUnanswered',
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
      'The operator accepted this generation and attempted every selected namespace. A namespace that it could not protect does not make Ready False, so that one tenant cannot block a GitOps sync; a missing permission does.',
    reasons: {
      True: ['Applied', 'DryRun', 'Paused'],
      False: ['Progressing', 'InvalidSpec', 'Forbidden', 'CrdOutdated', 'RemovalHeld', 'IsolationHeld'],
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
    meaning: 'The operator has not attempted every selected namespace at this generation yet.',
    reasons: { True: ['Progressing'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.stalled,
    isGood: false,
    meaning: 'The operator cannot continue without your help.',
    reasons: { True: ['InvalidSpec', 'Forbidden', 'CrdOutdated', 'RemovalHeld', 'IsolationHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.discoveryStale,
    isGood: false,
    meaning:
      "The addresses that this policy renders are the last known ones, or assumed; or egress is not newly isolated, as the cluster's DNS was never believed.",
    reasons: { True: ['DnsNotFound', 'DnsUnanswered', 'DnsStale', 'ApiServerNotFound'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.removalHeld,
    isGood: false,
    meaning: 'A change that would remove protection from many namespaces is held until you approve it.',
    reasons: { True: ['RemovalHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.isolationHeld,
    isGood: false,
    meaning: 'A change that would newly isolate many namespaces is held until you approve it.',
    reasons: { True: ['IsolationHeld'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.orphansPresent,
    isGood: false,
    meaning: 'Managed NetworkPolicies remain that no live BaselinePolicy wants.',
    reasons: { True: ['OrphansPresent'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.weakened,
    isGood: false,
    meaning: 'A NetworkPolicy that the operator did not write undoes the isolation of a selected namespace.',
    reasons: { True: ['Weakened'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.peersNotFound,
    isGood: false,
    meaning:
      'A declared peer, or the default of `allow.monitoring` or `allow.ingressController`, selects namespaces by labels that no namespace has.',
    reasons: { True: ['PeersNotFound'] },
  },
  {
    kind: 'BaselinePolicy',
    type: CONDITIONS.ownRuleOpen,
    isGood: false,
    meaning:
      'A rule of the policy, or several together, opens a direction for everyone, and `spec.acknowledge` does not name it.',
    reasons: { True: ['OwnRuleOpen'] },
  },
  {
    kind: 'NamespaceBaseline',
    type: CONDITIONS.ready,
    isGood: true,
    meaning:
      'Every policy that selects this namespace has everything in place. The reason is that of the worst policy. Ready stays True with `PolicyInvalid` if a policy became invalid and its last valid set is still in place.',
    reasons: {
      True: ['Protected', 'Wide', 'OptingOut', 'RemovalHeld', 'IsolationHeld', 'PolicyInvalid'],
      False: NAMESPACE_REASONS,
    },
  },
];

/** The remedy for each reason; empty if none is needed. */
const REMEDIES: Readonly<Record<Reason, string>> = {
  Applied: '',
  DryRun: 'Read `status.policies[].plan` of the NamespaceBaselines, then set `mode: Enforce`.',
  Paused: 'Set `mode: Enforce` when you are done. Until then nothing is repaired.',
  Progressing: 'Wait. If it does not end, look at `nsbaseline_queue_depth` and `nsbaseline_queue_retries_total`.',
  InvalidSpec:
    'Correct the fields that the message names; see `docs/api.md`. Update the CRDs (`kubectl apply --server-side -k deploy/crds`), so that the API server refuses such a spec at once.',
  Forbidden:
    'Grant the permission that the message names: `kubectl apply -k deploy/base`. The operator retries by itself.',
  CrdOutdated: 'Apply the CRDs of the version that runs: `kubectl apply --server-side -k deploy/crds`.',
  AllInPlace: '',
  NoneSelected: 'Label a namespace, or look at `spec.namespaceSelector` and `--exclude-namespaces`.',
  NotAllInPlace: 'Look at `status.failed`, or list all namespaces: `kubectl get namespacebaselines -A`.',
  DnsNotFound:
    'Name the resolver that pods query in `spec.allow.dns.to` or `also`, or add its namespace to `--dns-namespaces`; where no pod needs DNS, set `spec.allow.dns.enabled: false`. Waiting namespaces are isolated as soon as a resolver is found and believed.',
  DnsUnanswered:
    'Look at the DNS Service and its EndpointSlices. If pods query another resolver, name it in `spec.allow.dns.to` or `also`; where no pod needs DNS, set `spec.allow.dns.enabled: false`. Waiting namespaces are isolated as soon as an endpoint is ready or the resolver answers.',
  DnsStale: 'Look at the DNS Service and its EndpointSlices. Pods may still reach the last known addresses.',
  ApiServerNotFound: 'Look at the EndpointSlices of Service `kubernetes` in namespace `default`.',
  PeersNotFound:
    'Correct the labels in the part that the message names, turn the part off (`enabled: false`), or create the namespace. It is harmless where nothing is to come from there.',
  OwnRuleOpen:
    'Name the peers in `from` or `to`, or the ports, of the rule that the message names: an empty or missing list means everyone. If it is meant, add the name of the rule to `spec.acknowledge`.',
  Protected: '',
  RemovalHeld:
    'To go ahead, run the kubectl command in the message, or `nsbaseline approve`. Otherwise undo the edit or set the labels again.',
  IsolationHeld:
    'To go ahead, run the kubectl command in the message, or `nsbaseline approve`; or try the same spec in DryRun first.',
  OptingOut:
    'To keep the protection, give the namespace its label again, or undo the edit of the selector, before the time in the message.',
  KeptByFinalizer:
    'Find out which client set the finalizer (`kubectl get networkpolicy NAME -n NAMESPACE -o yaml`), and remove it with `kubectl edit`.',
  CopyFound: '`nsbaseline prune --copies` lists and removes it. To have it managed, opt the namespace in.',
  Contested:
    'Find the client that the message names as field manager (`kubectl get networkpolicy NAME -n NAMESPACE --show-managed-fields -o yaml`) and stop it from changing this object.',
  Approved: '',
  Kept: '',
  Adopted: '',
  OrphansPresent: '`nsbaseline prune` lists and removes them.',
  Wide: 'Review the NetworkPolicy that the message names; narrow it, or accept it.',
  Weakened: 'Review the NetworkPolicy that the message names with the owner of the namespace.',
  Pending: "Wait. If it does not end, read the message and the operator's log.",
  Unprotected:
    'Remove the obstacle to `<policy>.allow-dns`; the end of the message names it. Until then this policy isolates no further pods.',
  AllowDnsMissing:
    'Remove the obstacle to `<policy>.allow-dns`; the end of the message names it. Until then pods can resolve names only if another policy allows it.',
  ForeignObject:
    'Rename or delete the other object, or hand it over: `kubectl annotate networkpolicy <name> -n <namespace> nsbaseline.io/adopt=true`. The operator then replaces its spec.',
  Denied: "Raise the quota, or exempt the operator's NetworkPolicies in the admission policy that the message names.",
  Rejected:
    'Read the message. If the CRD accepted the spec and the API server refuses the NetworkPolicy, that is a bug in nsbaseline; please report it.',
  Altered: 'Exempt objects labelled `app.kubernetes.io/managed-by=nsbaseline` in the mutating webhook or policy.',
  PolicyInvalid: 'Correct the BaselinePolicy; its condition Stalled names the fields.',
  Retrying: 'Wait. The operator retries with growing pauses of up to a minute.',
  Repaired:
    'Find the client that changed it: `kubectl get networkpolicy <name> -n <namespace> -o yaml --show-managed-fields`, or the audit log.',
  Removed: '',
};

/** Reasons of a namespace that are no trouble, or that a condition of the BaselinePolicy reports for all namespaces. */
const WITHOUT_EVENT: readonly Reason[] = ['Pending', 'DryRun', 'Paused', 'DnsNotFound', 'DnsUnanswered'];

/** The reasons that are also Events on the NamespaceBaseline, with the type of the Event. */
export const EVENT_TYPES: Readonly<Partial<Record<Reason, 'Normal' | 'Warning'>>> = {
  ...Object.fromEntries(
    NAMESPACE_REASONS.filter((reason) => !WITHOUT_EVENT.includes(reason)).map((reason) => [reason, 'Warning']),
  ),
  Protected: 'Normal',
  Repaired: 'Warning',
  Removed: 'Normal',
  Kept: 'Normal',
  CopyFound: 'Normal',
  KeptByFinalizer: 'Warning',
  Weakened: 'Warning',
  Adopted: 'Normal',
  RemovalHeld: 'Warning',
  Approved: 'Normal',
};

const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  Failed: 'A part could not be put in place, and an early retry would change nothing. The reason says why.',
  Conflict:
    'A NetworkPolicy that the operator did not write has the name of a part. All other parts are in place or being written.',
  Weakened: 'Everything is in place, and a NetworkPolicy that the operator did not write undoes the isolation.',
  Pending: 'A part is being written, removed, or retried.',
  Protected: 'Everything is in place as declared.',
  DryRun: 'The policy is in DryRun; see `status.policies[].plan`.',
  Paused: 'The policy is Paused.',
};

/** The text of docs/conditions.md: the meaning and the remedy of every condition, phase and reason. Pure. */
export function conditionsPage(): string {
  return `${[
    '# Conditions, phases and reasons',
    'Generated by `src/generate/conditions-page.ts` from `src/api/names.ts` and `src/api/reasons.ts`; do not edit.',
    'A condition, its Event and its log line carry the same reason. Messages are for people and may change; types, phases and reasons do not change in v1alpha1.',
    "A condition's `lastTransitionTime` moves only when its `status` does.",
    ...conditionSections(
      'BaselinePolicy',
      '`Ready` and `AllProtected` are always present. Every other condition is present only while it applies, and then it is `True`; no condition is ever `Unknown`.',
    ),
    ...conditionSections(
      'NamespaceBaseline',
      `Each namespace that a policy selects has one NamespaceBaseline, always named \`${NAMESPACE_BASELINE_NAME}\`. It has one condition.`,
    ),
    '## Phases of a namespace',
    'Worst first. `status.policies[].phase` is the phase of one policy, `status.phase` the worst of them.',
    table(
      ['phase', 'meaning'],
      PHASES.map((phase) => [`\`${phase}\``, PHASE_TEXTS[phase]]),
    ),
    '## Reasons',
    'Events are on the NamespaceBaseline, in its namespace, and only on a transition: `kubectl get events -n team-a`.',
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
  const listed = (['True', 'False'] as const).flatMap((status) => {
    const named = byStatus[status] ?? [];
    return named.length > 0 ? [`${status}: ${named.map((reason) => `\`${reason}\``).join(', ')}`] : [];
  });
  return listed.join('; ');
}

function reasons(): readonly Reason[] {
  return Object.keys(REASONS) as Reason[];
}

/** The conditions that can have a reason; empty for a reason of Events and log lines only. */
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
    '# list all namespaces that are not protected',
    `kubectl get namespacebaselines -A -o jsonpath='{range .items[?(@.status.phase!="Protected")]}{.metadata.namespace}{" "}{.status.phase}{" "}{.status.conditions[0].reason}{"\\n"}{end}'`,
    '```',
  ].join('\n'),
  'The operator creates the NamespaceBaseline when it first reconciles the namespace. Before that, `kubectl wait` fails at once; wait with `--for=create` first.',
];

/** The reasons of Stalled, so that the table below cannot lag behind the conditions. */
function stalledReasons(): string {
  const stalled = CONDITION_TEXTS.find(({ type }) => type === CONDITIONS.stalled);
  return (stalled?.reasons.True ?? []).map((reason) => `\`${reason}\``).join(', ');
}

const KSTATUS: readonly string[] = [
  '## What GitOps tools see',
  'Flux and other tools use [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md); Argo CD needs a health check of its own, which is in `deploy/components/argocd-health` ([gitops.md](guides/gitops.md#health)). A BaselinePolicy that the operator has not processed yet has `status.observedGeneration: -1`, the default in the CRD, so that no tool takes it for healthy.',
  table(
    ['BaselinePolicy', 'kstatus'],
    [
      ['`status.observedGeneration` is not `metadata.generation`, or `Reconciling` is True', 'InProgress'],
      [`\`Stalled\` is True (${stalledReasons()})`, 'Failed'],
      ['`Ready` is True, in DryRun and Paused too', 'Current'],
      ['`AllProtected`, `DiscoveryStale` and all others', 'ignored'],
    ],
  ),
  'The operator writes NamespaceBaselines, so they should not be in Git. A NamespaceBaseline has no `observedGeneration`, since the operator writes it as a whole; while its `Ready` is False, kstatus counts it as InProgress, however long that lasts.',
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
