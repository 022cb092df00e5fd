import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BillOfMaterials, billOfMaterials, packagesIn } from '../../../image/bill-of-materials.ts';

const root = join(import.meta.dirname, '../../..');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const stages = dockerfile.split(/^FROM /mu);
const runtime = stages.at(-1) ?? '';

describe('the Dockerfile', () => {
  test('builds on base images that a build argument can replace, pinned by digest where it does not', () => {
    const defaults = [...dockerfile.matchAll(/^ARG (BUILD_IMAGE|RUNTIME_IMAGE)=(\S+)$/gmu)].map(([, name, image]) => ({
      name,
      isPinned: /@sha256:[0-9a-f]{64}$/u.test(image ?? ''),
    }));
    expect(defaults).toEqual([
      { name: 'BUILD_IMAGE', isPinned: true },
      { name: 'RUNTIME_IMAGE', isPinned: true },
    ]);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gmu)].map(([, image]) => image)).toEqual([
      '${BUILD_IMAGE}',
      '${RUNTIME_IMAGE}',
    ]);
  });

  test('runs nothing in the image that it makes, which has no shell, and runs it as the user of deploy/base', () => {
    expect(runtime).not.toMatch(/^RUN /mu);
    expect(runtime).toMatch(/^ENTRYPOINT \[/mu);
    const user = /^USER (\d+):(\d+)$/mu.exec(runtime)?.slice(1);
    const deployment = readFileSync(join(root, 'deploy/base/deployment.yaml'), 'utf8');
    expect(user).toEqual([/runAsUser: (\d+)/u.exec(deployment)?.[1], /runAsGroup: (\d+)/u.exec(deployment)?.[1]]);
  });

  test('needs nothing of a builder that the classic one has not, as that is what may be at hand', () => {
    expect(dockerfile).not.toMatch(/--mount=|--chmod=|--link\b|<<|^# syntax=/mu);
  });

  test('is deployed under the version of the package, by base and chart', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    const chart = readFileSync(join(root, 'deploy/chart/Chart.yaml'), 'utf8');
    expect(readFileSync(join(root, 'deploy/base/deployment.yaml'), 'utf8')).toContain(`image: nsbaseline:${version}\n`);
    expect(chart).toContain(`\nversion: ${version}\n`);
    expect(chart).toContain(`\nappVersion: ${version}\n`);
  });
});

function component(
  ref: string,
  properties: readonly { readonly name: string; readonly value: string }[] = [],
): BillOfMaterials['components'][number] {
  return { 'bom-ref': ref, name: ref.slice(0, ref.lastIndexOf('@')), properties };
}

const LISTED: BillOfMaterials = {
  serialNumber: 'urn:uuid:1',
  metadata: { timestamp: '2026-01-01T00:00:00Z', component: { 'bom-ref': 'nsbaseline@0.1.0', name: 'work' } },
  components: [
    component('zod@4.0.0'),
    component('vitest@5.0.0'),
    component('@a/b@1.0.0', [{ name: 'cdx:npm:package:development', value: 'true' }]),
  ],
  dependencies: [
    { ref: 'zod@4.0.0' },
    { ref: 'nsbaseline@0.1.0', dependsOn: ['zod@4.0.0', 'vitest@5.0.0', '@a/b@1.0.0'] },
    { ref: 'vitest@5.0.0', dependsOn: ['zod@4.0.0'] },
  ],
};

describe('the bill of materials', () => {
  test('has what is in the program and nothing else, and nothing that differs from one build to the next', () => {
    const bill = billOfMaterials(LISTED, { packages: new Set(['zod@4.0.0', '@a/b@1.0.0']), epochSeconds: 0 });
    expect(JSON.parse(JSON.stringify(bill))).toEqual({
      metadata: {
        timestamp: '1970-01-01T00:00:00.000Z',
        component: { 'bom-ref': 'nsbaseline@0.1.0', name: 'nsbaseline' },
      },
      components: [component('@a/b@1.0.0'), component('zod@4.0.0')],
      dependencies: [
        { ref: 'nsbaseline@0.1.0', dependsOn: ['@a/b@1.0.0', 'zod@4.0.0'] },
        { ref: 'zod@4.0.0', dependsOn: [] },
      ],
    });
  });

  test('is not made where npm does not know what is in the program', () => {
    expect(() => billOfMaterials(LISTED, { packages: new Set(['zod@4.0.0', 'pino@10.0.0']), epochSeconds: 0 })).toThrow(
      'npm lists no pino@10.0.0',
    );
  });

  test('knows the package of a file, also of one inside another', () => {
    const zod = JSON.parse(readFileSync(join(root, 'node_modules/zod/package.json'), 'utf8')) as {
      readonly version: string;
    };
    const operator = JSON.parse(readFileSync(join(root, 'node_modules/@dot-i/k8s-operator/package.json'), 'utf8')) as {
      readonly version: string;
    };
    const files = [
      'src/main.ts',
      'node_modules/zod/v4/index.js',
      'node_modules/zod/package.json',
      'node_modules/@dot-i/k8s-operator/dist/index.js',
    ];
    expect([...packagesIn(files.map((file) => join(root, file)))].sort()).toEqual([
      `@dot-i/k8s-operator@${operator.version}`,
      `zod@${zod.version}`,
    ]);
  });
});
