import { PREFIX_BLOCKS_REMEMBERED_MAX, PREFIX_READERS_MAX } from "@/lib/fleet-limits";

/**
 * Which workers were sent a block of a prompt, with all before it, for the blocks sent last. What a worker
 * still holds of it nobody tells; what was sent lately is the best guess.
 */
export class PrefixMemory {
  /** The latest reader stands last. */
  readonly #readers = new Map<number, string[]>();
  readonly #countMax: number;

  constructor(countMax = PREFIX_BLOCKS_REMEMBERED_MAX) {
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** How many of the leading blocks each worker was sent; those that were sent none are not in it. */
  depths(blocks: readonly number[]): Map<string, number> {
    const depths = new Map<string, number>();
    for (const [index, block] of blocks.entries()) {
      const readers = this.#readers.get(block);
      if (readers === undefined) break;
      // One that was pushed out of an earlier block may still stand at a later one.
      for (const id of readers) if ((depths.get(id) ?? 0) === index) depths.set(id, index + 1);
    }
    return depths;
  }

  note(blocks: readonly number[], workerId: string): void {
    // The first block last: it outlives those that hang on it.
    for (const block of blocks.toReversed()) {
      const readers = (this.#readers.get(block) ?? []).filter((it) => it !== workerId);
      readers.push(workerId);
      this.#readers.delete(block);
      this.#readers.set(block, readers.slice(-PREFIX_READERS_MAX));
    }
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size <= this.#countMax) break;
      this.#readers.delete(oldest);
    }
  }
}
