import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  clear,
  declare,
  expectProtected,
  kubectl,
  label,
  managedPolicies,
  namespaces,
  outcomes,
  phaseOf,
  resolverAddress,
  startPods,
  threefoldDns,
  unansweredTimes,
  watched,
} from './e2e-cluster.ts';
import { noteFigures } from './figures.ts';
import { expectOperatorReady, killOperator, leader, operatorPods, scaleOperator } from './operator.ts';

const TEAM = 'faults-team';
const OTHERS = 'faults-others';
const asker = { namespace: TEAM, name: 'asker' };
const STANDARD = ['faults.allow-dns', 'faults.allow-monitoring', 'faults.default-deny'];
const made: string[] = [];

beforeAll(async () => {
  await expectOperatorReady();
  await namespaces([TEAM, { set: 'faults' }], [OTHERS]);
  const [outside = ''] = await startPods({ namespace: OTHERS, name: 'outside', args: ['serve', 'tcp:8080'] });
  await declare('faults');
  await expectProtected(TEAM);
  const resolver = await resolverAddress();
  await startPods({
    ...asker,
    args: ['watch', `out=tcp@${outside}:8080`, ...threefoldDns(resolver), `dns-tcp=dns-tcp@${resolver}:53`],
  });
});

afterEach(async () => {
  await expectOperatorReady();
  // Waited for, since a test that compares what stands must not see what still goes.
  if (made.length > 0) {
    await kubectl('delete', 'namespaces', '--ignore-not-found', '--timeout=150s', ...made.splice(0));
  }
});

afterAll(() => clear({ policies: ['faults'], namespaces: [TEAM, OTHERS] }));

/** What is protected stays so, and what is allowed goes on, all through what happens. */
async function withoutGap(happening: () => Promise<void>): Promise<void> {
  const sinceMs = Date.now();
  await happening();
  await expect
    .poll(async () => outcomes(await watched(asker, sinceMs), 'out').length, { timeout: 30_000 })
    .toBeGreaterThan(0);
  const seen = await watched(asker, sinceMs);
  expect(outcomes(seen, 'out'), 'what is refused').toEqual([false]);
  expect(outcomes(seen, 'dns-tcp'), 'names by TCP').toEqual([true]);
  expect(unansweredTimes(seen), 'names by UDP').toEqual([]);
}

async function labelledNamespaces(prefix: string, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  await namespaces(...names.map((name) => [name, { set: 'faults' }] as const));
  made.push(...names);
  return names;
}

/** Every managed NetworkPolicy of the cluster with its uid: what was deleted and made anew has another. */
async function identities(): Promise<ReadonlyMap<string, string>> {
  const lines = await kubectl(
    'get',
    'networkpolicies',
    '--all-namespaces',
    '--selector=app.kubernetes.io/managed-by=nsbaseline',
    '--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}',
  );
  return new Map(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']),
  );
}

async function protectedCount(prefix: string): Promise<number> {
  const lines = await kubectl(
    'get',
    'namespacebaselines',
    '--all-namespaces',
    '--output=jsonpath={range .items[?(@.status.phase=="Protected")]}{.metadata.namespace}{"\\n"}{end}',
  );
  return lines.split('\n').filter((name) => name.startsWith(`${prefix}-`)).length;
}

