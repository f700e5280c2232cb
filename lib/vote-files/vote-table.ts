import { AppError } from "@/lib/errors";
import { OUTCOME_CODES, STYLE_FEATURES, type VoteColumns } from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";
import { VOTE_MODELS_MAX } from "@/lib/vote-file-limits";
import { ByteNames, doubled } from "./byte-names";
import { languageCode } from "./language-names";
import type { VoteRow } from "./vote-row";

/** Columns beside those that ratings need; filters ask for them. */
export type VotesWanted = {
  style?: boolean | undefined;
  time?: boolean | undefined;
  voter?: boolean | undefined;
  language?: boolean | undefined;
  categories?: boolean | undefined;
  /** Tokens of whole conversations. */
  length?: boolean | undefined;
  /** No column: votes on models whose names were shown are taken as well. */
  named?: boolean | undefined;
};

/** Names by number; an empty name: the row has none. */
export type NamedColumn = { names: readonly string[]; rows: Uint32Array };

/** The votes of a file in its order. */
export type VoteTable = {
  votes: VoteColumns;
  /** Seconds since 1970; NaN where the row does not tell. */
  time?: Float64Array | undefined;
  voter?: NamedColumn | undefined;
  /** By BCP 47 primary code. */
  language?: NamedColumn | undefined;
  /** lib/rating/categories.ts: bit i for CATEGORIES[i]. */
  categories?: Uint16Array | undefined;
  /** Tokens of the longer conversation; NaN where nobody counted. */
  length?: Float32Array | undefined;
};

const ROOM_AT_FIRST = 65_536;
/** Both sides of each feature: tokens, headers, lists and bold of a, then of b. */
export const STYLE_VALUES = 2 * STYLE_FEATURES.length;

/** The votes of files as they are read; columns grow by doubling. */
export class VoteTableBuilder {
  readonly #wanted: VotesWanted;
  readonly models = new ByteNames();
  readonly voters = new ByteNames();
  readonly languages = new ByteNames();
  #count = 0;
  #modelA = new Uint16Array(ROOM_AT_FIRST);
  #modelB = new Uint16Array(ROOM_AT_FIRST);
  #outcome = new Uint8Array(ROOM_AT_FIRST);
  #time = new Float64Array(0);
  #voter = new Uint32Array(0);
  #language = new Uint32Array(0);
  #categories = new Uint16Array(0);
  #length = new Float32Array(0);
  #style: Float32Array[] = [];

