import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../../src/api/baseline-policy.ts';
import { validateBaselinePolicy } from '../../../../src/api/validation.ts';
import type {
  BaselinePolicyView,
  ClusterFacts,
  ManagedNetworkPolicyView,
  NamespaceView,
  ReportEntryView,
  ReportView,
} from '../../../../src/cli/cluster/cluster-facts.ts';
import type { OperatorView } from '../../../../src/cli/cluster/operator-lease.ts';
import { defineStatus } from '../../../../src/cli/commands/status/status.ts';
import { type StatusLook, statusText } from '../../../../src/cli/commands/status/status-text.ts';
import { type BaselineStatus, statusFor } from '../../../../src/cli/commands/status/status-view.ts';
import { optInAdvice, unselectedNamespaces, unselectedText } from '../../../../src/cli/commands/status/unselected.ts';
import { OPT_IN_SELECTOR } from '../../../../src/domain/selection.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';

const SET = ['standard.default-deny', 'standard.allow-dns', 'standard.allow-monitoring'];
const EVERYWHERE = { namespace: undefined, policy: undefined };

function namespace(name: string, changes: Partial<NamespaceView> = {}): NamespaceView {
  return { name, labels: { 'nsbaseline.io/enabled': 'true' }, isTerminating: false, ...changes };
}

function policy(spec: BaselinePolicySpec = {}, changes: Partial<BaselinePolicyView> = {}): BaselinePolicyView {
  const verdict = validateBaselinePolicy('standard', spec);
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'Applied', message: '' },
    { type: 'AllProtected', status: 'True', reason: 'AllInPlace', message: '' },
  ];
  return {
    name: 'standard',
    uid: 'live',
    selector: spec.namespaceSelector ?? OPT_IN_SELECTOR,
    generation: 1,
    isDeleting: false,
    spec: verdict.ok ? verdict.spec : undefined,
    observedGeneration: 1,
    conditions,
    namespaces: { matched: 1, protected: 1 },
    discovered: {},
    ...changes,
  };
}

function entry(changes: Partial<ReportEntryView> = {}): ReportEntryView {
  return {
    policy: 'standard',
    phase: 'Protected',
    reason: '',
    message: '',
    isInPlace: true,
    managed: SET.map((name) => ({ name, uid: name })),
    wouldApply: [],
    wouldRemove: [],
    ...changes,
  };
}

function report(changes: Partial<ReportView> = {}): ReportView {
  return { namespace: 'team-a', entries: [entry()], conflicts: [], weakenedBy: [], ...changes };
}

function managed(name: string, changes: Partial<ManagedNetworkPolicyView> = {}): ManagedNetworkPolicyView {
  return {
    namespace: 'team-a',
    name,
    uid: name,
    resourceVersion: '1',
    isLabelled: true,
    policyLabel: 'standard',
    policyUid: 'live',
    isKept: false,
    isTerminating: false,
    ...changes,
  };
}

function facts(changes: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    namespaces: [namespace('team-a')],
    networkPolicies: SET.map((name) => managed(name)),
    reports: [report()],
    policies: [policy()],
    notes: [],
    ...changes,
  };
}

function operator(changes: Partial<OperatorView> = {}): OperatorView {
  return {
    lease: 'nsbaseline-system/nsbaseline',
    isLeading: true,
    holder: 'nsbaseline-0',
    heardMsAgo: 2000,
    newestVersion: '',
    ...changes,
  };
}

const status = (
  changes: Partial<ClusterFacts> = {},
  scope = EVERYWHERE as { namespace: string | undefined; policy: string | undefined },
): BaselineStatus => statusFor(facts(changes), scope);

