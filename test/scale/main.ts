/** `make scale`: what the operator costs with more and more protected namespaces (F50). Sizes can be given: 1000 10000 100000 otherwise. */
import { mebibytesText } from '../support/measuring/number-text.ts';
import { type Measurement, measured } from './measurement.ts';

/** What a namespace may cost, young and old generation of the heap, code and all. */
const MOST_BYTES_PER_NAMESPACE = 8 * 1024;

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000];
const measurements: Measurement[] = [];
say([
  'namespaces',
  'synced',
  'looked at all',
  'longest stall',
  'heap',
  'heap each',
  'RSS',
  'peak RSS',
  'needless writes',
  'fresh, longest',
  'repair, longest',
]);
for (const namespaces of sizes) {
  const found = await measured(namespaces);
  const before = measurements.at(-1);
  measurements.push(found);
  say([
    String(namespaces),
    seconds(found.syncedMs),
    seconds(found.lookedMs),
    seconds(found.longestStallMs),
    mebibytesText(found.heapBytes),
    before === undefined ? '' : `${Math.round(bytesEach(before, found))} B`,
    mebibytesText(found.rssBytes),
    mebibytesText(found.peakRssBytes),
    String(found.needlessWrites),
    seconds(found.freshMs.at(-1) ?? 0),
    seconds(found.repairMs.at(-1) ?? 0),
  ]);
}
const isLinear = measurements
  .slice(1)
  .every((found, index) => bytesEach(measurements[index] ?? found, found) <= MOST_BYTES_PER_NAMESPACE);
const isSafe = measurements.every(({ needlessWrites }) => needlessWrites === 0);
process.stdout.write(
  `memory ${isLinear ? 'grows as expected' : 'GROWS TOO FAST'}, ${isSafe ? 'nothing was written without need' : 'SOMETHING WAS WRITTEN WITHOUT NEED'}\n`,
);
process.exitCode = isLinear && isSafe ? 0 : 1;

function bytesEach(smaller: Measurement, larger: Measurement): number {
  return (larger.heapBytes - smaller.heapBytes) / (larger.namespaces - smaller.namespaces);
}

function say(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(17)).join('')}\n`);
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(2)} s`;
}
