export type Trade = {
  /** What it costs: less is better. */
  cost: number;
  /** What it gives: more is better. */
  gain: number;
};

/**
 * The items that no other item beats: none gives as much for less, or more for as much. By rising cost. Of
 * items that are equal in both, all are on the front.
 */
export function paretoFront<T extends Trade>(items: readonly T[]): T[] {
  const byCost = [...items].sort((one, other) => one.cost - other.cost || other.gain - one.gain);
  const front: T[] = [];
  for (const item of byCost) {
    const last = front.at(-1);
    if (
      last === undefined ||
      item.gain > last.gain ||
      (item.gain === last.gain && item.cost === last.cost)
    ) {
      front.push(item);
    }
  }
  return front;
}