describe('status is well', () => {
  test('where every namespace is as declared', () => {
    expect(status()).toMatchObject({
      isWell: true,
      namespaces: [{ namespace: 'team-a', phase: 'Protected', policies: [{ policy: 'standard', missing: [] }] }],
      policies: [{ policy: 'standard', isWell: true }],
      orphans: [],
      copies: [],
    });
  });

  test('R5 where there are copies in a namespace that nobody opted in, which harm nobody', () => {
    const copy = managed('standard.default-deny', { namespace: 'restored', uid: 'a-copy' });
    const namespaces = [namespace('team-a'), namespace('restored', { labels: {} })];
    const found = status({ namespaces, networkPolicies: [...SET.map((name) => managed(name)), copy] });
    expect(found).toMatchObject({ isWell: true, copies: [{ namespace: 'restored', policy: 'standard' }] });
  });

  test.each(['DryRun', 'Paused'] as const)('R7 where %s was declared, although nothing is in place', (mode) => {
    const conditions = [
      { type: 'Ready', status: 'True', reason: mode, message: '' },
      { type: 'AllProtected', status: 'False', reason: mode, message: '' },
    ];
    expect(
      status({
        policies: [policy({ mode }, { conditions })],
        networkPolicies: [],
        reports: [report({ entries: [entry({ phase: mode, wouldApply: SET, managed: [] })] })],
      }),
    ).toMatchObject({ isWell: true, namespaces: [{ phase: mode, policies: [{ missing: [] }] }] });
  });

  test('R12 where a namespace is going', () => {
    expect(
      status({
        namespaces: [namespace('team-a', { isTerminating: true })],
        networkPolicies: [],
        reports: [report({ entries: [entry({ phase: 'Pending' })] })],
      }),
    ).toMatchObject({ isWell: true, namespaces: [{ phase: 'Terminating' }] });
  });

  test('R4 where it lists a kept NetworkPolicy', () => {
    expect(
      status({
        networkPolicies: [
          ...SET.map((name) => managed(name)),
          managed('standard.default-deny', { namespace: 'team-z', isKept: true }),
        ],
      }),
    ).toMatchObject({ isWell: true, kept: [{ namespace: 'team-z', name: 'standard.default-deny' }] });
  });

  test('R1 where a leading operator does not count what the selector matches, as its configuration excludes it', () => {
    const namespaces = [namespace('team-a'), namespace('infra')];
    expect(status({ namespaces, operator: operator() })).toMatchObject({ isWell: true });
    expect(
      status({
        namespaces: [namespace('team-a'), namespace('kube-system'), namespace('openshift-x')],
        policies: [policy({}, { namespaces: { matched: 9, protected: 1 } })],
      }),
    ).toMatchObject({ isWell: true });
  });
});

