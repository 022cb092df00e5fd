import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';

/** The kubelet renews a pod's token long before it runs out, so a minute is soon enough (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#launch-a-pod-using-service-account-token-projection). */
const MAX_AGE_MS = 60_000;
/** No token is so long; a file that is larger is something else. */
const LONGEST_TOKEN = 64 * 1024;

/** A bearer token in a file that others renew. It is read again once a minute at most, and when `forget` was called. */
export class TokenFile {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The token now. When the file cannot be read, the last token is given for as long as there is one; else the error `credentials`. */
  async token(): Promise<Result<string, KubeError>> {
    if (this.#token !== undefined && this.#clock.nowMs() - this.#readAtMs < MAX_AGE_MS) {
      return success(this.#token);
    }
    const read = await readToken(this.#path);
    if (read.ok) {
      this.#token = read.value;
    } else if (this.#token === undefined) {
      return read;
    }
    this.#readAtMs = this.#clock.nowMs();
    return success(this.#token);
  }

  /** Makes the next `token` read the file, because the server refused the last one. */
  forget(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }
}

async function readToken(path: string): Promise<Result<string, KubeError>> {
  const read = await readText(path, 'the token file');
  if (!read.ok) {
    return read;
  }
  const token = read.value.trim();
  return isHeaderSafe(token)
    ? success(token)
    : failure({ kind: 'credentials', message: `the token file ${path} holds no token` });
}

/** Whether the text can stand in a header as a bearer token: not empty, visible ASCII only. */
export function isHeaderSafe(token: string): boolean {
  return token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token);
}

/** The text of a file; the error `credentials` names the file, what it is for and why it cannot be read. */
export async function readText(path: string, what: string): Promise<Result<string, KubeError>> {
  try {
    return success(await readFile(path, 'utf8'));
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason';
    return failure({
      kind: 'credentials',
      message: `${what} ${path} cannot be read: ${reasons.get(reason) ?? reason}`,
    });
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
]);
