import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { downloadProgram } from '../../support/control-plane/verified-download.ts';

const program = Buffer.from('#!/bin/sh\necho hello\n');
const digest = createHash('sha256').update(program).digest('hex');

/** Serves `program` and a digest for it; answers 404 to everything else. */
async function release(publishedDigest: string): Promise<string> {
  const answers = new Map<string, Buffer | string>([
    ['/program', program],
    ['/program.sha256', publishedDigest],
  ]);
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function destinationFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nsbaseline-unit-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test.each([digest, `${digest.toUpperCase()}  program\n`])(
  'a program with the published sha256 arrives whole and can be run (%s)',
  async (published) => {
    const [server, folder] = [await release(published), await destinationFolder()];
    await downloadProgram({
      url: `${server}/program`,
      sha256Url: `${server}/program.sha256`,
      destination: join(folder, 'program'),
    });
    expect(await readFile(join(folder, 'program'))).toEqual(program);
    expect((await stat(join(folder, 'program'))).mode & 0o111).toBe(0o111);
    expect(await readdir(folder)).toEqual(['program']);
  },
);

test.each(['0'.repeat(64), ''])(
  'a program with another sha256 is refused and leaves nothing (%j)',
  async (published) => {
    const [server, folder] = [await release(published), await destinationFolder()];
    const download = downloadProgram({
      url: `${server}/program`,
      sha256Url: `${server}/program.sha256`,
      destination: join(folder, 'program'),
    });
    await expect(download).rejects.toThrow(digest);
    expect(await readdir(folder)).toEqual([]);
  },
);

test('a program that is not there is an error that names the address', async () => {
  const [server, folder] = [await release(digest), await destinationFolder()];
  const download = downloadProgram({
    url: `${server}/other`,
    sha256Url: `${server}/program.sha256`,
    destination: join(folder, 'program'),
  });
  await expect(download).rejects.toThrow(`${server}/other answered 404`);
});
