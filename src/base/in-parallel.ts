/**
 * Does this for each item, in their order and with at most `atOnce` at the same time, and resolves when all are done. It
 * rejects with the first rejection; `act` is then begun for no further item by the one that rejected.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const work = async (): Promise<void> => {
    for (const item of waiting) {
      await act(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}