describe('status is not well, and says why,', () => {
  test.each<[string, Partial<ClusterFacts>, object]>([
    [
      'where a part is missing',
      { networkPolicies: [managed('standard.default-deny')] },
      { namespaces: [{ policies: [{ missing: ['standard.allow-dns', 'standard.allow-monitoring'] }] }] },
    ],
    [
      'where one stands that is not ours any more',
      { networkPolicies: SET.map((name) => managed(name, { isLabelled: !name.endsWith('dns') })) },
      { namespaces: [{ policies: [{ missing: ['standard.allow-dns'] }] }] },
    ],
    [
      'R5 where a foreign object has the name of a part',
      { reports: [report({ conflicts: [{ name: 'standard.allow-dns', reason: 'ForeignObject' }] })] },
      { namespaces: [{ conflicts: [{ name: 'standard.allow-dns' }] }] },
    ],
    [
      'R17 where somebody undoes the isolation',
      { reports: [report({ weakenedBy: [{ name: 'open', why: 'allows all' }] })] },
      { namespaces: [{ isWell: false, weakenedBy: [{ name: 'open' }] }] },
    ],
    [
      'by the worst phase',
      {
        reports: [
          report({
            entries: [
              entry(),
              entry({ policy: 'web', phase: 'Failed', reason: 'Denied' }),
              entry({ policy: 'x', phase: 'Pending' }),
            ],
          }),
        ],
      },
      { namespaces: [{ phase: 'Failed' }] },
    ],
    [
      'by a phase that a newer operator writes',
      { reports: [report({ entries: [entry(), entry({ policy: 'web', phase: 'Quarantined' })] })] },
      { namespaces: [{ phase: 'Quarantined', isWell: false }] },
    ],
    [
      'R8 where there are orphans',
      {
        networkPolicies: [
          ...SET.map((name) => managed(name)),
          managed('old.allow-dns', { policyUid: 'dead', policyLabel: 'old' }),
        ],
      },
      { orphans: [{ namespace: 'team-a', name: 'old.allow-dns', policy: 'old' }] },
    ],
    [
      'R4 not only by name: beside what the report lists, where a policy selects nothing, there are copies',
      {
        namespaces: [namespace('team-a'), namespace('restored', { labels: {} })],
        networkPolicies: [
          ...SET.map((name) => managed(name)),
          managed('standard.default-deny', { namespace: 'restored', uid: 'a-copy' }),
          managed('old.allow-dns', { policyUid: 'dead', policyLabel: 'old' }),
        ],
      },
      {
        orphans: [{ name: 'old.allow-dns' }],
        copies: [{ namespace: 'restored', name: 'standard.default-deny', policy: 'standard' }],
      },
    ],
    [
      'R9 where a removal is held',
      {
        policies: [
          policy(
            {},
            {
              conditions: [
                ...policy().conditions,
                { type: 'RemovalHeld', status: 'True', reason: 'RemovalHeld', message: 'x' },
              ],
            },
          ),
        ],
      },
      { policies: [{ isWell: false }] },
    ],
    [
      'R16 where the operator has not looked yet',
      { policies: [policy({}, { generation: 2 })] },
      { policies: [{ isWell: false }] },
    ],
    ['where a policy is not Ready', { policies: [policy({}, { conditions: [] })] }, { policies: [{ isWell: false }] }],
    [
      'where the operator says nothing of a selected namespace',
      {
        namespaces: [namespace('team-a'), namespace('team-b')],
        policies: [policy({}, { namespaces: { matched: 2, protected: 1 } })],
      },
      { namespaces: [{}, { namespace: 'team-b', phase: 'Pending', policies: [{ reason: 'NotReported' }] }] },
    ],
    [
      'where no operator ever ran',
      { reports: [], networkPolicies: [], policies: [policy({}, { observedGeneration: -1, conditions: [] })] },
      { namespaces: [{ namespace: 'team-a', phase: 'Pending' }] },
    ],
  ])('%s', (_, changes, expected) => {
    expect(status(changes)).toMatchObject({ isWell: false, ...expected });
  });

  test('where the namespace that was asked about is selected by nobody', () => {
    const alone = status(
      { namespaces: [namespace('x', { labels: {} })], networkPolicies: [], reports: [] },
      { namespace: 'x', policy: undefined },
    );
    expect(alone).toMatchObject({ isWell: false, namespaces: [{ namespace: 'x', phase: 'Unselected' }], policies: [] });
    const scope = { namespace: 'x', policy: undefined };
    expect(text(alone, scope, { advice: optInAdvice('x', [policy()]) })).toContain(
      'kubectl label namespace x nsbaseline.io/enabled=true',
    );
  });
});

describe('R1 the namespaces that no policy selects', () => {
  const namespaces = [
    namespace('team-a'),
    namespace('shop', { labels: {} }),
    namespace('kube-system'),
    namespace('going', { labels: {}, isTerminating: true }),
  ];

  test('are listed with the reason and counted, those that are excluded apart', () => {
    const unselected = unselectedNamespaces({ namespaces, policies: [policy()] }) ?? [];
    expect(unselected).toEqual([
      { namespace: 'kube-system', reason: 'AlwaysExcluded' },
      { namespace: 'shop', reason: 'NoPolicy' },
    ]);
    expect(unselectedText(unselected, { isColoured: false })).toContain(
      '1 namespace is selected by no BaselinePolicy; 1 more is excluded.',
    );
  });

  test('are not known where policies may not be listed', () => {
    expect(unselectedNamespaces({ namespaces, policies: undefined })).toBeUndefined();
  });

  test('get the advice to label them only where the label selects them', () => {
    const other = policy({ namespaceSelector: { matchLabels: { stage: 'prod' } } });
    expect(optInAdvice('shop', [policy()])).toContain('kubectl label namespace shop');
    expect(optInAdvice('shop', [other])).toBe('');
    expect(optInAdvice('shop', undefined)).toBe('');
    expect(optInAdvice('kube-system', [policy()])).toBe('It is always excluded: no BaselinePolicy can select it.');
  });
});

