import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Flow, FlowEnd } from '../../../src/flows/flow.ts';
import { type FlowsRead, type ReadOptions, readFlows } from '../../../src/flows/reading.ts';

/** The text of a sample capture. */
export function capture(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../fixtures/flows', name), 'utf8');
}

/** A text in pieces of `size` characters, as a pipe may deliver it. */
export async function* pieces(text: string, size = 1000): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) {
    yield await Promise.resolve(text.slice(start, start + size));
  }
}

/** Reads a text; fails the test when it cannot be read. */
export async function read(text: string, options: ReadOptions = {}): Promise<FlowsRead> {
  const result = await readFlows(pieces(text), options);
  if (!result.ok) {
    throw new Error(result.message);
  }
  return result;
}

/** An end in a few letters, for a table of expectations. */
export function endText(end: FlowEnd): string {
  switch (end.kind) {
    case 'pod':
      return `${end.namespace}/${end.workload?.name ?? end.name}`;
    case 'service':
      return `service ${end.namespace}/${end.name}`;
    case 'address':
      return end.address;
    default:
      return `${end.kind} ${end.address ?? ''}`.trim();
  }
}

/** A flow in a few words. */
export function flowText({ from, to, protocol, port, verdict, count }: Flow): string {
  return `${endText(from)} → ${endText(to)} ${protocol} ${port} ${verdict} ×${count}`;
}
