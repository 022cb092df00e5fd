import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const SHORT_LIMIT_MS = 5_000;
const WHOLE_LIMIT_MS = 600_000;

/** A program to be fetched. */
export interface ProgramDownload {
  readonly url: string;
  /** Where its sha256 is published, as hex. */
  readonly sha256Url: string;
  readonly destination: string;
  readonly onBytes?: (done: number, total: number | undefined) => void;
}

/** The text at an address, or an error when it has not answered well within 5 seconds. */
export async function shortText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(SHORT_LIMIT_MS) });
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.text();
}

/** Fetches a program; it appears at its destination whole, with the published sha256 and executable, or not at all. */
export async function downloadProgram(download: ProgramDownload): Promise<void> {
  const expected = (await shortText(download.sha256Url)).trim().split(/\s/)[0]?.toLowerCase();
  const response = await fetch(download.url, { signal: AbortSignal.timeout(WHOLE_LIMIT_MS) });
  if (!response.ok || response.body === null) {
    throw new Error(`${download.url} answered ${response.status}`);
  }
  const total = Number(response.headers.get('content-length') ?? Number.NaN);
  const partial = `${download.destination}.${process.pid}.partial`;
  const hash = createHash('sha256');
  let done = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      download.onBytes?.(done, Number.isNaN(total) ? undefined : total);
      next(null, chunk);
    },
  });
  try {
    await mkdir(dirname(partial), { recursive: true });
    await pipeline(response.body, measured, createWriteStream(partial));
    const actual = hash.digest('hex');
    if (actual !== expected) {
      throw new Error(`${download.url} has the sha256 ${actual}, but ${expected ?? 'nothing'} is published for it`);
    }
    await chmod(partial, 0o755);
    await rename(partial, download.destination);
  } finally {
    await rm(partial, { force: true });
  }
}
