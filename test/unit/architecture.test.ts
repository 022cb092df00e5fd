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

/** The room of a file of src: its folder, or the file itself where it lies in src. */
function roomOf(path: string): string {
  return path.includes('/') ? dirname(path) : path;
}

interface Room {
  /** The rooms it may import besides itself. A name stands for that folder and all below it. */
  readonly rooms: readonly string[];
  /** The packages it may import; `node:*` stands for all of Node. */
  readonly packages: readonly string[];
}

/** What every room of the operator may import besides other rooms of the operator. */
const BELOW_OPERATOR = ['telemetry', 'kube', 'domain', 'api', 'base'];

/**
 * The drawing of src: every arrow points to a room further down in this table, so there is no circle.
 * CONTRIBUTING.md shows the same drawing.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  'main.ts': { rooms: ['cli'], packages: ['node:*'] },
  generate: {
    rooms: ['cli', 'app', 'operator', 'telemetry', 'domain', 'api', 'base'],
    packages: ['zod', 'js-yaml', 'node:*'],
  },
  cli: {
    rooms: ['app', 'operator', 'telemetry', 'kube', 'domain', 'lint', 'policy', 'api', 'base'],
    packages: ['commander', 'zod', 'js-yaml', 'node:*'],
  },
  'cli/commands': {
    rooms: [
      'cli/objects',
      'cli/cluster',
      'cli/manifests',
      'cli/frame',
      'cli/views',
      'app',
      'operator',
      'telemetry',
      'kube',
      'domain',
      'lint',
      'policy',
      'api',
      'base',
    ],
    packages: ['commander', 'zod', 'js-yaml', 'node:*'],
  },
  'cli/objects': {
    rooms: [
      'cli/cluster',
      'cli/manifests',
      'cli/frame',
      'cli/views',
      'app',
      'operator',
      'kube',
      'domain',
      'policy',
      'api',
      'base',
    ],
    packages: ['commander', 'zod'],
  },
  'cli/cluster': {
    rooms: ['cli/frame', 'cli/views', 'app', 'operator', 'kube', 'domain', 'api', 'base'],
    packages: ['node:timers'],
  },
  'cli/manifests': { rooms: ['cli/frame', 'cli/views', 'base'], packages: ['js-yaml', 'node:*'] },
  'cli/frame': { rooms: ['cli/views', 'app', 'telemetry', 'kube', 'api', 'base'], packages: ['commander', 'node:*'] },
  'cli/views': { rooms: [], packages: ['js-yaml', 'node:util'] },
  app: {
    rooms: ['operator', 'telemetry', 'kube', 'domain', 'api', 'base'],
    packages: ['commander', 'zod', 'node:*'],
  },
  'operator/manager': {
    rooms: [
      'operator/enqueue',
      'operator/reconcile',
      'operator/write',
      'operator/progress',
      'operator/state',
      'operator/startup',
      'operator/discovery',
      'operator/watch',
      'operator/queue',
      ...BELOW_OPERATOR,
    ],
    packages: ['node:*'],
  },
  'operator/enqueue': {
    rooms: [
      'operator/write',
      'operator/progress',
      'operator/state',
      'operator/discovery',
      'operator/watch',
      'operator/queue',
      ...BELOW_OPERATOR,
    ],
    packages: [],
  },
  'operator/reconcile': {
    rooms: [
      'operator/write',
      'operator/progress',
      'operator/state',
      'operator/watch',
      'operator/queue',
      ...BELOW_OPERATOR,
    ],
    packages: [],
  },
  'operator/write': {
    rooms: [
      'operator/progress',
      'operator/state',
      'operator/startup',
      'operator/watch',
      'operator/queue',
      ...BELOW_OPERATOR,
    ],
    packages: [],
  },
  'operator/progress': { rooms: ['operator/watch', ...BELOW_OPERATOR], packages: [] },
  'operator/state': {
    rooms: ['operator/discovery', 'operator/watch', 'operator/queue', ...BELOW_OPERATOR],
    packages: [],
  },
  'operator/startup': { rooms: ['operator/watch', 'operator/queue', ...BELOW_OPERATOR], packages: [] },
  'operator/discovery': { rooms: BELOW_OPERATOR, packages: ['dns-packet', 'node:dgram', 'node:fs', 'node:net'] },
  'operator/watch': { rooms: BELOW_OPERATOR, packages: ['@dot-i/k8s-operator'] },
  'operator/queue': { rooms: BELOW_OPERATOR, packages: ['node:crypto'] },
  telemetry: {
    rooms: ['kube', 'api', 'base', '../package.json'],
    packages: ['pino', 'pino-pretty', 'prom-client', 'node:*'],
  },
  'kube/lease': { rooms: ['kube/informer', 'kube/client', 'base'], packages: ['compare-versions'] },
  'kube/informer': { rooms: ['kube/client', 'base'], packages: [] },
  'kube/transport': { rooms: ['kube/credentials', 'kube/client', 'base'], packages: ['undici', 'node:*'] },
  'kube/credentials': {
    rooms: ['kube/client', 'base'],
    packages: ['@kubernetes/client-node', 'js-yaml', 'node:*'],
  },
  'kube/client': { rooms: ['base'], packages: [] },
  domain: { rooms: ['policy', 'api', 'base'], packages: ['ipaddr.js', 'node:crypto', 'node:path'] },
  lint: { rooms: ['policy', 'base'], packages: [] },
  flows: { rooms: ['base'], packages: ['ipaddr.js'] },
  policy: { rooms: ['base'], packages: ['ipaddr.js'] },
  api: { rooms: ['base'], packages: ['zod', 'ipaddr.js'] },
  base: { rooms: [], packages: [] },
};

/** The entry of the table that holds for a room: its own, or the nearest folder above it. */
function entryFor(room: string): string | undefined {
  for (let name = room; name !== '.'; name = dirname(name)) {
    if (name in ROOMS) {
      return name;
    }
  }
  return undefined;
}

