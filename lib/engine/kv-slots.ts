import { assert } from "@/lib/util/assert";

/** Moves keys and values between rows of the cache; `KvCache` does it in memory, tests on paper. */
export interface RowMover {
  copyRow(from: number, to: number, length: number): void;
  /** Exchanges the first `length` positions of two rows. */
  swapRows(a: number, b: number, length: number): void;
}

/** Whoever holds a row: its tokens so far, of which the first ones are in the row. */
export type RowOwner = {
  readonly ids: readonly number[];
  /** Rows of another key hold other numbers for the same tokens, and nothing of them is reused. */
  readonly cacheKey: string;
  /** Owners of one group take part in decode steps together, those of another in steps of their own. */
  readonly group: string;
};

/** Rows that decode together: `owners[0]` holds `row`, the next one the row after it. */
export type PackedRows<Owner> = { group: string; row: number; owners: Owner[] };

type Row<Owner> = {
  owner: Owner | undefined;
  /** The owner's tokens, or those of the last one; the first `length` of them lie in the row. */
  ids: readonly number[];
  cacheKey: string;
  length: number;
  /** How many of them, from the first on, were run in passes over whole cells of the grid. */
  griddedLength: number;
  /** When the row was last given back, as a count; the oldest is overwritten first. */
  releasedAt: number;
};

/**
 * Who holds which row of the KV cache, and what lies in each. A row is one sequence's keys and values
 * over all layers, of fixed length. Two ideas make it more than a free list:
 *
 * - A decode step runs on rows that lie one after the other (the graph takes one block of memory), so
 *   rows of decoding sequences are packed at the front, group by group. Joining and leaving swaps two
 *   rows, and one pair more for each group behind, which costs the copying of what lies in them:
 *   microseconds to a few milliseconds, against a step of tens.
 * - A row keeps its contents when its owner leaves. A later prompt with the same beginning takes the
 *   row over, or copies the common part from it or from a row in use. Least recently used go first.
 *
 * What is reused must be, bit for bit, what the prompt itself would have made. The attention kernels
 * round a token's numbers differently in a pass of 1 token than of several, and with some caches in each
 * other length (measured with onnxruntime 1.30: up to 3e-5 in fp32 logits, and after int8 rounding of
 * activations 0.4). So prompts run on a grid of `gridLength` tokens from the first on, and only whole
 * cells of it are handed on: not the rest of a prompt, nor an answer, whose tokens ran one by one.
 *
 * Invariants, checked by `assertConsistent`: nobody holds two rows; the packed rows, and no gaps, are
 * at the front, those of a group together; a row never holds more tokens than its owner has.
 */
export class KvSlots<Owner extends RowOwner> {
  readonly #mover: RowMover;
  readonly #gridLength: number;
  readonly #rows: Row<Owner>[];
  /** Of the packed rows: the groups in order of their rows, with how many each has (one or more). */
  readonly #groups: { group: string; count: number }[] = [];
  #releaseCount = 0;

