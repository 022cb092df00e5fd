import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { toolPath } from '../../support/tools/tools.ts';

const component = join(import.meta.dirname, '../../../deploy/components/argocd-health');
const script = readFileSync(join(component, 'health.lua'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'nsbaseline-lua-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A value as Lua writes it; what Argo CD hands to a script has no null in it. */
function luaOf(value: unknown): string {
  if (Array.isArray(value)) {
    return `{${value.map(luaOf).join(', ')}}`;
  }
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, field]) => `[${JSON.stringify(key)}] = ${luaOf(field)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** The health that Argo CD's own Lua finds. */
function healthOf(object: object): { readonly status: string; readonly message: string } {
  const file = join(folder, 'run.lua');
  writeFileSync(
    file,
    `obj = ${luaOf(object)}\nlocal function check()\n${script}\nend\nlocal hs = check()\nprint(hs.status)\nprint(hs.message)\n`,
  );
  const [status = '', message = ''] = execFileSync(toolPath('lua'), [file], { encoding: 'utf8' }).split('\n');
  return { status, message };
}

function policy(status: object | undefined, metadata: object = {}): object {
  return {
    apiVersion: 'nsbaseline.io/v1alpha1',
    kind: 'BaselinePolicy',
    metadata: { name: 'standard', generation: 2, ...metadata },
    spec: {},
    ...(status === undefined ? {} : { status }),
  };
}

function condition(type: string, status: 'True' | 'False', reason: string): object {
  return { type, status, reason, message: `${type} ${reason}` };
}

const READY = condition('Ready', 'True', 'Applied');

describe("Argo CD's health check of a BaselinePolicy", () => {
  test.each([
    ['nobody has looked at it', policy(undefined), 'Progressing'],
    ['nobody has looked at it, as the CRD has it', policy({ observedGeneration: -1 }), 'Progressing'],
    ['nobody has looked at this generation', policy({ observedGeneration: 1, conditions: [READY] }), 'Progressing'],
    [
      'it is in place',
      policy({ observedGeneration: 2, conditions: [READY, condition('AllProtected', 'True', 'AllInPlace')] }),
      'Healthy',
    ],
    [
      'it is in DryRun',
      policy({
        observedGeneration: 2,
        conditions: [condition('Ready', 'True', 'DryRun'), condition('AllProtected', 'False', 'DryRun')],
      }),
      'Healthy',
    ],
    [
      "one tenant's conflict",
      policy({ observedGeneration: 2, conditions: [READY, condition('AllProtected', 'False', 'NotAllInPlace')] }),
      'Healthy',
    ],
    [
      'namespaces are on their way',
      policy({
        observedGeneration: 2,
        conditions: [condition('Ready', 'False', 'Progressing'), condition('Reconciling', 'True', 'Progressing')],
      }),
      'Progressing',
    ],
    [
      'its spec is invalid',
      policy({
        observedGeneration: 2,
        conditions: [condition('Ready', 'False', 'InvalidSpec'), condition('Stalled', 'True', 'InvalidSpec')],
      }),
      'Degraded',
    ],
    [
      'it waits for a confirmation',
      policy({
        observedGeneration: 2,
        conditions: [
          condition('Ready', 'False', 'RemovalHeld'),
          condition('Stalled', 'True', 'RemovalHeld'),
          condition('RemovalHeld', 'True', 'RemovalHeld'),
        ],
      }),
      'Degraded',
    ],
    [
      'it is being deleted',
      policy({ observedGeneration: 2, conditions: [READY] }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Progressing',
    ],
    [
      'its deletion waits for a confirmation',
      policy(
        { observedGeneration: 2, conditions: [condition('Stalled', 'True', 'RemovalHeld')] },
        { deletionTimestamp: '2026-01-01T00:00:00Z' },
      ),
      'Degraded',
    ],
  ])('when %s: %#', (_, object, status) => {
    expect(healthOf(object).status).toBe(status);
  });

  test('says what is wrong in the words of the condition', () => {
    expect(
      healthOf(policy({ observedGeneration: 2, conditions: [condition('Stalled', 'True', 'RemovalHeld')] })).message,
    ).toBe('Stalled RemovalHeld');
    expect(
      healthOf(
        policy({ observedGeneration: 2, conditions: [READY, condition('AllProtected', 'False', 'NotAllInPlace')] }),
      ).message,
    ).toBe('AllProtected NotAllInPlace');
  });

  test('is in the ConfigMap as it is tested here', () => {
    const configMap = load(readFileSync(join(component, 'argocd-cm.yaml'), 'utf8')) as { data: Record<string, string> };
    expect(configMap.data).toEqual({ 'resource.customizations.health.nsbaseline.io_BaselinePolicy': script });
  });
});