describe('the operator', () => {
  test('F29 killed in the midst of a burst: every namespace is protected all the same, and nothing that stood opens', async () => {
    await withoutGap(async () => {
      const burst = labelledNamespaces('burst', 60);
      await killOperator(await leader());
      await burst;
      await expect.poll(() => protectedCount('burst'), { timeout: 90_000, interval: 500 }).toBe(60);
    });
    expect(await managedPolicies('burst-59')).toEqual(STANDARD);
  });

  test('R15 its leader crashed: a namespace that is labelled right then is isolated, and another replica leads', async () => {
    await withoutGap(async () => {
      const crashed = await leader();
      const killedMs = Date.now();
      await killOperator(crashed);
      await labelledNamespaces('crash', 1);
      await expect.poll(() => managedPolicies('crash-0'), { timeout: 60_000, interval: 50 }).toEqual(STANDARD);
      const isolatedMs = Date.now();
      await expectProtected('crash-0');
      await noteFigures('crash', {
        crashToPoliciesOfANewNamespaceMs: isolatedMs - killedMs,
        crashToItsReportMs: Date.now() - killedMs,
      });
    });
  });

  test('R15 its leader told to end: it hands over, and the next namespace waits for nobody', async () => {
    await withoutGap(async () => {
      const before = await leader();
      const toldMs = Date.now();
      await kubectl('delete', 'pod', before, '--namespace=nsbaseline-system', '--wait=false');
      await expect
        .poll(async () => ['', before].includes(await leader()), { timeout: 60_000, interval: 50 })
        .toBe(false);
      const ledMs = Date.now();
      await labelledNamespaces('handover', 1);
      const labelledMs = Date.now();
      await expect.poll(() => managedPolicies('handover-0'), { timeout: 60_000, interval: 50 }).toEqual(STANDARD);
      await noteFigures('hand-over', {
        deletionToNewLeaderMs: ledMs - toldMs,
        namespaceToPoliciesMs: Date.now() - labelledMs,
      });
    });
  });

  test('R10 catches up with all that happened while it was down, and takes nothing for deleted that is not', async () => {
    const [gone = '', optedOut = '', tampered = '', torn = ''] = await labelledNamespaces('absence', 4);
    await expect.poll(() => protectedCount('absence'), { timeout: 60_000 }).toBe(4);
    await scaleOperator(0);
    const standing = await identities();
    await kubectl('delete', 'namespace', gone, '--timeout=60s');
    await label(optedOut, { set: null });
    await kubectl(
      'patch',
      'networkpolicy',
      'faults.default-deny',
      `--namespace=${tampered}`,
      '--type=merge',
      '--patch={"spec":{"ingress":[{}],"egress":[{}]}}',
    );
    await kubectl('delete', 'networkpolicy', 'faults.default-deny', `--namespace=${torn}`);
    await withoutGap(async () => {
      await scaleOperator(2);
      await expect.poll(() => managedPolicies(optedOut), { timeout: 60_000 }).toEqual([]);
      await expect.poll(() => managedPolicies(torn), { timeout: 60_000 }).toEqual(STANDARD);
      await expect
        .poll(
          () =>
            kubectl(
              'get',
              'networkpolicy',
              'faults.default-deny',
              `--namespace=${tampered}`,
              '--output=jsonpath={.spec.ingress}{.spec.egress}',
            ),
          { timeout: 60_000 },
        )
        .toBe('');
      expect(await phaseOf(gone)).toBe('');
    });
    const now = await identities();
    for (const [name, uid] of standing) {
      if (name.startsWith(`${TEAM}/`) || name.startsWith(`${tampered}/`)) {
        expect(now.get(name), name).toBe(uid);
      }
    }
  });

  test('F36 upgraded and rolled back with 200 namespaces: no policy is deleted, and nothing opens or breaks', async () => {
    const { current, next } = inject('operatorImages');
    await labelledNamespaces('many', 200);
    await expect.poll(() => protectedCount('many'), { timeout: 120_000, interval: 1_000 }).toBe(200);
    const standing = await identities();
    const figures: Record<string, number> = { namespaces: 200, policies: standing.size };
    await withoutGap(async () => {
      for (const [step, image] of [
        ['upgrade', next],
        ['rollback', current],
      ] as const) {
        const startMs = Date.now();
        if (step === 'upgrade') {
          await kubectl('set', 'image', 'deployment/nsbaseline', `operator=${image}`, '--namespace=nsbaseline-system');
        } else {
          await kubectl('rollout', 'undo', 'deployment/nsbaseline', '--namespace=nsbaseline-system');
        }
        await expectOperatorReady();
        figures[`${step}Ms`] = Date.now() - startMs;
        const images = await kubectl(
          'get',
          'pods',
          '--namespace=nsbaseline-system',
          '--field-selector=status.phase=Running',
          '--output=jsonpath={.items[*].spec.containers[0].image}',
        );
        expect(images.split(' ')).toContain(image);
        const [added = ''] = await labelledNamespaces(step, 1);
        await expect.poll(() => managedPolicies(added), { timeout: 60_000 }).toEqual(STANDARD);
      }
    });
    const now = await identities();
    expect([...standing].filter(([name, uid]) => now.get(name) !== uid)).toEqual([]);
    await noteFigures('upgrade', figures);
  });

  test('answered the kubelet through all of it: no replica was ended for its silence', async () => {
    await expect.poll(async () => (await operatorPods()).length, { timeout: 60_000 }).toBe(2);
    const killings = await kubectl(
      'get',
      'events',
      '--namespace=nsbaseline-system',
      '--field-selector=reason=Killing',
      '--output=jsonpath={.items[*].message}',
    );
    expect(killings).not.toContain('failed liveness probe');
  });
});
