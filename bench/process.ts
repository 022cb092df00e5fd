import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../test/support/measuring/program.ts';

/** A program that is measured, in a process of its own. */
export interface Measured extends Pick<Program, 'startedMs' | 'consumption'> {
  /** Resolves with the first line that holds this text, past or to come; rejects when it ends before. */
  said(text: string): Promise<string>;
  /** SIGTERM, and SIGKILL to what does not mind it; resolves when it has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** What the floor can do; see bench/programs/floor.ts. */
export type FloorMode = 'react' | 'write' | 'edit' | 'mend' | 'list';

const GRACE_MS = 30_000;
/** As the image and bin/nsbaseline start it. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--disable-warning=DEP0040'];
const ENVIRONMENT = { ...process.env, MALLOC_ARENA_MAX: '1' };

/** The executable as `make build` leaves it. */
export const EXECUTABLE = fileURLToPath(new URL('../bin/nsbaseline', import.meta.url));

/** The operator as it is shipped, with its defaults: the bundle of `make build`. */
export function startOperator(kubeconfigPath: string, nodeFlags: readonly string[] = []): Measured {
  return measured([
    ...NODE_FLAGS,
    ...nodeFlags,
    bundle('nsbaseline.js'),
    'run',
    '--kubeconfig',
    kubeconfigPath,
    '--listen',
    '127.0.0.1:0',
    '--log-format',
    'json',
  ]);
}

/** The floor, bundled alike. */
export function startFloor(mode: FloorMode, kubeconfigPath: string): Measured {
  return measured([...NODE_FLAGS, bundle('bench/floor.js'), mode, kubeconfigPath]);
}

/** What only imports what the operator does. */
export function startEmpty(): Measured {
  return measured([...NODE_FLAGS, bundle('bench/empty.js')]);
}

function bundle(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
}

function measured(nodeArguments: readonly string[]): Measured {
  const program = startProgram(nodeArguments, ENVIRONMENT);
  return {
    startedMs: program.startedMs,
    consumption: () => program.consumption(),
    said: (text) => program.said((line) => line.includes(text), { text }),
    async stop(signal) {
      await program.stop(signal, GRACE_MS);
    },
  };
}
