/** Which votes these are, in whatever order: how many, and two sums over their hashes. */
export type VoteSum = { count: number; one: number; other: number };

/** A vote, as far as sums ask for it. */
export type SummedVote = {
  /** Days since 1970. */
  day: number;
  /** A small number. */
  language: number;
  /** rating/categories.ts: a mask of 16 bits. */
  categories: number;
  /** Two hashes of all that boards ask for, 32 bits each. */
  one: number;
  other: number;
};

const CATEGORY_BITS = 16;
const WIDTH = 3;
/** Sums stay exact: below it one more hash does not leave 53 bits. */
const MODULUS = 0x1_0000_0000_0000;

type Day = { categories: Float64Array; languages: Float64Array };

/**
 * Sums over votes by day, and within it by category and by language, kept while votes come and go. What a board
 * of any period is made of is told from some hundred numbers: looking whether anything changed on ninety boards of a
 * million votes took four seconds when each was a pass over the votes.
 */
export class VoteSums {
  readonly #days = new Map<number, Day>();

  add(vote: SummedVote): void {
    this.#move(vote, 1);
  }

  remove(vote: SummedVote): void {
    this.#move(vote, -1);
  }

  /** Of a category, by its bit. Both days are included. */
  ofCategory(bit: number, range: { fromDay: number; toDay: number }): VoteSum {
    return this.#sum((day) => day.categories, Math.log2(bit), range);
  }

  ofLanguage(language: number, range: { fromDay: number; toDay: number }): VoteSum {
    return this.#sum((day) => day.languages, language, range);
  }

  #move(vote: SummedVote, by: 1 | -1): void {
    const day = this.#dayOf(vote.day);
    for (let slot = 0; slot < CATEGORY_BITS; slot++) {
      if ((vote.categories >> slot) & 1) moveSlot(day.categories, slot, { vote, by });
    }
    const needed = (vote.language + 1) * WIDTH;
    if (day.languages.length < needed) day.languages = grown(day.languages, needed);
    moveSlot(day.languages, vote.language, { vote, by });
  }

  #dayOf(day: number): Day {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const made = {
      categories: new Float64Array(CATEGORY_BITS * WIDTH),
      languages: new Float64Array(WIDTH),
    };
    this.#days.set(day, made);
    return made;
  }

  #sum(
    columnOf: (day: Day) => Float64Array,
    slot: number,
    { fromDay, toDay }: { fromDay: number; toDay: number },
  ): VoteSum {
    const sum = { count: 0, one: 0, other: 0 };
    for (const [day, sums] of this.#days) {
      if (day < fromDay || day > toDay) continue;
      const column = columnOf(sums);
      const [count = 0, one = 0, other = 0] = column.subarray(slot * WIDTH, (slot + 1) * WIDTH);
      sum.count += count;
      sum.one = (sum.one + one) % MODULUS;
      sum.other = (sum.other + other) % MODULUS;
    }
    return sum;
  }
}

function moveSlot(
  column: Float64Array,
  slot: number,
  { vote, by }: { vote: SummedVote; by: 1 | -1 },
): void {
  const from = slot * WIDTH;
  // Slots are below the column's length.
  column[from] = (column[from] as number) + by;
  column[from + 1] = ((column[from + 1] as number) + by * vote.one + MODULUS) % MODULUS;
  column[from + 2] = ((column[from + 2] as number) + by * vote.other + MODULUS) % MODULUS;
}

function grown(column: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(Math.max(length, column.length * 2));
  larger.set(column);
  return larger;
}
