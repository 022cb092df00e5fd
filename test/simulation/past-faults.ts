import type { History } from './steps.ts';

/** Histories that once broke a rule, at their shortest, and what was wrong then. */
export const PAST_FAULTS: readonly { readonly fault: string; readonly history: History }[] = [
  {
    fault: 'R3 R4 a deletion with Remove took the allow-dns of a set whose default-deny had been left behind',
    history: {
      seed: 266,
      steps: [
        { do: 'opt in', namespace: 'b' },
        { do: 'declare', policy: 'q', spec: {} },
        { do: 'wait', ms: 40 },
        {
          do: 'declare',
          policy: 'q',
          spec: {
            namespaceSelector: { matchLabels: { team: 'x' } },
            removal: { onOptOut: 'Keep', onDelete: 'Remove' },
          },
        },
        { do: 'wait', ms: 15 },
        { do: 'withdraw rights' },
        { do: 'replace policy', policy: 'q' },
        { do: 'wait', ms: 40 },
      ],
    },
  },
  {
    fault: 'R16 R8 an orphan that comes where no policy is at work was only counted after a restart',
    history: {
      seed: 57,
      steps: [
        { do: 'team on', namespace: 'c' },
        { do: 'declare', policy: 'q', spec: {} },
        { do: 'wait', ms: 2_000 },
        { do: 'put foreign', namespace: 'c', name: 'q.default-deny', marks: 'label and a made-up uid' },
      ],
    },
  },
  {
    fault: 'R10 R7 what a DryRun would remove was reported in the order of the cache, which a restart changes',
    history: {
      seed: 3_467,
      steps: [
        { do: 'declare', policy: 'p', spec: {} },
        { do: 'opt in', namespace: 'b' },
        { do: 'opt in', namespace: 'a' },
        {
          do: 'declare',
          policy: 'p',
          spec: { isolate: ['Ingress', 'Egress'], allow: { dns: { enabled: false } }, removal: { onDelete: 'Keep' } },
        },
        { do: 'wait', ms: 40 },
        {
          do: 'declare',
          policy: 'p',
          spec: {
            mode: 'DryRun',
            allow: { dns: { enabled: false }, monitoring: { enabled: false } },
            removal: { onOptOut: 'Keep', onDelete: 'Remove' },
          },
        },
        { do: 'put foreign', namespace: 'a', name: 'p.allow-dns', marks: 'label and the live uid' },
      ],
    },
  },
  {
    fault:
      'R10 R16 after a restart a status was written before the namespaces were counted in which the policy is at work without selecting them',
    history: {
      seed: 6_642,
      steps: [
        { do: 'opt in', namespace: 'c' },
        { do: 'declare', policy: 'p', spec: { isolate: ['Ingress'], removal: { onOptOut: 'Keep', onDelete: 'Keep' } } },
        { do: 'wait', ms: 40 },
        {
          do: 'declare',
          policy: 'p',
          spec: {
            namespaceSelector: { matchLabels: { nobody: 'here' } },
            mode: 'DryRun',
            allow: { dns: { enabled: false }, monitoring: { enabled: false } },
            removal: { onOptOut: 'Remove', onDelete: 'Remove' },
          },
        },
      ],
    },
  },
  {
    fault: 'R17 a namespace was reported as weakened by an object that the same reconcile had removed',
    history: {
      seed: 8_206,
      steps: [
        {
          do: 'declare',
          policy: 'p',
          spec: {
            namespaceSelector: { matchLabels: { nobody: 'here' } },
            isolate: ['Ingress', 'Egress'],
            allow: { dns: { enabled: false }, monitoring: { enabled: false } },
            removal: { onDelete: 'Keep' },
          },
        },
        { do: 'set mode', policy: 'p', mode: 'Enforce' },
        { do: 'freeze reads' },
        { do: 'drop watches' },
        { do: 'crash at request', who: 'first', downMs: 300, nth: 7, moment: 'after' },
        { do: 'opt in', namespace: 'b' },
        { do: 'put foreign', namespace: 'b', name: 'p.allow-dns', marks: 'label and the live uid' },
        { do: 'declare', policy: 'q', spec: {} },
        { do: 'wait', ms: 2_000 },
      ],
    },
  },
  {
    fault: 'F12 a restore to the very version at which a watch stood was not seen, though we had written since',
    history: {
      seed: 7_710,
      steps: [
        { do: 'declare', policy: 'p', spec: {} },
        { do: 'end watches' },
        { do: 'snapshot' },
        { do: 'wait', ms: 40 },
        { do: 'restore' },
      ],
    },
  },
  {
    fault:
      'R16 a status that waited for a server that asks to slow down was written after all, and what had changed meanwhile was taken for told',
    history: {
      seed: 478,
      steps: [
        { do: 'declare', policy: 'p', spec: {} },
        { do: 'team on', namespace: 'a' },
        { do: 'opt in', namespace: 'a' },
        { do: 'team on', namespace: 'b' },
        { do: 'opt in', namespace: 'b' },
        { do: 'team on', namespace: 'c' },
        { do: 'opt in', namespace: 'c' },
        { do: 'wait', ms: 2_000 },
        { do: 'trouble', mishap: 'throttled429', method: 'PATCH', count: 1 },
        { do: 'put foreign', namespace: 'b', name: 'q.allow-monitoring', marks: 'uid' },
        { do: 'wait', ms: 15 },
        { do: 'delete part', namespace: 'b', name: 'q.allow-monitoring' },
      ],
    },
  },
  {
    fault:
      'R14 F54 a new leader that never saw a resolver took it out of allow-dns at once, although the status of the policy named it',
    history: {
      seed: 304,
      operators: 2,
      steps: [
        { do: 'opt in', namespace: 'c' },
        { do: 'crash', who: 'first', downMs: 0 },
        { do: 'crash at request', who: 'first', downMs: 0, nth: 9, moment: 'before' },
        { do: 'resolver becomes', state: 'two of them' },
        { do: 'declare', policy: 'q', spec: {} },
      ],
    },
  },
];