  /** @param gridLength tokens of a cell: passes over prompts begin at its multiples. */
  constructor(rowCount: number, gridLength: number, mover: RowMover) {
    assert(rowCount > 0, "there is a row to give");
    // A decoded token is a pass of one: it must not pass for a cell.
    assert(gridLength > 1, "a cell is more than a decode step");
    this.#mover = mover;
    this.#gridLength = gridLength;
    this.#rows = Array.from({ length: rowCount }, () => emptyRow());
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  get heldCount(): number {
    return this.owners.length;
  }

  get owners(): Owner[] {
    return this.#rows.flatMap((row) => row.owner ?? []);
  }

  /** The rows that decode, a pass each. */
  get packed(): PackedRows<Owner>[] {
    let row = 0;
    return this.#groups.map(({ group, count }) => {
      const first = row;
      row += count;
      const owners = this.#rows.slice(first, row).map(({ owner }) => {
        assert(owner, "a packed row has an owner");
        return owner;
      });
      return { group, row: first, owners };
    });
  }

  holds(owner: Owner): boolean {
    return this.#rows.some((row) => row.owner === owner);
  }

  /** The row and how many of the owner's tokens lie in it. */
  locate(owner: Owner): { row: number; length: number } {
    const row = this.#indexOf(owner);
    return { row, length: this.#at(row).length };
  }

  /** Tokens that lie in a row, whoever holds it; 0 beyond the last. */
  lengthAt(row: number): number {
    return this.#rows[row]?.length ?? 0;
  }

  /**
   * Gives `owner` a row, with as many of its first tokens in it as some row already has, but never all:
   * the last one must run for its logits. Returns how many. There must be a row that nobody holds.
   *
   * @param reuseMax of the owner's tokens the first ones for which keys and values of others will do: they
   * come without log-probabilities, and were made in passes of many.
   */
  acquire(owner: Owner, reuseMax = owner.ids.length): number {
    assert(!this.holds(owner), "nobody holds two rows");
    const free = this.#freeRowsOldestFirst();
    const donor = this.#findDonor(owner, Math.min(reuseMax, owner.ids.length - 1));
    const target = this.#pickTarget(free, donor);
    if (donor && donor.row !== target) this.#mover.copyRow(donor.row, target, donor.common);
    const length = donor?.common ?? 0;
    this.#rows[target] = {
      ...{ owner, ids: owner.ids, cacheKey: owner.cacheKey, length },
      ...{ griddedLength: length, releasedAt: 0 },
    };
    return length;
  }

  /** `count` more of the owner's tokens have been run, in one pass. */
  advance(owner: Owner, count: number): void {
    const row = this.#at(this.#indexOf(owner));
    const isOnGrid = row.griddedLength === row.length;
    row.length += count;
    if (isOnGrid) row.griddedLength = row.length - (row.length % this.#gridLength);
    assert(row.length <= owner.ids.length, "a row holds no tokens that its owner lacks");
  }

  /** Moves the owner's row to the front block, where it takes part in decode steps. */
  pack(owner: Owner): void {
    let row = this.#indexOf(owner);
    assert(row >= this.#packedCount, "a row is packed once");
    const place = this.#groups.findIndex((it) => it.group === owner.group);
    this.#swap(row, this.#packedCount);
    row = this.#packedCount;
    if (place < 0) {
      this.#groups.push({ group: owner.group, count: 1 });
      return;
    }
    // Each group behind gives up its first row and goes on behind its last.
    for (const { count } of this.#groups.slice(place + 1).reverse()) {
      this.#swap(row, row - count);
      row -= count;
    }
    this.#groupAt(place).count++;
  }

  /** Takes the owner's row out of the front block; it keeps the row. */
  unpack(owner: Owner): void {
    const row = this.#indexOf(owner);
    assert(row < this.#packedCount, "a packed row is unpacked");
    this.#moveBehindPacked(row, owner.group);
  }

  /** Takes the row back; what lies in it stays for later prompts. Nothing happens to strangers. */
  release(owner: Owner): void {
    let row = this.#rows.findIndex((it) => it.owner === owner);
    if (row < 0) return;
    if (row < this.#packedCount) row = this.#moveBehindPacked(row, owner.group);
    const released = this.#at(row);
    released.owner = undefined;
    released.releasedAt = ++this.#releaseCount;
    // The tokens in it only: the last token of an answer was never run.
    released.ids = released.ids.slice(0, released.length);
  }

  /** What lies in free rows is no longer offered to anyone. */
  forget(): void {
    for (const row of this.#rows) {
      if (!row.owner) Object.assign(row, emptyRow());
    }
  }

  /** For tests: throws when an invariant is broken. */
  assertConsistent(): void {
    const { owners } = this;
    assert(new Set(owners).size === owners.length, "nobody holds two rows");
    for (const { owners: together } of this.packed) {
      assert(new Set(together.map((it) => it.group)).size === 1, "a group's rows are its own");
    }
    const groups = this.#groups.map((it) => it.group);
    assert(new Set(groups).size === groups.length, "a group's rows are together");
    for (const [index, row] of this.#rows.entries()) {
      assert(index >= this.#packedCount || row.owner, "packed rows have owners");
      assert(row.length <= row.ids.length, "a row holds no tokens that nobody had");
    }
  }

  get #packedCount(): number {
    return this.#groups.reduce((sum, { count }) => sum + count, 0);
  }

  #groupAt(place: number) {
    const found = this.#groups[place];
    assert(found, "a packed row has a group");
    return found;
  }

  /** Fills the gap with its group's last row, that one's with the next group's last; returns the row's new place. */
  #moveBehindPacked(gap: number, group: string): number {
    const place = this.#groups.findIndex((it) => it.group === group);
    let end = this.#groups.slice(0, place).reduce((sum, { count }) => sum + count, 0);
    let row = gap;
    for (const { count } of this.#groups.slice(place)) {
      end += count;
      this.#swap(row, end - 1);
      row = end - 1;
    }
    const own = this.#groupAt(place);
    own.count--;
    if (own.count === 0) this.#groups.splice(place, 1);
    return row;
  }

  #at(row: number): Row<Owner> {
    const found = this.#rows[row];
    assert(found, "a row lies within the cache");
    return found;
  }

  #indexOf(owner: Owner): number {
    const row = this.#rows.findIndex((it) => it.owner === owner);
    assert(row >= 0, "the owner holds a row");
    return row;
  }

  #freeRowsOldestFirst(): number[] {
    const free = [...this.#rows.keys()].filter((row) => !this.#at(row).owner);
    return free.sort((a, b) => this.#age(a) - this.#age(b));
  }

  /** Rows that nobody could reuse anything of before all others, then by time of release. */
  #age(row: number): number {
    const { griddedLength, releasedAt } = this.#at(row);
    return griddedLength === 0 ? 0 : releasedAt;
  }

  #findDonor(
    { ids, cacheKey }: Owner,
    countMax: number,
  ): { row: number; common: number } | undefined {
    let best = { row: -1, common: 0 };
    for (const [row, it] of this.#rows.entries()) {
      if (it.cacheKey !== cacheKey) continue;
      const equal = countCommon(ids, it.ids, Math.min(countMax, it.griddedLength));
      const common = equal - (equal % this.#gridLength);
      if (common > best.common) best = { row, common };
    }
    return best.common === 0 ? undefined : best;
  }

  /**
   * The donor's own row when nobody holds it and most of what others could reuse is kept, as when a
   * conversation goes on: nothing is copied and nothing stands there twice. Otherwise the oldest free row that is not the
   * donor's, so that the donor's contents survive, unless it is the only one.
   */
  #pickTarget(free: readonly number[], donor: { row: number; common: number } | undefined): number {
    const oldest = free[0];
    assert(oldest !== undefined, "there is a free row");
    if (!donor || this.#at(donor.row).owner) return oldest;
    const isMostlyKept = donor.common * 2 > this.#at(donor.row).griddedLength;
    if (isMostlyKept) return donor.row;
    return free.find((row) => row !== donor.row) ?? donor.row;
  }

  #swap(a: number, b: number): void {
    if (a === b) return;
    const [rowA, rowB] = [this.#at(a), this.#at(b)];
    const length = Math.max(rowA.length, rowB.length);
    if (length > 0) this.#mover.swapRows(a, b, length);
    this.#rows[a] = rowB;
    this.#rows[b] = rowA;
  }
}

function emptyRow(): Row<never> {
  return { owner: undefined, ids: [], cacheKey: "", length: 0, griddedLength: 0, releasedAt: 0 };
}

/** How many of the first `countMax` numbers two lists share. */
function countCommon(a: readonly number[], b: readonly number[], countMax: number): number {
  let count = 0;
  while (count < countMax && a[count] === b[count]) count++;
  return count;
}
