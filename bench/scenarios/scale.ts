import { type Measurement, measured } from '../../test/scale/measurement.ts';
import type { Figure } from '../figure.ts';
import type { Scenario } from '../scenario.ts';

const SIZES = [1000, 10_000, 100_000] as const;
/** A process that is ten times as long at it has a larger heap to collect, so that exactly ten times is not to be had. */
const STEP = 12;

/** Ten times as many, twice over. */
export const scale: Scenario = {
  name: 'scale',
  what: 'A restart over more and more namespaces that are in place, on the fake API server: what the second and third size cost against ten times the one before.',
  isLong: true,
  run: async ({ sized, say }) => {
    const found: Measurement[] = [];
    for (const size of SIZES) {
      const count = sized(size);
      say(`operator: ${count} namespaces on the fake API server`);
      found.push(await measured(count));
    }
    return found.flatMap((each, index) => figuresOf(each, found[index - 1]));
  },
};

function figuresOf(found: Measurement, before: Measurement | undefined): readonly Figure[] {
  const count = found.namespaces.toLocaleString('en-US');
  const scenario = 'scale';
  const step = (floor: number | undefined): Partial<Figure> =>
    floor === undefined
      ? {}
      : { floor, bar: { ratioAtMost: (STEP / 10) * (found.namespaces / (before?.namespaces ?? found.namespaces)) } };
  return [
    {
      scenario,
      what: `${count} namespaces, every one looked at`,
      unit: 'ms',
      value: found.lookedMs,
      ...step(before?.lookedMs),
    },
    {
      scenario,
      what: `${count} namespaces, heap`,
      unit: 'MiB',
      value: found.heapBytes / 1024 ** 2,
      ...step(before === undefined ? undefined : before.heapBytes / 1024 ** 2),
    },
    { scenario, what: `${count} namespaces, RSS`, unit: 'MiB', value: found.rssBytes / 1024 ** 2 },
  ];
}
