import { parseArgs } from 'node:util';

/** What the bench was told. */
export interface BenchOptions {
  readonly scenarios: readonly string[];
  readonly runs: number;
  readonly scale: number;
  readonly isJson: boolean;
  /** Where the result is left as JSON after every scenario. */
  readonly savedTo: string | undefined;
}

/** Reads the command line; throws with what is wrong with it. */
export function benchOptions(words: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      output: { type: 'string', short: 'o', default: 'table' },
      save: { type: 'string' },
    },
  });
  const runs = Number(values.runs);
  const scale = Number(values.scale);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error('--runs takes a whole number from 1 on');
  }
  if (!(scale > 0 && scale <= 10)) {
    throw new Error('--scale takes a number above 0, up to 10');
  }
  if (values.output !== 'table' && values.output !== 'json') {
    throw new Error('--output takes table or json');
  }
  return { scenarios: positionals, runs, scale, isJson: values.output === 'json', savedTo: values.save };
}
