import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { missingPrograms, PROGRAMS, versionDirectory } from '../../support/control-plane/cache.ts';
import { type DownloadSources, downloadObstacle, downloadPrograms } from '../../support/control-plane/download.ts';
import { silentProgress } from '../../support/control-plane/progress.ts';

const VERSION = '1.31.0';
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const canDownloadAll = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

interface Publisher {
  readonly sources: DownloadSources;
  readonly cache: string;
}

/** Publishes an envtest archive and a kube-controller-manager as the Kubernetes project does; `spoil` changes what is served. */
async function publisher(spoil: (files: Map<string, Buffer | string>) => void = () => undefined): Promise<Publisher> {
  const folder = await mkdtemp(join(tmpdir(), 'nsbaseline-unit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = new Map<string, Buffer | string>();
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const archive = await archiveIn(folder);
  const name = `envtest-v${VERSION}-linux-${ARCHITECTURE}.tar.gz`;
  const hash = createHash('sha512').update(archive).digest('hex');
  files.set(
    '/index.yaml',
    `releases:\n  v${VERSION}:\n    ${name}:\n      hash: ${hash}\n      selfLink: ${url}/${name}\n`,
  );
  files.set(`/${name}`, archive);
  const manager = `/release/v${VERSION}/bin/linux/${ARCHITECTURE}/kube-controller-manager`;
  files.set(manager, 'the manager');
  files.set(`${manager}.sha256`, createHash('sha256').update('the manager').digest('hex'));
  spoil(files);
  return { sources: { indexUrl: `${url}/index.yaml`, releasesUrl: `${url}/release` }, cache: join(folder, 'cache') };
}

async function archiveIn(folder: string): Promise<Buffer> {
  const content = join(folder, 'content/controller-tools/envtest');
  await mkdir(content, { recursive: true });
  for (const program of ['etcd', 'kube-apiserver', 'kubectl']) {
    await writeFile(join(content, program), program);
  }
  await promisify(execFile)('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', join(folder, 'content'), '.']);
  return readFile(join(folder, 'archive.tar.gz'));
}

describe.runIf(canDownloadAll)('a download', () => {
  test('puts all four programs into the cache, and nothing else stays', async () => {
    const { sources, cache } = await publisher();
    await downloadPrograms({ sources, cache, version: VERSION, programs: PROGRAMS, progress: silentProgress });
    expect(await missingPrograms(versionDirectory(cache, VERSION))).toEqual([]);
    expect(await readFile(join(versionDirectory(cache, VERSION), 'kube-controller-manager'), 'utf8')).toBe(
      'the manager',
    );
    expect(await readdir(versionDirectory(cache, VERSION))).toHaveLength(PROGRAMS.length);
    expect(await readdir(cache)).toEqual(['controlplane']);
  });

  test('is not taken for the programs of KUBEBUILDER_ASSETS', async () => {
    const before = process.env.KUBEBUILDER_ASSETS;
    onTestFinished(() => {
      if (before === undefined) {
        delete process.env.KUBEBUILDER_ASSETS;
      } else {
        process.env.KUBEBUILDER_ASSETS = before;
      }
    });
    process.env.KUBEBUILDER_ASSETS = '/nowhere';
    const { sources, cache } = await publisher();
    await downloadPrograms({ sources, cache, version: VERSION, programs: PROGRAMS, progress: silentProgress });
    expect(await readFile(join(versionDirectory(cache, VERSION), 'etcd'), 'utf8')).toBe('etcd');
    expect(process.env.KUBEBUILDER_ASSETS).toBe('/nowhere');
  });

  test('is refused when the archive is not the one that was published', async () => {
    const { sources, cache } = await publisher((files) => {
      for (const [path, file] of files) {
        if (path.endsWith('.tar.gz')) {
          files.set(path, Buffer.concat([Buffer.from(file), Buffer.from([0])]));
        }
      }
    });
    await expect(
      downloadPrograms({ sources, cache, version: VERSION, programs: PROGRAMS, progress: silentProgress }),
    ).rejects.toThrow('SHA-512');
    expect(await missingPrograms(versionDirectory(cache, VERSION))).toEqual(PROGRAMS);
  });
});

test('what stands in the way of a download is said in a few words, and nothing where there is nothing', async () => {
  const { sources } = await publisher();
  expect(await downloadObstacle(sources)).toBeUndefined();
  // Nothing listens on port 1.
  expect(await downloadObstacle({ ...sources, indexUrl: 'http://127.0.0.1:1/index.yaml' })).toMatch(
    /ECONNREFUSED|bad port/,
  );
});
