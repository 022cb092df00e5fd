import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandContext } from '../../../../src/cli/frame/command-context.ts';
import type { Terminal } from '../../../../src/cli/frame/terminal.ts';
import { addObjectFlags, type ObjectFlags } from '../../../../src/cli/objects/object-flags.ts';
import { identityOf } from '../../../../src/cli/objects/object-name.ts';
import type { ObjectsRead } from '../../../../src/cli/objects/objects-read.ts';
import { failForProblems, withObjects } from '../../../../src/cli/objects/read-objects.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';

let cluster: CliCluster;
let folder: string;
let read: ObjectsRead | undefined;

beforeEach(async () => {
  read = undefined;
  cluster = await startCliCluster();
  folder = await mkdtemp(join(tmpdir(), 'read-'));
  await cluster.namespace('team-a', { team: 'a' });
  await cluster.networkPolicy('team-a', 'own');
});

afterEach(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

/** A command that keeps what it read. */
function defineReader(command: Command, context: CommandContext, terminal: Terminal): void {
  addObjectFlags(command).action((flags: ObjectFlags) => {
    const run = { name: 'reader', flags, context, terminal };
    return withObjects(run, (objects) => {
      read = objects;
      return failForProblems(run, objects.problems) ?? 'ok';
    });
  });
}

function names(): readonly string[] {
  return (read?.together ?? []).map(({ object }) => identityOf(object, read?.defaultNamespace ?? ''));
}

function refuse(isRefused: (path: string) => boolean): void {
  cluster.server.intercept = ({ path }) =>
    isRefused(path) ? { kind: 'respond', status: 403, body: '{"kind":"Status","message":"no"}' } : undefined;
}

async function file(text: string): Promise<string> {
  const path = join(folder, 'a.yaml');
  await writeFile(path, text);
  return path;
}

const POLICY =
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: own}\nspec: {podSelector: {}}\n';

describe('the objects of a cluster', () => {
  test('are read with their kinds, in the namespace of the context; kinds that are not served are named', async () => {
    expect((await cluster.run(defineReader, [])).code).toBe(0);
    expect(names()).toContain('NetworkPolicy/team-a/own');
    expect(names()).toContain('Namespace//team-a');
    expect(read).toMatchObject({ mode: 'cluster', defaultNamespace: 'team-a', missing: [], files: [] });
    expect(read?.notServed).toContain('ClusterNetworkPolicy');
  });

  test('a kind that the user may not list is missing, unless the cluster does not serve it', async () => {
    refuse((path) => /services|clusternetworkpolicies$/.test(path));
    expect((await cluster.run(defineReader, [])).code).toBe(0);
    expect(read?.missing.map(({ kind, readIn }) => [kind, readIn])).toEqual([['Service', []]]);
    expect(read?.missing[0]?.message).toContain('ask for the permission');
    expect(read?.notServed).toContain('ClusterNetworkPolicy');
  });

  test('a tenant reads the namespaces of the question', async () => {
    refuse((path) => path.startsWith('/api') && !path.includes('/namespaces/team-a') && path.split('/').length > 3);
    expect((await cluster.run(defineReader, ['-n', 'team-a'])).code).toBe(0);
    expect(names()).toEqual(expect.arrayContaining(['NetworkPolicy/team-a/own', 'Namespace//team-a']));
    expect(read?.missing.find(({ kind }) => kind === 'NetworkPolicy')?.readIn).toEqual(['team-a']);
  });

  test('any other failure ends the reading, as half a list would give wrong verdicts', async () => {
    cluster.server.intercept = ({ path }) =>
      path.endsWith('/pods') ? { kind: 'respond', status: 400, body: '{"kind":"Status","message":"bad"}' } : undefined;
    const { code, complaint } = await cluster.run(defineReader, []);
    expect([code, read]).toEqual([1, undefined]);
    expect(complaint).toContain('cannot list pods in every namespace: bad');
  });
});

describe('the objects of files', () => {
  test('are read alone: no cluster is asked', async () => {
    await cluster.run(defineReader, ['-f', await file(POLICY)]);
    expect(names()).toEqual(['NetworkPolicy/default/own']);
    expect(read).toMatchObject({ mode: 'files', cluster: [] });
    expect(cluster.server.requests.of('list')).toBe(0);
  });

  test('are laid over the cluster with --with-cluster', async () => {
    await cluster.run(defineReader, ['-f', await file(POLICY), '--with-cluster']);
    expect(read?.mode).toBe('filesOverCluster');
    const own = read?.together.filter(({ object }) => identityOf(object, 'team-a') === 'NetworkPolicy/team-a/own');
    expect(own?.map(({ origin }) => origin.kind)).toEqual(['file']);
    expect(read?.cluster.some(({ object }) => identityOf(object, '') === 'NetworkPolicy/team-a/own')).toBe(true);
  });

  test('what is broken is said with file and line, and exits 2', async () => {
    const path = await file(`${POLICY}---\na: b\n  c: d\n`);
    const { code, complaint } = await cluster.run(defineReader, ['-f', path]);
    expect(code).toBe(2);
    expect(complaint).toContain(`nsbaseline reader: 1 problem in the input\n  ${path}:7: is not YAML: bad indentation`);
  });

  test('--with-cluster without files is a mistake', async () => {
    const { code, complaint } = await cluster.run(defineReader, ['--with-cluster']);
    expect([code, complaint]).toEqual([2, 'nsbaseline reader: --with-cluster needs files: add -f\n']);
  });
});