describe('status of the whole cluster', () => {
  test('R16 lists a selected namespace that no report covers, unless a leading operator does not count it', () => {
    const namespaces = [namespace('team-a'), namespace('opt-9')];
    const unreported = {
      isWell: false,
      namespaces: [{ namespace: 'opt-9', policies: [{ reason: 'NotReported' }] }, {}],
    };
    expect(status({ namespaces })).toMatchObject(unreported);
    expect(status({ namespaces, operator: operator({ isLeading: false }) })).toMatchObject(unreported);
    expect(status({ namespaces, operator: operator() })).toMatchObject({ isWell: true, namespaces: [{}] });
  });

  test('F56 is not well where no operator leads, although everything is in place', () => {
    const whole = status({ operator: operator({ isLeading: false, heardMsAgo: 40_000 }) });
    expect(whole).toMatchObject({ isWell: false, namespaces: [{ isWell: true }] });
    expect(text(whole)).toMatch(/^no operator has been heard for 40 s\n/);
  });
});

describe('status of one namespace', () => {
  test('R17 minds a rule of its policy that opens a direction', () => {
    const open = { type: 'OwnRuleOpen', status: 'True', reason: 'OwnRuleOpen', message: 'rule web allows' };
    const policies = [policy({}, { conditions: [...policy().conditions, open] })];
    expect(status({ policies }, { namespace: 'team-a', policy: undefined }).isWell).toBe(false);
    expect(status({ policies })).toMatchObject({ isWell: false, policies: [{ isWell: false }] });
  });

  test('does not mind what other namespaces lack', () => {
    const conditions = [
      policy().conditions[0],
      { type: 'AllProtected', status: 'False', reason: 'NotAllInPlace', message: '' },
      { type: 'OrphansPresent', status: 'True', reason: 'OrphansPresent', message: '' },
    ].filter((condition) => condition !== undefined);
    expect(status({ policies: [policy({}, { conditions })] }, { namespace: 'team-a', policy: undefined }).isWell).toBe(
      true,
    );
    expect(status({ policies: [policy({}, { conditions })] }).isWell).toBe(false);
  });

  test('is told by what the operator wrote where NetworkPolicies may not be listed', () => {
    expect(status({ networkPolicies: undefined }).namespaces).toMatchObject([{ isWell: true }]);
    expect(
      status({
        networkPolicies: undefined,
        reports: [report({ entries: [entry({ managed: [{ name: 'standard.default-deny', uid: '' }] })] })],
      }).namespaces,
    ).toMatchObject([{ isWell: false, policies: [{ missing: ['standard.allow-dns', 'standard.allow-monitoring'] }] }]);
  });

  test('R13 knows no orphans where it is not known which policies there are', () => {
    expect(status({ policies: undefined, networkPolicies: [managed('old.x', { policyUid: 'dead' })] }).orphans).toEqual(
      [],
    );
  });
});

function text(
  whole: BaselineStatus,
  scope: { readonly namespace: string | undefined; readonly policy: string | undefined } = EVERYWHERE,
  look: Partial<StatusLook> = {},
): string {
  return statusText(whole, scope, {
    isWide: false,
    isAboutProblems: false,
    isColoured: false,
    programName: 'nsbaseline',
    ...look,
  });
}

