import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';

/**
 * The kubelet renews a pod's token long before it expires, so once a minute is enough
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#launch-a-pod-using-service-account-token-projection).
 */
const MAX_AGE_MS = 60_000;
/** No token is longer; a larger file is not a token file. */
const LONGEST_TOKEN = 64 * 1024;

/** A bearer token in a file that another program renews. It is read at most once a minute, and after `forget`. */
export class TokenFile {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The current token. If the file cannot be read, it is the last token; without one, the error is `credentials`. */
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

  /** Makes the next `token` read the file, because the server refused the last token. */
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

/** Whether the text can be a bearer token in a header: not empty, visible ASCII only. */
export function isHeaderSafe(token: string): boolean {
  return token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token);
}

/** The text of a file. The error `credentials` names the file, its purpose and the reason. */
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
