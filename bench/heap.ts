import { heapAfterCollection } from '../test/support/operators/retained-heap.ts';
import type { Measured } from './process.ts';

/** Lets a program be asked for its heap. */
export const INSPECTABLE: readonly string[] = ['--inspect=127.0.0.1:0'];

/**
 * What a program holds on to, in bytes: its heap after a collection, by Node's inspector
 * (https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage). It must have been started {@link INSPECTABLE}.
 */
export async function retainedHeapBytes(program: Measured): Promise<number> {
  const address = /ws:\/\/\S+/.exec(await program.said('ws://'))?.[0] ?? '';
  return heapAfterCollection(address);
}
