import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** A file under src and all that it imports: files as paths from src, packages by name. */
interface Source {
  readonly path: string;
  readonly lines: number;
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

function sourceAt(path: string): Source {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  const imported = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  return {
    path,
    lines: text.trimEnd().split('\n').length,
    files: imported.filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(path), name))),
    packages: imported
      .filter((name) => !name.startsWith('.'))
      .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name),
  };
}

const sources = globSync('**/*.ts', { cwd: join(root, 'src') })
  .sort()
  .map(sourceAt);

/** The folder of src that a file belongs to; a file of src itself is a layer by its own name. */
function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path;
}

/** What each layer may know besides itself (docs/adr and CONTRIBUTING.md say why). Test and build may import what they like. */
const LAYERS: Readonly<Record<string, { readonly layers: readonly string[]; readonly packages: readonly string[] }>> = {
  'clock.ts': { layers: [], packages: [] },
  api: { layers: [], packages: ['zod', 'ipaddr.js'] },
  baseline: { layers: ['api'], packages: ['ipaddr.js', 'node:crypto', 'node:path'] },
  policy: { layers: ['api'], packages: ['ipaddr.js'] },
  flows: { layers: [], packages: ['ipaddr.js'] },
  kube: {
    layers: ['api', 'clock.ts'],
    packages: ['undici', '@kubernetes/client-node', 'js-yaml', 'compare-versions', 'node:*'],
  },
  observe: {
    layers: ['api', 'kube', 'clock.ts', '../package.json'],
    packages: ['pino', 'pino-pretty', 'prom-client', 'node:*'],
  },
  // generate/crd.ts: a served CRD must have every field that the generated one has.
  operator: {
    layers: ['api', 'baseline', 'kube', 'observe', 'clock.ts', 'generate/crd.ts'],
    packages: ['@dot-i/k8s-operator', 'zod', 'node:*'],
  },
  report: { layers: ['api', 'baseline', 'policy'], packages: [] },
  cli: {
    layers: ['api', 'baseline', 'policy', 'kube', 'observe', 'operator', 'report', 'clock.ts'],
    packages: ['commander', 'zod', 'js-yaml', 'node:*'],
  },
  generate: { layers: ['api', 'observe', 'cli'], packages: ['zod', 'js-yaml', 'node:*'] },
  'main.ts': { layers: ['cli'], packages: ['node:*'] },
};

/** The one file that sees everything, since it puts everything together. */
const COMPOSITION_ROOT = 'operator/app.ts';
/** Only where everything is put together may the way to a real API server be named. */
const COMPOSITION = /^(?:cli\/|kube\/|operator\/app\.ts$|main\.ts$)/;
const REAL_CLIENT = /^kube\/(?:http-.*|kubeconfig|cluster)\.ts$/;

describe('the layers of src', () => {
  test.each(sources)('$path knows only what its layer may know', ({ path, files, packages }) => {
    const layer = layerOf(path);
    const allowed = LAYERS[layer];
    if (allowed === undefined) {
      throw new Error(`src/${path} lies in no layer; put it into one, or name the layer here`);
    }
    const strayFiles =
      path === COMPOSITION_ROOT
        ? []
        : files.filter(
            (file) =>
              file !== path &&
              layerOf(file) !== layer &&
              !allowed.layers.includes(layerOf(file)) &&
              !allowed.layers.includes(file),
          );
    const strayPackages = packages.filter(
      (name) => !allowed.packages.includes(name) && !(name.startsWith('node:') && allowed.packages.includes('node:*')),
    );
    expect({ strayFiles, strayPackages }).toEqual({ strayFiles: [], strayPackages: [] });
  });

  test('only src/kube/kubeconfig.ts imports @kubernetes/client-node', () => {
    expect(importersOf('@kubernetes/client-node').filter((path) => path !== 'kube/kubeconfig.ts')).toEqual([]);
  });

  test('only src/operator/baseline-operator.ts imports @dot-i/k8s-operator', () => {
    expect(importersOf('@dot-i/k8s-operator').filter((path) => path !== 'operator/baseline-operator.ts')).toEqual([]);
  });

  test('only the composition root names the client that talks HTTP', () => {
    const naming = sources.filter(
      ({ path, files }) => !COMPOSITION.test(path) && files.some((file) => REAL_CLIENT.test(file)),
    );
    expect(naming.map(({ path }) => path)).toEqual([]);
  });

  test('no file imports itself, not even by way of others', () => {
    expect(cycles()).toEqual([]);
  });
});

function importersOf(packageName: string): readonly string[] {
  return sources.filter(({ packages }) => packages.includes(packageName)).map(({ path }) => path);
}

/** Every cycle once, as the path that closes it. */
function cycles(): readonly string[] {
  const importsOf = new Map(sources.map(({ path, files }) => [path, files]));
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (finished.has(path)) {
      return;
    }
    for (const next of importsOf.get(path) ?? []) {
      visit(next, [...trail, path]);
    }
    finished.add(path);
  };
  for (const { path } of sources) {
    visit(path, []);
  }
  return found;
}

describe('the files', () => {
  test.each(sources)('$path has at most 400 lines', ({ lines }) => {
    expect(lines).toBeLessThanOrEqual(400);
  });

  const files = ['src', 'test', 'bench'].flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).sort();

  test('are named in kebab-case', () => {
    const odd = files.filter(
      (file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|contract))?\.ts$/.test(file.slice(file.lastIndexOf('/') + 1)),
    );
    expect(odd).toEqual([]);
  });

  test('say in their names what is in them', () => {
    const empty = new Set([
      'util',
      'utils',
      'helper',
      'helpers',
      'common',
      'misc',
      'shared',
      'types',
      'manager',
      'impl',
    ]);
    const drawers = files.filter((file) => file.split(/[/.-]/).some((word) => empty.has(word)));
    expect(drawers).toEqual([]);
  });
});

describe('the documentation', () => {
  const documents = ['*.md', 'docs/**/*.md', 'deploy/**/*.md', 'test/**/*.md']
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .sort();

  test.each(documents)('%s names only paths that exist', (document) => {
    expect(pathsNamedIn(document).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('is read for paths', () => {
    expect(pathsNamedIn('test/controlplane/README.md')).toContain('deploy/crds');
  });
});

/** What stands in backticks and looks like a path of the repository, and what relative links point at; paths from its root. */
function pathsNamedIn(document: string): readonly string[] {
  const text = readFileSync(join(root, document), 'utf8');
  const quoted = [
    ...text.matchAll(
      /[`'"]((?:src|test|docs|deploy|crds|bench|\.ci)\/[\w./-]*|[A-Z]+\.md|Makefile|Dockerfile)(?::\d+)?[`'"]/g,
    ),
  ].map((match) => match[1] ?? '');
  const linked = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map((match) =>
    relative('.', join(dirname(document), match[1] ?? '')),
  );
  return [...quoted, ...linked];
}