describe('for people', () => {
  test('there is a table of namespaces, one of policies below it, and a last line', () => {
    expect(text(status({ networkPolicies: [managed('standard.default-deny')] }))).toBe(
      [
        'NAMESPACE   PHASE       POLICIES   REASON   MISSING                                        CONFLICTS   WEAKENED BY',
        'team-a      Protected   standard   <none>   standard.allow-dns,standard.allow-monitoring   <none>      <none>',
        '',
        'POLICY     MODE      MATCHED   PROTECTED   READY            ALL PROTECTED       CONDITIONS',
        'standard   Enforce   1         1           True (Applied)   True (AllInPlace)   <none>',
        '',
        '1 namespace: 1 Protected. Not all is well. nsbaseline status -A -o wide says more.',
        '',
      ].join('\n'),
    );
  });

  test('R9 a held change is told in full, with the line that confirms it', () => {
    const message =
      'Far too many. kubectl annotate baselinepolicy standard --overwrite nsbaseline.io/confirm-removal=12-0123abcd';
    const held = policy(
      {},
      {
        conditions: [
          ...policy().conditions,
          ...['Stalled', 'RemovalHeld'].map((type) => ({ type, status: 'True', reason: 'RemovalHeld', message })),
        ],
      },
    );
    const shown = text(status({ policies: [held] }));
    expect(shown).toContain(`  standard: RemovalHeld: ${message} (or: nsbaseline approve standard)\n`);
    expect(shown.split(message)).toHaveLength(2);
  });

  test('only problems are shown where that is asked for, and all are counted', () => {
    const shown = text(
      status({
        namespaces: [namespace('team-a'), namespace('team-b')],
        reports: [
          report(),
          report({ namespace: 'team-b', entries: [entry({ phase: 'Failed', reason: 'Denied', message: 'quota' })] }),
        ],
      }),
      EVERYWHERE,
      { isAboutProblems: true, isWide: true },
    );
    expect(shown).not.toContain('team-a ');
    expect(shown).toContain('standard: quota');
    expect(shown).toContain('2 namespaces: 1 Failed, 1 Protected.');
    const well = text(status(), EVERYWHERE, { isAboutProblems: true });
    expect(well).toBe('1 namespace: 1 Protected. All is well.\n');
  });

  test('the last line asks for the same scope, and nothing more where that is shown already', () => {
    const one = { namespace: 'team-a', policy: 'standard' };
    const lacking = status({ networkPolicies: [] }, one);
    expect(text(lacking, one)).toContain('nsbaseline status -n team-a standard -o wide says more.');
    expect(text(lacking, one, { isWide: true })).not.toContain('says more');
  });

  test('a few orphans are shown, and all of them with -o wide', () => {
    const whole = status({
      networkPolicies: [
        ...SET.map((name) => managed(name)),
        ...Array.from({ length: 25 }, (_, at) => managed(`old.x${at}`, { policyUid: 'dead', policyLabel: 'old' })),
      ],
    });
    expect(text(whole)).toContain('and 5 more, which -o wide lists\n');
    expect(text(whole, EVERYWHERE, { isWide: true }).match(/old\.x/g)).toHaveLength(25);
    expect(text(whole)).toContain('25 orphans. Not all is well.');
  });

  test('ten thousand namespaces are no trouble', () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `ns-${at}`);
    const many = facts({
      namespaces: names.map((name) => namespace(name)),
      networkPolicies: names.flatMap((each) => SET.map((name) => managed(name, { namespace: each }))),
      reports: names.map((name) => report({ namespace: name })),
      policies: [policy({}, { namespaces: { matched: 10_000, protected: 10_000 } })],
    });
    const whole = statusFor(many, EVERYWHERE);
    expect(whole).toMatchObject({ isWell: true });
    expect(text(whole).split('\n')).toHaveLength(10_000 + 1 + 4 + 2);
  });
});

