import { describe, expect, test } from 'vitest';
import { matrixSchema } from '../../../../src/cli/commands/matrix/matrix-schema.ts';
import { runOn, SHOP } from './shop.ts';

const OPEN = SHOP.replace('app: api', 'app: web')
  .replace('kind: NetworkPolicy\nmetadata: {name: allow-dns', 'kind: No\nmetadata: {name: x')
  .replace('policyTypes: [Ingress, Egress]', 'policyTypes: [Ingress]');

function matrix(...words: readonly string[]) {
  return runOn(OPEN, 'matrix', ...words);
}

describe('matrix', () => {
  test('has a cell for every pair and declared port, with each direction on its own', async () => {
    const { printed } = await matrix('-o', 'json');
    const { cells, by } = matrixSchema.parse(JSON.parse(printed));
    expect(by).toBe('pod');
    expect(cells.map((cell) => Object.values(cell).join(' '))).toEqual([
      'shop/db shop/db TCP 5433 allowed allowed allowed',
      'shop/db shop/web TCP 8080 allowed denied denied',
      'shop/web shop/db TCP 5433 allowed allowed allowed',
      'shop/web shop/web TCP 8080 allowed denied denied',
    ]);
  });

  test('asks about the ports of --ports, whatever is declared', async () => {
    const { printed } = await matrix('--ports', '80/tcp,53/udp', '-o', 'csv', '-n', 'shop');
    expect(printed.split('\n').slice(0, 3)).toEqual([
      'from,to,protocol,port,egress,ingress,verdict',
      'shop/db,shop/db,TCP,80,allowed,allowed,allowed',
      'shop/db,shop/db,UDP,53,allowed,allowed,allowed',
    ]);
    expect((await matrix('--ports', '80/icmp')).code).toBe(2);
  });

  test('counts by workload or namespace, where pods may differ', async () => {
    const rows = async (by: string) => (await matrix('--by', by, '-o', 'csv')).printed.trimEnd().split('\n').slice(1);
    expect(await rows('workload')).toEqual([
      'shop/db,shop/web,TCP,8080,allowed,denied,denied',
      'shop/web,shop/db,TCP,5433,allowed,allowed,allowed',
      'shop/web,shop/web,TCP,8080,allowed,denied,denied',
    ]);
    expect(await rows('namespace')).toEqual([
      'shop,shop,TCP,5433,allowed,allowed,allowed',
      'shop,shop,TCP,8080,allowed,denied,denied',
    ]);
  });

  test('is a table that a person reads, where equal rows and columns are one', async () => {
    expect((await matrix()).printed).toBe(`FROM               1 2
shop/db, shop/web  . X

TO
1  shop/db 5433/tcp
2  shop/web 8080/tcp

. allowed   X denied   ? undefined   ~ not the same for all pods
`);
  });

  test('exits 5 only for what --fail-on names', async () => {
    expect((await matrix()).code).toBe(0);
    expect((await matrix('--fail-on', 'denied')).code).toBe(5);
    expect((await matrix('--fail-on', 'undefined,mixed', '-o', 'csv')).code).toBe(0);
  });

  test('only pairs with an end in the namespace of -n', async () => {
    const far = `${OPEN}---\nkind: Pod\napiVersion: v1\nmetadata: {name: far, namespace: b}\nspec: {}\n---\nkind: Pod\napiVersion: v1\nmetadata: {name: far, namespace: c}\nspec: {containers: [{ports: [{containerPort: 1}]}]}\n`;
    const { printed } = await runOn(far, 'matrix', '-n', 'b', '-o', 'csv');
    expect(printed.trimEnd().split('\n').slice(1)).toEqual([
      'b/far,c/far,TCP,1,allowed,allowed,allowed',
      'b/far,shop/db,TCP,5433,allowed,denied,denied',
      'b/far,shop/web,TCP,8080,allowed,denied,denied',
    ]);
  });
});
