import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../support/control-plane/cluster.ts';
import { type OperatorProcess, startOperator } from '../support/operators/operator-process.ts';
import { type Passage, passageTo } from './cut-off.ts';

/** What one process of the operator held at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly handles: number;
}

/** One place for an operator: whoever runs there is started anew when it ends. */
export interface Post {
  readonly number: number;
  readonly passage: Passage;
  /** What every process that ran here held at each rest, in their order. */
  readonly lives: Sample[][];
  operator: OperatorProcess;
}

/** Held back by nothing, since a soak declares and takes back all the time; R9 has tests of its own. */
const FLAGS = ['--removal-limit', '1000000', '--isolation-limit', '1000000', '--log-level', 'info'];
/** As in the image. */
const ENVIRONMENT = { NODE_OPTIONS: '--max-semi-space-size=8', MALLOC_ARENA_MAX: '1' };
const START_LIMIT_MS = 60_000;
/** What the operator logs when something happened that should not be possible. */
const BUG = /unexpectedly|could not be made|handler of/;

/** The operators of a soak, each with its own way to the API server. */
export class SoakOperators {
  readonly posts: readonly Post[];
  readonly #kubeconfigs: readonly string[];
  #isEnding = false;
  /** Lines that tell of a fault in the operator itself, and processes that ended though nobody had asked for it. */
  readonly bugs: string[] = [];
  /** Every process there ever was, in the order of their starts. */
  readonly past: { readonly number: number; readonly log: OperatorProcess['log'] }[] = [];
  readonly #asked = new WeakSet<OperatorProcess>();

  private constructor(posts: readonly Post[], kubeconfigs: readonly string[]) {
    this.posts = posts;
    this.#kubeconfigs = kubeconfigs;
    for (const post of posts) {
      this.#watchOver(post);
    }
  }

  /** Starts so many operators with an account's kubeconfig. */
  static async start(
    cluster: Cluster,
    account: { readonly kubeconfigPath: string },
    count: number,
  ): Promise<SoakOperators> {
    const kubeconfig = await readFile(account.kubeconfigPath, 'utf8');
    const { port } = new URL(cluster.address.server);
    const posts: Post[] = [];
    const kubeconfigs: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const passage = await passageTo(Number(port));
      const kubeconfigPath = join(cluster.address.directory, `soak-${number}.yaml`);
      await writeFile(kubeconfigPath, kubeconfig.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${passage.port}`), {
        mode: 0o600,
      });
      kubeconfigs.push(kubeconfigPath);
      posts.push({
        number,
        passage,
        lives: [[]],
        operator: startOperator({ kubeconfigPath, arguments: FLAGS, env: ENVIRONMENT }),
      });
    }
    return new SoakOperators(posts, kubeconfigs);
  }

  /** Resolves when every operator knows the cluster; rejects when one does not come to that. */
  async ready(): Promise<void> {
    await Promise.all(this.posts.map(({ operator }) => operator.said('caches are synced', START_LIMIT_MS)));
  }

  /** Ends an operator with a signal and starts another in its place. */
  async replace(post: Post, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#asked.add(post.operator);
    await post.operator.stop(signal);
    if (!this.#isEnding) {
      this.#restart(post);
    }
  }

  /** What every operator holds now; undefined of one that has just ended. */
  samples(nowMs: number): Promise<readonly (Sample | undefined)[]> {
    return Promise.all(this.posts.map(({ operator }) => sampleOf(operator, nowMs)));
  }

  /** Keeps what every operator holds now, when everything is at rest. */
  async noteRest(nowMs: number): Promise<void> {
    for (const [number, sample] of (await this.samples(nowMs)).entries()) {
      if (sample !== undefined) {
        this.posts[number]?.lives.at(-1)?.push(sample);
      }
    }
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    for (const { operator } of this.posts) {
      this.#asked.add(operator);
      operator.signal('SIGCONT');
    }
    await Promise.all(
      this.posts.map(async ({ operator, passage }) => {
        await operator.stop();
        await passage.close();
      }),
    );
    for (const { log } of this.past) {
      this.#readLog(log);
    }
  }

  #restart(post: Post): void {
    post.lives.push([]);
    post.operator = startOperator({
      kubeconfigPath: this.#kubeconfigs[post.number] ?? '',
      arguments: FLAGS,
      env: ENVIRONMENT,
    });
    this.#watchOver(post);
  }

  #watchOver(post: Post): void {
    const { operator } = post;
    this.past.push({ number: post.number, log: operator.log });
    void operator.exited.then((code) => {
      if (this.#asked.has(operator) || this.#isEnding) {
        return;
      }
      this.bugs.push(
        `operator ${post.number} ended by itself with ${code}: ${operator.log
          .slice(-3)
          .map((line) => JSON.stringify(line))
          .join(' ')}`,
      );
      this.#restart(post);
    });
  }

  #readLog(log: OperatorProcess['log']): void {
    for (const line of log) {
      if (BUG.test(line.msg)) {
        this.bugs.push(JSON.stringify(line).slice(0, 500));
      }
    }
  }
}

/** Undefined where the process has just ended, and where there is no /proc. */
async function sampleOf(operator: OperatorProcess, atMs: number): Promise<Sample | undefined> {
  const consumption = await operator.consumption().catch(() => undefined);
  const handles = await readdir(`/proc/${operator.processId}/fd`).catch(() => []);
  return consumption === undefined || consumption.rssBytes === 0
    ? undefined
    : { atMs, rssBytes: consumption.rssBytes, handles: handles.length };
}