function isWithin(room: string, allowed: string): boolean {
  return room === allowed || room.startsWith(`${allowed}/`);
}

/** Only where everything is put together may the client of a real API server be named. */
const COMPOSITION = /^(?:cli\/|kube\/|app\/app\.ts$|main\.ts$)/;
const REAL_CLIENT = /^kube\/(?:transport\/http-.*|credentials\/(?:kubeconfig|cluster))\.ts$/;

describe('the rooms of src', () => {
  test.each(sources)('$path imports only what its room may import', ({ path, files, packages }) => {
    const entry = entryFor(roomOf(path));
    const allowed = entry === undefined ? undefined : ROOMS[entry];
    if (entry === undefined || allowed === undefined) {
      throw new Error(`src/${path} lies in no room; move it into one, or add its room to the table`);
    }
    const strayFiles = files.filter(
      (file) =>
        !isWithin(roomOf(file), entry) && !allowed.rooms.some((room) => isWithin(roomOf(file), room) || file === room),
    );
    const strayPackages = packages.filter(
      (name) => !allowed.packages.includes(name) && !(name.startsWith('node:') && allowed.packages.includes('node:*')),
    );
    expect({ strayFiles, strayPackages }).toEqual({ strayFiles: [], strayPackages: [] });
  });

  test('no command imports another command', () => {
    const commandOf = (path: string): string | undefined => /^cli\/commands\/([^/]+)\//.exec(path)?.[1];
    const stray = sources.flatMap(({ path, files }) => {
      const own = commandOf(path);
      const others = files.filter((file) => commandOf(file) !== undefined && commandOf(file) !== own);
      return own === undefined ? [] : others.map((file) => `${path} → ${file}`);
    });
    expect(stray).toEqual([]);
  });

  test('every arrow of the table points down', () => {
    const order = Object.keys(ROOMS);
    const upward = Object.entries(ROOMS).flatMap(([room, { rooms }]) =>
      rooms
        .filter((other) => order.some((name) => isWithin(name, other) && order.indexOf(name) < order.indexOf(room)))
        .map((other) => `${room} → ${other}`),
    );
    expect(upward).toEqual([]);
  });

  test('CONTRIBUTING.md shows the same table, in the same order', () => {
    const rows = [
      ...readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `src\/([\w.]+)` \|.*\| ([^|]+) \|$/gm),
    ].map(
      ([, room = '', imported = '']) => `${room}: ${[...imported.matchAll(/`(\w+)`/g)].map((m) => m[1]).join(', ')}`,
    );
    expect(rows).toEqual(drawnRooms());
  });

  test('only src/kube/credentials/auth-provider.ts imports @kubernetes/client-node', () => {
    expect(importersOf('@kubernetes/client-node')).toEqual(['kube/credentials/auth-provider.ts']);
  });

  test('only src/operator/watch/library-adapter.ts imports @dot-i/k8s-operator', () => {
    expect(importersOf('@dot-i/k8s-operator').filter((path) => path !== 'operator/watch/library-adapter.ts')).toEqual(
      [],
    );
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

/** The first name of a room that may lie in another: `kube` of `kube/client`. */
function outerRoom(room: string): string {
  return room.split('/')[0] ?? room;
}

/** The table of the outermost rooms, as CONTRIBUTING.md shows it: each room with those it may import, in their order. */
function drawnRooms(): readonly string[] {
  const order = [...new Set(Object.keys(ROOMS).map(outerRoom))];
  return order.map((outer) => {
    const imported = new Set(
      Object.entries(ROOMS).flatMap(([room, { rooms }]) => (outerRoom(room) === outer ? rooms.map(outerRoom) : [])),
    );
    return `${outer}: ${order.filter((room) => room !== outer && imported.has(room)).join(', ')}`;
  });
}

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
    const empty = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'shared', 'types', 'impl']);
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
    expect(pathsNamedIn('test/support/control-plane/README.md')).toContain('deploy/crds');
  });
});

/** Paths of the repository in backticks, and targets of relative links; all from its root. */
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