  constructor(wanted: VotesWanted) {
    this.#wanted = wanted;
    if (wanted.time) this.#time = new Float64Array(ROOM_AT_FIRST);
    if (wanted.voter) this.#voter = new Uint32Array(ROOM_AT_FIRST);
    if (wanted.language) this.#language = new Uint32Array(ROOM_AT_FIRST);
    if (wanted.categories) this.#categories = new Uint16Array(ROOM_AT_FIRST);
    if (wanted.length) this.#length = new Float32Array(ROOM_AT_FIRST);
    if (wanted.style) {
      this.#style = Array.from({ length: STYLE_VALUES }, () => new Float32Array(ROOM_AT_FIRST));
    }
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds a vote by the numbers of its names.
   *
   * @returns its row, for the setters below.
   */
  add(modelA: number, modelB: number, outcome: number): number {
    if (this.models.names.length > VOTE_MODELS_MAX) {
      throw new AppError("invalid-request", {
        message: `The votes are on more than ${VOTE_MODELS_MAX} models; this is no file of votes.`,
      });
    }
    if (this.#count === this.#modelA.length) this.#grow();
    const row = this.#count;
    this.#count += 1;
    this.#modelA[row] = modelA;
    this.#modelB[row] = modelB;
    this.#outcome[row] = outcome;
    return row;
  }

  setTime(row: number, seconds: number): void {
    this.#time[row] = seconds;
  }
  setVoter(row: number, voter: number): void {
    this.#voter[row] = voter;
  }
  setLanguage(row: number, language: number): void {
    this.#language[row] = language;
  }
  setCategories(row: number, mask: number): void {
    this.#categories[row] = mask;
  }
  setLength(row: number, tokens: number): void {
    this.#length[row] = tokens;
  }
  /** @param values as STYLE_VALUES says; NaN where nobody counted */
  setStyle(row: number, values: Float64Array): void {
    for (let index = 0; index < STYLE_VALUES; index++) {
      // As many columns as values.
      (this.#style[index] as Float32Array)[row] = values[index] as number;
    }
  }

  addRow(vote: VoteRow, categories: number): void {
    const row = this.add(
      this.models.numberOf(vote.modelA),
      this.models.numberOf(vote.modelB),
      OUTCOME_CODES.indexOf(vote.outcome),
    );
    const wanted = this.#wanted;
    if (wanted.time) this.#time[row] = vote.time ?? Number.NaN;
    if (wanted.voter) this.#voter[row] = this.voters.numberOf(vote.voter ?? "");
    if (wanted.language) this.#language[row] = this.languages.numberOf(vote.language ?? "");
    if (wanted.categories) this.#categories[row] = categories;
    if (wanted.length) this.#length[row] = vote.length ?? Number.NaN;
    if (wanted.style) {
      for (const [index, feature] of STYLE_FEATURES.entries()) {
        const { a, b } = vote.style ?? { a: undefined, b: undefined };
        (this.#style[index] as Float32Array)[row] = a?.[feature] ?? Number.NaN;
        const ofB = this.#style[index + STYLE_FEATURES.length] as Float32Array;
        ofB[row] = b?.[feature] ?? Number.NaN;
      }
    }
  }

  finish(): VoteTable {
    const count = this.#count;
    const wanted = this.#wanted;
    const votes: VoteColumns = {
      count,
      models: this.models.names,
      modelA: this.#modelA.subarray(0, count),
      modelB: this.#modelB.subarray(0, count),
      outcome: this.#outcome.subarray(0, count),
      style: wanted.style ? this.#styleColumns() : undefined,
    };
    return {
      votes,
      time: wanted.time ? this.#time.subarray(0, count) : undefined,
      voter: wanted.voter
        ? { names: this.voters.names, rows: this.#voter.subarray(0, count) }
        : undefined,
      language: wanted.language ? this.#languageColumn() : undefined,
      categories: wanted.categories ? this.#categories.subarray(0, count) : undefined,
      length: wanted.length ? this.#length.subarray(0, count) : undefined,
    };
  }

  #styleColumns() {
    const side = (index: number) => {
      const column = this.#style[index];
      assert(column !== undefined, "each feature has a column a side");
      return column.subarray(0, this.#count);
    };
    const [tokens, headers, lists, bold] = STYLE_FEATURES.map((_, index) => ({
      a: side(index),
      b: side(index + STYLE_FEATURES.length),
    }));
    assert(tokens && headers && lists && bold, "there are four features");
    return { tokens, headers, lists, bold };
  }

  /** Names and codes of a language are one. */
  #languageColumn(): NamedColumn {
    const codes = this.languages.names.map((name) => languageCode(name) ?? "");
    const names = [...new Set(codes)];
    const numbers = Uint32Array.from(codes, (code) => names.indexOf(code));
    return {
      names,
      rows: this.#language.subarray(0, this.#count).map((number) => numbers[number] ?? 0),
    };
  }

  #grow(): void {
    this.#modelA = doubled(this.#modelA);
    this.#modelB = doubled(this.#modelB);
    this.#outcome = doubled(this.#outcome);
    this.#time = doubled(this.#time);
    this.#voter = doubled(this.#voter);
    this.#language = doubled(this.#language);
    this.#categories = doubled(this.#categories);
    this.#length = doubled(this.#length);
    this.#style = this.#style.map((column) => doubled(column));
  }
}
