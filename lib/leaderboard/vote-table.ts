import type { Category } from "@/lib/protocol/board-key";
import { hasCategory } from "@/lib/rating/categories";
import type { Outcome } from "@/lib/rating/outcome";
import {
  OUTCOME_CODES,
  pickVotes,
  STYLE_FEATURES,
  type StyleFeature,
  type VoteColumns,
} from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";
import { ID_WORDS, IdIndex, mix, toIdWords } from "./id-index";
import { type SummedVote, type VoteSum, VoteSums } from "./vote-sums";

/** A counted ballot, as far as boards ask for it. */
export type CountedVote = {
  id: string;
  modelA: string;
  modelB: string;
  outcome: Outcome;
  /** Days since 1970, UTC. */
  day: number;
  language: string | null;
  /** rating/categories.ts. */
  categories: number;
  /** In the order of STYLE_FEATURES, NaN where nobody counted. */
  styleA: readonly number[];
  styleB: readonly number[];
};

export type VoteFilter = {
  category: Category;
  language: string | null;
  /** Days since 1970, both included. */
  fromDay: number;
  toDay: number;
  /** Of none of these days. */
  exceptDays?: ReadonlySet<number>;
};

export type PickOptions = {
  /** With the columns of style, which are nine tenths of a vote's bytes. */
  isStyled: boolean;
  /** Columns of their own, which may go to another thread; otherwise they hold until the next change. */
  isCopied?: boolean;
};

const WIDTH = STYLE_FEATURES.length;
/** Of the second hash of a vote, which is the first one mixed again. */
const OTHER_SEED = 0x51_7c_c1b7;

/**
 * The counted ballots as columns, changed in place: 70 bytes each. Their order means nothing. What computes
 * boards keeps one and brings it up to date before each.
 */
