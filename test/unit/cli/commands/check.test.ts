import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { defineCheck } from '../../../../src/cli/commands/check/check.ts';
import { dnsCheck, operatorChecks } from '../../../../src/cli/commands/check/checks.ts';
import { BASELINE_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';

let cluster: CliCluster;
beforeAll(async () => {
  cluster = await startCliCluster();
  await cluster.namespace('infra');
  await cluster.lease({ namespace: 'infra', holder: 'nsbaseline-7d4_x', renewTime: new Date().toISOString() });
});
afterEach(() => {
  cluster.server.intercept = undefined;
});
afterAll(() => cluster.stop());

/** Answers the requests that the fake API server does not know. */
function givenCluster({ version = '1.34', isAllowed = true, hiddenResource = '' } = {}): void {
  const [major = '', minor = ''] = version.split('.');
  cluster.server.intercept = ({ path, resource }) => {
    if (path.startsWith('/version')) {
      return respond(200, { major, minor, gitVersion: `v${version}.0` });
    }
    if (resource === 'selfsubjectaccessreviews') {
      return respond(201, { kind: 'SelfSubjectAccessReview', metadata: {}, status: { allowed: isAllowed } });
    }
    return resource === hiddenResource ? respond(403, { kind: 'Status', message: 'no' }) : undefined;
  };
}

function respond(status: number, body: object) {
  return { kind: 'respond', status, body: JSON.stringify(body) } as const;
}

const run = (...words: readonly string[]) => cluster.run(defineCheck, ['--operator-namespace', 'infra', ...words]);

describe('check', () => {
  test('says one line for each check, and ends with 0 where none failed', async () => {
    givenCluster();
    const { code, printed } = await run();
    expect(code).toBe(0);
    expect(printed.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'api: ok',
      'crds: ok',
      'permissions: ok',
      'operator: ok',
      'dns: unknown',
      '',
    ]);
  });

  test('ends with 4 where a check failed, and says which', async () => {
    givenCluster({ version: '1.29', isAllowed: false });
    const { code, printed } = await run('-o', 'json');
    expect(code).toBe(4);
    expect(printed).toContain('you may not list namespaces');
    expect(JSON.parse(printed)).toMatchObject({
      checks: [
        { check: 'api', outcome: 'failed' },
        { check: 'crds', outcome: 'passed' },
        { check: 'permissions', outcome: 'failed' },
        { check: 'operator', outcome: 'passed' },
        { check: 'dns', outcome: 'unknown' },
      ],
    });
  });

  test('does not take a missing permission for a failure', async () => {
    givenCluster({ hiddenResource: 'leases' });
    const { code, printed } = await run();
    expect(code).toBe(0);
    expect(printed).toContain('operator: unknown: cannot get leases.coordination.k8s.io named nsbaseline');
  });

  test('F56 ends with 4 where no operator has a Lease, and where the CRDs are not there', async () => {
    givenCluster({ hiddenResource: '' });
    const { code, printed } = await cluster.run(defineCheck, []);
    expect(code).toBe(4);
    expect(printed).toContain('operator: FAILED: there is no Lease nsbaseline-system/nsbaseline');
  });

  test('names the DNS that the operator found', async () => {
    givenCluster();
    valueOf(
      await cluster.kube.create(BASELINE_POLICIES, {
        apiVersion: API_VERSION,
        kind: 'BaselinePolicy',
        metadata: { name: 'standard' },
        spec: {},
      }),
    );
    const { code, printed } = await run();
    expect(code).toBe(4);
    expect(printed).toContain('dns: FAILED: the operator has not found the DNS of the cluster');
  });
});

test('R14 DNS is found where one policy has it in its status', () => {
  const discovered = { dns: { source: 'kube-system/kube-dns', egress: [] } };
  expect(dnsCheck([{ name: 'a', discovered: {} }])).toMatchObject({ outcome: 'failed' });
  expect(
    dnsCheck([
      { name: 'a', discovered: {} },
      { name: 'b', discovered },
    ]),
  ).toMatchObject({ outcome: 'passed' });
});

test('R15 another version than that of the newest leader is named', () => {
  const operator = { lease: 'x/nsbaseline', isLeading: true, holder: 'a', heardMsAgo: 0, newestVersion: '1.2.0' };
  expect(operatorChecks(operator, '1.1.0')[1]?.message).toBe(
    'the newest operator that led is 1.2.0; this command is 1.1.0',
  );
  expect(operatorChecks({ ...operator, newestVersion: '' }, '1.1.0')).toHaveLength(1);
});
