/** How many requests of one command are in flight at once. */
const CONCURRENCY = 16;

/** Runs `work` for every item, at most 16 at once, and resolves with the results in the order of the items. */
export async function concurrently<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const waiting = [...items.entries()];
  const values: Value[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, item] = next;
      values[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return values;
}
