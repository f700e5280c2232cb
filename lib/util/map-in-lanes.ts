/** The results of `call` for each item, in order, with so many under way at once. The first failure ends all. */
export async function mapInLanes<Item, Result>(
  items: readonly Item[],
  laneCount: number,
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  // Shared by the lanes: each takes the next item that nobody has.
  const left = items.entries();
  let hasFailed = false;
  const lane = async () => {
    for (const [index, item] of left) {
      if (hasFailed) return;
      results[index] = await call(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(laneCount, items.length) }, lane));
  return results;
}