export class VoteTable {
  #count = 0;
  #room = 1_024;
  readonly #models: string[] = [];
  readonly #modelAt = new Map<string, number>();
  readonly #modelHashes: number[] = [];
  readonly #languages: (string | null)[] = [];
  readonly #languageAt = new Map<string | null, number>();
  #ids = new Uint32Array(this.#room * ID_WORDS);
  #modelA = new Uint16Array(this.#room);
  #modelB = new Uint16Array(this.#room);
  #outcome = new Uint8Array(this.#room);
  #day = new Uint16Array(this.#room);
  #language = new Uint16Array(this.#room);
  #categories = new Uint16Array(this.#room);
  /** Two sums over these say which votes a board was made of. */
  #hash = new Uint32Array(this.#room);
  #style = toStyle((_) => ({
    a: new Float32Array(this.#room),
    b: new Float32Array(this.#room),
  }));
  readonly #index = new IdIndex(this.#ids);
  readonly #sums = new VoteSums();

  get count(): number {
    return this.#count;
  }

  /** A new ballot, or an old one as it is now. */
  put(vote: CountedVote): void {
    const words = toIdWords(vote.id);
    let row = this.#index.find(words);
    if (row === undefined) {
      if (this.#count === this.#room) this.#grow();
      row = this.#count++;
      this.#ids.set(words, row * ID_WORDS);
      this.#index.add(row);
    } else {
      this.#sums.remove(this.#summed(row));
    }
    this.#write(row, vote, words);
    this.#sums.add(this.#summed(row));
  }

  /** One that counts no longer; none of whom nothing is known. */
  remove(id: string): void {
    const words = toIdWords(id);
    const row = this.#index.find(words);
    if (row === undefined) return;
    this.#sums.remove(this.#summed(row));
    this.#index.remove(words);
    const last = --this.#count;
    if (row === last) return;
    this.#index.move(last, row);
    this.#ids.copyWithin(row * ID_WORDS, last * ID_WORDS, (last + 1) * ID_WORDS);
    for (const column of this.#columns()) column.copyWithin(row, last, last + 1);
  }

  /** Votes in the days from `fromDay` to `toDay`, by language; none of those where it could not be told. */
  countLanguages(range: { fromDay: number; toDay: number }): Map<string, number> {
    return new Map(
      this.#languages.flatMap((name, at) =>
        name === null ? [] : [[name, this.#sums.ofLanguage(at, range).count]],
      ),
    );
  }

  /** Of which votes a board is made, in whatever order they lie: two tables of the same ballots say the same. */
  fingerprint(filter: VoteFilter): { fingerprint: string; count: number } {
    const { count, one, other } = this.#sumOf(filter);
    return { fingerprint: `${count}.${one.toString(36)}.${other.toString(36)}`, count };
  }

  hasVotes(filter: VoteFilter): boolean {
    return this.#sumOf(filter).count > 0;
  }

  pick(filter: VoteFilter, { isStyled, isCopied = false }: PickOptions): VoteColumns {
    const all = this.#all();
    const votes = isStyled ? all : { ...all, style: undefined };
    const isWhole = this.#sumOf(filter).count === this.#count;
    if (isWhole) return isCopied ? copyVotes(votes) : votes;
    return pickVotes(votes, this.#rowsOf(filter));
  }

  #sumOf(filter: VoteFilter): VoteSum {
    const { category, language, exceptDays } = filter;
    if (language === null) return this.#sums.ofCategory(maskOf(category), filter);
    const wanted = this.#languageAt.get(language);
    if (wanted === undefined) return { count: 0, one: 0, other: 0 };
    if (category === "overall" && exceptDays === undefined)
      return this.#sums.ofLanguage(wanted, filter);
    // A category within a language, which somebody asked for: few, and not worth sums of their own.
    const sums = new VoteSums();
    for (const row of this.#rowsOf(filter)) {
      sums.add({ ...this.#summed(row), day: 0, language: 0, categories: 1 });
    }
    return sums.ofCategory(1, { fromDay: 0, toDay: 0 });
  }

  #summed(row: number): SummedVote {
    const one = this.#hash[row] as number;
    return {
      day: this.#day[row] as number,
      language: this.#language[row] as number,
      categories: this.#categories[row] as number,
      one,
      other: mix(OTHER_SEED, one),
    };
  }

  /** Views of the columns: they hold until the next change. */
  #all(): VoteColumns {
    const count = this.#count;
    return {
      ...{ count, models: [...this.#models] },
      modelA: this.#modelA.subarray(0, count),
      modelB: this.#modelB.subarray(0, count),
      outcome: this.#outcome.subarray(0, count),
      style: toStyle((feature) => ({
        a: this.#style[feature].a.subarray(0, count),
        b: this.#style[feature].b.subarray(0, count),
      })),
    };
  }

  #rowsOf({ category, language, fromDay, toDay, exceptDays }: VoteFilter): Uint32Array {
    const rows = new Uint32Array(this.#count);
    const wanted = language === null ? undefined : (this.#languageAt.get(language) ?? -1);
    const bit = maskOf(category);
    let found = 0;
    for (let row = 0; row < this.#count; row++) {
      const day = this.#day[row] as number;
      if (day < fromDay || day > toDay || exceptDays?.has(day)) continue;
      if (wanted !== undefined && this.#language[row] !== wanted) continue;
      if (((this.#categories[row] as number) & bit) === 0) continue;
      rows[found++] = row;
    }
    return rows.subarray(0, found);
  }

  #write(row: number, vote: CountedVote, words: readonly number[]): void {
    const [a, b] = [this.#modelIndex(vote.modelA), this.#modelIndex(vote.modelB)];
    const outcome = OUTCOME_CODES.indexOf(vote.outcome);
    this.#modelA[row] = a;
    this.#modelB[row] = b;
    this.#outcome[row] = outcome;
    this.#day[row] = vote.day;
    this.#language[row] = this.#languageIndex(vote.language);
    this.#categories[row] = vote.categories;
    for (let feature = 0; feature < WIDTH; feature++) {
      const name = STYLE_FEATURES[feature] as StyleFeature;
      this.#style[name].a[row] = vote.styleA[feature] ?? Number.NaN;
      this.#style[name].b[row] = vote.styleB[feature] ?? Number.NaN;
    }
    const [hashA = 0, hashB = 0] = [this.#modelHashes[a], this.#modelHashes[b]];
    this.#hash[row] = hashVote(vote, [...words, outcome, hashA, hashB]);
  }

  #modelIndex(model: string): number {
    const known = this.#modelAt.get(model);
    if (known !== undefined) return known;
    const index = this.#models.push(model) - 1;
    assert(index < 65_536, "models have 16 bits");
    this.#modelAt.set(model, index);
    this.#modelHashes.push(hashText(1, model));
    return index;
  }

  #languageIndex(language: string | null): number {
    const known = this.#languageAt.get(language);
    if (known !== undefined) return known;
    const index = this.#languages.push(language) - 1;
    assert(index < 65_536, "languages have 16 bits");
    this.#languageAt.set(language, index);
    return index;
  }

  /** All columns with one value a row. */
  #columns(): Column[] {
    const sides = STYLE_FEATURES.flatMap((it) => [this.#style[it].a, this.#style[it].b]);
    return [
      ...[this.#modelA, this.#modelB, this.#outcome, this.#day, this.#language],
      ...[this.#categories, this.#hash, ...sides],
    ];
  }

  #grow(): void {
    this.#room *= 2;
    const room = this.#room;
    this.#ids = copyInto(this.#ids, new Uint32Array(room * ID_WORDS));
    this.#index.moveTo(this.#ids);
    this.#modelA = copyInto(this.#modelA, new Uint16Array(room));
    this.#modelB = copyInto(this.#modelB, new Uint16Array(room));
    this.#outcome = copyInto(this.#outcome, new Uint8Array(room));
    this.#day = copyInto(this.#day, new Uint16Array(room));
    this.#language = copyInto(this.#language, new Uint16Array(room));
    this.#categories = copyInto(this.#categories, new Uint16Array(room));
    this.#hash = copyInto(this.#hash, new Uint32Array(room));
    const before = this.#style;
    this.#style = toStyle((feature) => ({
      a: copyInto(before[feature].a, new Float32Array(room)),
      b: copyInto(before[feature].b, new Float32Array(room)),
    }));
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float32Array;
type Sides = { a: Float32Array<ArrayBuffer>; b: Float32Array<ArrayBuffer> };

function toStyle(sidesOf: (feature: StyleFeature) => Sides): Record<StyleFeature, Sides> {
  return {
    tokens: sidesOf("tokens"),
    headers: sidesOf("headers"),
    lists: sidesOf("lists"),
    bold: sidesOf("bold"),
  };
}

function copyInto<C extends Column>(from: C, into: C): C {
  into.set(from);
  return into;
}

function copyVotes({ style, ...votes }: VoteColumns): VoteColumns {
  const copySides = ({ a, b }: { a: Float32Array; b: Float32Array }) => ({
    ...{ a: a.slice(), b: b.slice() },
  });
  return {
    ...votes,
    ...{ modelA: votes.modelA.slice(), modelB: votes.modelB.slice() },
    outcome: votes.outcome.slice(),
    style: style && {
      ...{ tokens: copySides(style.tokens), headers: copySides(style.headers) },
      ...{ lists: copySides(style.lists), bold: copySides(style.bold) },
    },
  };
}

/** The one bit of a mask of categories that is this one's. */
function maskOf(category: Category): number {
  for (let bit = 1; bit < 0x1_0000; bit <<= 1) if (hasCategory(bit, category)) return bit;
  return 0;
}

const bits = new DataView(new ArrayBuffer(4));

function hashVote(vote: CountedVote, words: readonly number[]): number {
  let hash = mix(vote.categories + 1, vote.day);
  for (const word of words) hash = mix(hash, word);
  hash = hashText(hash, vote.language ?? "");
  for (const side of [vote.styleA, vote.styleB]) {
    for (const value of side) {
      bits.setFloat32(0, value);
      // NaN has many spellings.
      hash = mix(hash, Number.isNaN(value) ? 1 : bits.getUint32(0));
    }
  }
  return hash;
}

function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let place = 0; place < text.length; place++) hash = mix(hash, text.charCodeAt(place));
  return mix(hash, text.length);
}