describe('the command', () => {
  let cluster: CliCluster;
  beforeAll(async () => {
    cluster = await startCliCluster();
    const names = Array.from({ length: 1_100 }, (_, at) => `many-${at}`);
    for (const name of names) {
      await cluster.namespace(name, { 'nsbaseline.io/enabled': 'true' });
    }
    await cluster.namespace('team-a');
  }, 60_000);
  afterEach(() => {
    cluster.server.intercept = undefined;
    cluster.server.requests.clear();
  });
  afterAll(() => cluster.stop());

  test('F56 ends with 4 where no operator leads, and with 0 where one does', async () => {
    const absent = await cluster.run(defineStatus, ['-A']);
    expect(absent).toMatchObject({ code: 4 });
    expect(absent.printed).toMatch(/^operator: there is no Lease nsbaseline-system\/nsbaseline/);
    await cluster.namespace('infra');
    const lease = { namespace: 'infra', holder: 'nsbaseline-7d4_x', renewTime: new Date().toISOString() };
    await cluster.lease(lease);
    const led = await cluster.run(defineStatus, ['-A', '--operator-namespace', 'infra']);
    expect(led).toMatchObject({ code: 0 });
    expect(led.printed).toMatch(/^operator: leader nsbaseline-7d4, last heard \d+ s ago\n/);
  });

  test('without the right to read the Lease says so in a note', async () => {
    cluster.server.intercept = ({ resource }) =>
      resource === 'leases' ? { kind: 'respond', status: 403, body: '{"kind":"Status","message":"no"}' } : undefined;
    const { code, complaint } = await cluster.run(defineStatus, ['-A']);
    expect(code).toBe(0);
    expect(complaint).toContain(
      'note: cannot get leases.coordination.k8s.io named nsbaseline in namespace nsbaseline-system',
    );
  });

  test('-l asks the server for the namespaces with these labels, in every namespace', async () => {
    const { printed } = await cluster.run(defineStatus, [
      '-l',
      'nsbaseline.io/enabled=true',
      '--unselected',
      '-o',
      'json',
    ]);
    expect(printed).toContain('many-1099');
    expect(printed).not.toContain('team-a');
    await expect(cluster.run(defineStatus, ['-l', 'a=b', '-n', 'x'])).rejects.toThrow('cannot be used with');
    expect((await cluster.run(defineStatus, ['--unselected'])).code).toBe(2);
  });

  test('--as-group alone is refused, as groups need a user', async () => {
    expect(await cluster.run(defineStatus, ['--as-group', 'dev'])).toMatchObject({
      code: 2,
      complaint: 'nsbaseline: --as-group needs --as: groups alone cannot be impersonated\n',
    });
  });

  test('asks about the namespace of the context unless told otherwise', async () => {
    expect((await cluster.run(defineStatus, ['-o', 'json'])).printed).toContain('"namespace": "team-a"');
    expect((await cluster.run(defineStatus, ['-o', 'json', '-n', 'default'])).printed).toContain(
      '"namespace": "default"',
    );
    await expect(cluster.run(defineStatus, ['-A', '-n', 'default'])).rejects.toThrow('cannot be used with');
  });

  test('reads long lists in pages, and begins anew when a page has expired', async () => {
    let isExpired = false;
    cluster.server.intercept = ({ verb, resource, query }) => {
      if (isExpired || verb !== 'list' || resource !== 'namespaces' || !query.has('continue')) {
        return undefined;
      }
      isExpired = true;
      return { kind: 'respond', status: 410, body: '{"kind":"Status","reason":"Expired"}' };
    };
    expect((await cluster.run(defineStatus, ['-A', '-o', 'json'])).printed).toContain('"isWell"');
    expect({ isExpired, lists: cluster.server.requests.of('list', 'namespaces') }).toEqual({
      isExpired: true,
      lists: 5,
    });
  });

  test('leaves out what may not be listed, with a note that says what to ask for', async () => {
    cluster.server.intercept = ({ resource }) =>
      resource === 'networkpolicies' || resource === 'namespaces'
        ? { kind: 'respond', status: 403, body: '{"kind":"Status","message":"no\\u001b[2J\\u202e"}' }
        : undefined;
    const { complaint } = await cluster.run(defineStatus, ['-A']);
    expect(complaint).toContain(
      'note: cannot list networkpolicies.networking.k8s.io in every namespace: no [2J\\u202e; ask for the permission (kubectl auth can-i list networkpolicies.networking.k8s.io)',
    );
    expect(complaint).not.toMatch(/[\u001b\u202e]/);
  });

  test.each([
    [403, 3, 'ask for the permission'],
    [401, 3, 'log in again'],
    [404, 1, 'nsbaseline is not installed in this cluster'],
  ])('ends as documented where our resources answer %i: %i', async (answer, wanted, advice) => {
    cluster.server.intercept = ({ resource }) =>
      ['baselinepolicies', 'namespacebaselines'].includes(resource)
        ? { kind: 'respond', status: answer, body: '{"kind":"Status","message":"no"}' }
        : undefined;
    const { code, printed, complaint } = await cluster.run(defineStatus, ['-A']);
    expect({ code, printed }).toEqual({ code: wanted, printed: '' });
    expect(complaint).toContain(advice);
  });

  test('says which policy and which namespace is not there', async () => {
    expect(await cluster.run(defineStatus, ['-A', 'nope'])).toMatchObject({
      code: 1,
      complaint: 'nsbaseline status: there is no BaselinePolicy "nope"; there is none at all\n',
    });
    expect((await cluster.run(defineStatus, ['-n', 'nope'])).complaint).toContain('namespaces "nope" not found');
  });
});
