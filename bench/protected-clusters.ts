import { type BenchCluster, startBenchCluster } from './bench-cluster.ts';
import { passDoneMs } from './operator-pages.ts';
import { allComplete, leading, names } from './scenario.ts';

/** A stage on which everything is in place, and nobody at work. */
export interface ProtectedCluster {
  readonly stage: BenchCluster;
  readonly namespaces: readonly string[];
}

/** Keeps the estate that was last asked for, since the next scenario may want one of the same size. */
export class ProtectedClusters {
  #kept: ProtectedCluster | undefined;

  /** An estate of so many protected namespaces. */
  async of(count: number): Promise<ProtectedCluster> {
    if (this.#kept?.namespaces.length === count) {
      return this.#kept;
    }
    const stage = await startBenchCluster();
    const namespaces = names('cold', count);
    await stage.namespaces(namespaces, true);
    const operator = await leading(stage);
    await allComplete(stage, namespaces);
    await passDoneMs(operator, count);
    await operator.stop();
    const estate = { stage, namespaces };
    await this.keep(estate);
    return estate;
  }

  /** Takes over an estate that came about otherwise. */
  async keep(estate: ProtectedCluster): Promise<void> {
    await this.end();
    this.#kept = estate;
  }

  /** Takes down what is kept: for what changed it, too. */
  async end(): Promise<void> {
    await this.#kept?.stage.end();
    this.#kept = undefined;
  }
}
