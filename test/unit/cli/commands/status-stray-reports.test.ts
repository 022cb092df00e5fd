import { describe, expect, test } from 'vitest';
import type { BaselinePolicyView, ClusterFacts, ReportView } from '../../../../src/cli/cluster/cluster-facts.ts';
import { statusText } from '../../../../src/cli/commands/status/status-text.ts';
import { type StatusScope, statusFor } from '../../../../src/cli/commands/status/status-view.ts';
import { strayReports } from '../../../../src/cli/commands/status/stray-reports.ts';
import { OPT_IN_SELECTOR } from '../../../../src/domain/selection.ts';

const EVERYWHERE: StatusScope = { namespace: undefined, policy: undefined };
const LOOK = { isWide: false, isAboutProblems: false, isColoured: false, programName: 'nsbaseline' };

function report(namespace: string, policy = 'standard'): ReportView {
  const entry = { policy, phase: 'Protected', reason: '', message: '', isInPlace: true };
  return {
    namespace,
    entries: [{ ...entry, managed: [], wouldApply: [], wouldRemove: [] }],
    conflicts: [],
    weakenedBy: [],
  };
}

/** Isolates nothing that could be missing, since it is in DryRun. */
const STANDARD: BaselinePolicyView = {
  name: 'standard',
  uid: 'live',
  selector: OPT_IN_SELECTOR,
  generation: 1,
  isDeleting: false,
  spec: { mode: 'DryRun' },
  observedGeneration: 1,
  conditions: [{ type: 'Ready', status: 'True', reason: 'DryRun', message: '' }],
  namespaces: { matched: 1, protected: 0 },
  discovered: {},
};

function facts(changes: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    namespaces: [{ name: 'team-a', labels: { 'nsbaseline.io/enabled': 'true' }, isTerminating: false }],
    networkPolicies: [],
    reports: [report('team-a')],
    policies: [STANDARD],
    notes: [],
    ...changes,
  };
}

describe('R13 F12 status tells stray NamespaceBaselines from real ones', () => {
  test('one of a namespace that does not exist is no protected namespace, and not well', () => {
    const status = statusFor(facts({ reports: [report('team-a'), report('ghost')] }), EVERYWHERE);
    expect(status).toMatchObject({
      isWell: false,
      namespaces: [{ namespace: 'team-a', isWell: true }],
      strayReports: [{ namespace: 'ghost', reason: 'NoNamespace' }],
    });
    expect(status.namespaces).toHaveLength(1);
  });

  test('one that names only BaselinePolicies that are gone is of nobody', () => {
    const namespaces = [...(facts().namespaces ?? []), { name: 'left', labels: {}, isTerminating: false }];
    const status = statusFor(facts({ namespaces, reports: [report('team-a'), report('left', 'gone')] }), EVERYWHERE);
    expect(status).toMatchObject({ isWell: false, strayReports: [{ namespace: 'left', reason: 'NoPolicy' }] });
    expect(status.namespaces.map(({ namespace }) => namespace)).toEqual(['team-a']);
  });

  test('the text lists them under a heading of their own and counts them', () => {
    const text = statusText(
      statusFor(facts({ reports: [report('team-a'), report('ghost')] }), EVERYWHERE),
      EVERYWHERE,
      LOOK,
    );
    expect(text).toMatch(/^ghost +NoNamespace$/m);
    expect(text).toContain('1 namespace: 1 Protected; 1 stray report. Not all is well.');
  });

  test('a cluster with nothing but a stray one is not well either', () => {
    const alone = facts({ namespaces: [], reports: [report('ghost')] });
    expect(statusText(statusFor(alone, EVERYWHERE), EVERYWHERE, LOOK)).toContain('1 stray report. Not all is well.');
  });

  test('where all is real there is none, nor a word of it', () => {
    const status = statusFor(facts(), EVERYWHERE);
    expect(status).toMatchObject({ isWell: true, strayReports: [] });
    expect(statusText(status, EVERYWHERE, LOOK)).not.toContain('tray');
  });

  test('a namespace that is going keeps its report for a while, which is real', () => {
    const namespaces = [{ name: 'team-a', labels: {}, isTerminating: true }];
    expect(strayReports(facts({ namespaces }))).toEqual([]);
  });

  test.each(['namespaces', 'policies'] as const)('none is judged by a list of %s that may not be read', (list) => {
    const reports = [report('ghost', 'gone')];
    const judged = strayReports(facts({ reports, [list]: undefined }));
    expect(judged.map(({ reason }) => reason)).toEqual([list === 'namespaces' ? 'NoPolicy' : 'NoNamespace']);
  });

  test('a question about a part of the cluster is not answered with them', () => {
    const ghost = facts({ reports: [report('team-a'), report('ghost')] });
    for (const scope of [
      { namespace: 'team-a', policy: undefined },
      { namespace: undefined, policy: undefined, selector: 'a=b' },
      { namespace: undefined, policy: 'standard' },
    ]) {
      expect(statusFor(ghost, scope).strayReports).toEqual([]);
    }
  });
});
