import { cpus, totalmem } from 'node:os';
import { KUBERNETES_VERSIONS } from '../test/support/control-plane/versions.ts';

/** Where it was measured: milliseconds hold nowhere else. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly kubernetes: string;
}

/** This one. */
export function thisMachine(): Machine {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    kubernetes: KUBERNETES_VERSIONS.newest.built,
  };
}
