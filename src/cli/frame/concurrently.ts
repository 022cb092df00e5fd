import { inParallel } from '../../base/in-parallel.ts';

/** How many requests of one command are in flight at once. */
const CONCURRENCY = 16;

/** Runs `work` for every item, at most 16 at once, and resolves with the results in the order of the items. */
export async function concurrently<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const values: Value[] = [];
  await inParallel([...items.entries()], CONCURRENCY, async ([at, item]) => {
    values[at] = await work(item);
  });
  return values;
}
