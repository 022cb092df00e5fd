import { describe, expect, test } from 'vitest';
import { benchOptions } from '../../../bench/command-line.ts';
import { type Figure, isWithinBar, summariesOf } from '../../../bench/figure.ts';
import { ratioChart } from '../../../bench/ratio-chart.ts';
import { markdownTable, screenTable } from '../../../bench/table.ts';
import { quantityText } from '../../support/measuring/number-text.ts';
import { median, percentile } from '../../support/measuring/statistics.ts';

/** What three runs found out of one figure, the middle one not in the middle. */
function runs(bar: Figure['bar'] = {}): readonly Figure[] {
  const figure = { scenario: 'burst', what: 'all of it', unit: 'ms', bar } as const;
  return [
    { ...figure, value: 120, floor: 100 },
    { ...figure, value: 300, floor: 200 },
    { ...figure, value: 110, floor: 100 },
  ];
}

function summaryWith(bar: Figure['bar']): ReturnType<typeof summariesOf>[number] {
  const [summary] = summariesOf(runs(bar));
  if (summary === undefined) {
    throw new Error('nothing was put together');
  }
  return summary;
}

describe('statistics', () => {
  test('the median is the middle value, or lies between the two in the middle', () => {
    expect([median([5, 1, 9]), median([1, 2, 10, 4])]).toEqual([5, 3]);
  });

  test('a percentile is one of the values, by the nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([percentile(values, 50), percentile(values, 99), percentile(values, 100), percentile([7], 1)]).toEqual([
      100, 198, 200, 7,
    ]);
  });

  test('there is no median and no percentile of nothing', () => {
    expect([median([]), percentile([], 50)]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('figures of several runs', () => {
  test('are put together by name as medians, and each ratio is one to the floor of its own run', () => {
    expect(summariesOf(runs())).toEqual([
      {
        scenario: 'burst',
        what: 'all of it',
        unit: 'ms',
        bar: {},
        value: 120,
        floor: 100,
        ratio: 1.2,
        values: [120, 300, 110],
        floors: [100, 200, 100],
      },
    ]);
  });

  test('keep their order, and stay apart where only the scenario or only the words differ', () => {
    const figures: Figure[] = [
      { scenario: 'b', what: 'x', unit: 'ms', value: 1 },
      { scenario: 'a', what: 'x', unit: 'ms', value: 2 },
      { scenario: 'a', what: 'y', unit: 'ms', value: 3 },
    ];
    expect(summariesOf(figures).map(({ scenario, what }) => scenario + what)).toEqual(['bx', 'ax', 'ay']);
  });

  test('a bar holds for the value, for the ratio, and for what is above the floor', () => {
    expect(
      [
        { atMost: 120 },
        { atMost: 119 },
        { ratioAtMost: 1.2 },
        { ratioAtMost: 1.1 },
        { aboveFloorAtMost: 20 },
        { aboveFloorAtMost: 19 },
        { atMost: 120, ratioAtMost: 1.1 },
      ].map((bar) => isWithinBar(summaryWith(bar))),
    ).toEqual([true, false, true, false, true, false, false]);
  });

  test('a bar in times of a floor is missed where no floor was measured', () => {
    expect(isWithinBar({ scenario: 'a', what: 'b', unit: 'ms', value: 1, values: [1], bar: { ratioAtMost: 2 } })).toBe(
      false,
    );
  });

  test('without a bar nothing is met or missed', () => {
    expect(isWithinBar({ scenario: 'a', what: 'b', unit: 'ms', value: 1, values: [1] })).toBeUndefined();
  });
});

describe('what people read', () => {
  test('numbers have the digits that count', () => {
    expect([
      quantityText(3.14159, 'ms'),
      quantityText(31.4159, 'ms'),
      quantityText(3141.59, 'ms'),
      quantityText(31_415.9, 'ms'),
      quantityText(0, 'requests'),
      quantityText(Number.NaN, 'MiB'),
    ]).toEqual(['3.14 ms', '31.4 ms', '3,142 ms', '31.4 s', '0 requests', '– MiB']);
  });

  test('the table has a line for each figure, with its floor, ratio and bar', () => {
    expect(
      markdownTable([summaryWith({ ratioAtMost: 1.25 })])
        .split('\n')
        .at(-1),
    ).toBe('| burst | all of it | 120 ms | 100 ms | 1.20 | ≤ 1.25 × floor | met |');
    expect(
      screenTable([summaryWith({ atMost: 100 })])
        .split('\n')
        .at(-1),
    ).toMatch(/^burst +all of it +120 ms +100 ms +1\.20 +≤ 100 ms +missed$/u);
  });

  test('the picture shows what has a bar in times of the floor, and escapes what it says', () => {
    const shown = { ...summaryWith({ ratioAtMost: 1.25 }), what: 'a < b & c' };
    const picture = ratioChart([shown, { ...summaryWith({ atMost: 1 }), what: 'not shown' }]);
    expect(picture).toContain('a &lt; b &amp; c');
    expect(picture).not.toContain('not shown');
  });
});

describe('the command line', () => {
  test('takes scenarios, runs, scale, JSON and a file', () => {
    expect(benchOptions(['burst', '--runs', '5', '--scale', '0.1', '-o', 'json', '--save', 'x.json'])).toEqual({
      scenarios: ['burst'],
      runs: 5,
      scale: 0.1,
      isJson: true,
      savedTo: 'x.json',
    });
    expect(benchOptions([])).toEqual({ scenarios: [], runs: 3, scale: 1, isJson: false, savedTo: undefined });
  });

  test.each([['--runs', '0'], ['--runs', '1.5'], ['--scale', '0'], ['--scale', 'much'], ['-o', 'yaml'], ['--what']])(
    'refuses %s %s',
    (...words) => {
      expect(() => benchOptions(words)).toThrow();
    },
  );
});
