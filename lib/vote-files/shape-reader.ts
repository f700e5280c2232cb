import { toCategoryMask } from "@/lib/rating/categories";
import { OUTCOME_CODES, STYLE_FEATURES } from "@/lib/rating/vote-columns";
import { VOTE_NAME_CHARACTERS_MAX } from "@/lib/vote-file-limits";
import { ByteNames } from "./byte-names";
import { numberAt, type RecordShape } from "./record-shape";
import { latestSeconds, outcomeOf, TURN_MAX } from "./vote-row";
import { STYLE_VALUES, type VotesWanted, type VoteTableBuilder } from "./vote-table";

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const FALSE_FIRST = 0x66;
const TRUE_FIRST = 0x74;
const METADATA = "conv_metadata.";

/** Which value of the shape is which field; -1 where it has none. */
const FIELDS = [
  ...(["model_a", "model_b", "winner", "anony", "tstamp", "judge", "language", "turn"] as const),
  ...(["categories", "pair_probability"] as const),
] as const;
type Field = (typeof FIELDS)[number];
/** What has meanings that need a closer look; a record with one of these is always read as an object. */
const NEEDS_OBJECT = ["conversation_a", "conversation_b", "conv_metadata", "timestamp", "type"];

const STYLE_KEYS = (["a", "b"] as const).flatMap((side) => [
  `sum_assistant_${side}_tokens`,
  ...["header", "list", "bold"].map((it) => `${it}_count_${side}`),
]);

/**
 * Takes votes from records of one shape into columns. Whatever is not plainly right is "unsure": it is then
 * read as an object, and whoever does that says what is wrong with it.
 */
export class ShapeReader {
  readonly shape: RecordShape;
  readonly #builder: VoteTableBuilder;
  readonly #wanted: VotesWanted;
  readonly #at: Record<Field, number>;
  /** By value of the shape: which of STYLE_KEYS it counts, or -1. */
  readonly #countAt: Int8Array;
  readonly #userTokensAt: number;
  readonly #hasCount: readonly boolean[];
  readonly #hasMarks: boolean;
  readonly #counts = new Float64Array(STYLE_VALUES);
  readonly #winners = new ByteNames();
  readonly #outcomes: number[] = [];
  readonly #lists = new ByteNames();
  readonly #masks: number[] = [];

  private constructor(
    shape: RecordShape,
    given: { builder: VoteTableBuilder; wanted: VotesWanted },
  ) {
    this.shape = shape;
    this.#builder = given.builder;
    this.#wanted = given.wanted;
    const place = (field: Field) => shape.keys.indexOf(field);
    this.#at = {
      ...{ model_a: place("model_a"), model_b: place("model_b"), winner: place("winner") },
      ...{ anony: place("anony"), tstamp: place("tstamp"), judge: place("judge") },
      ...{ language: place("language"), turn: place("turn"), categories: place("categories") },
      pair_probability: place("pair_probability"),
    };
    const isNested = shape.keys.some((key) => key.startsWith(METADATA));
    const names = shape.keys.map((key) => {
      const isOne = key.startsWith(METADATA) === isNested;
      return isOne ? (key.slice(isNested ? METADATA.length : 0).split(".")[0] ?? "") : "";
    });
    this.#countAt = Int8Array.from(names, (name) => STYLE_KEYS.indexOf(name));
    this.#userTokensAt = names.indexOf("sum_user_tokens");
    this.#hasCount = STYLE_KEYS.map((_, index) => this.#countAt.includes(index));
    this.#hasMarks = STYLE_KEYS.every(
      (key, index) => key.startsWith("sum_") || this.#hasCount[index],
    );
  }

  /** Undefined of a shape that lacks what a vote needs, or has what this does not read. */
  static of(
    shape: RecordShape,
    given: { builder: VoteTableBuilder; wanted: VotesWanted },
  ): ShapeReader | undefined {
    const { keys } = shape;
    const isVote = ["model_a", "model_b", "winner"].every((it) => keys.includes(it));
    if (!isVote || keys.some((key) => NEEDS_OBJECT.includes(key))) return undefined;
    // Without a list of categories they may be told from what else is there.
    if (given.wanted.categories && !keys.includes("categories")) return undefined;
    return new ShapeReader(shape, given);
  }

  /** Takes the record that the shape has matched last. */
  take(bytes: Buffer): "taken" | "taken-named" | "named" | "unsure" {
    const at = this.#at;
    const outcome = this.#outcome(bytes);
    const isAnonymous = this.#flag(bytes, at.anony);
    if (outcome < 0 || isAnonymous === undefined || !this.#arePlain(bytes)) return "unsure";
    const seconds = at.tstamp < 0 ? Number.NaN : this.#numberOf(bytes, at.tstamp);
    if (at.tstamp >= 0 && !(seconds >= 0 && seconds < latestSeconds)) return "unsure";
    const mask = this.#wanted.categories ? this.#mask(bytes) : 0;
    if (mask < 0) return "unsure";
    if ((this.#wanted.style || this.#wanted.length) && !this.#readCounts(bytes)) return "unsure";
    const { models } = this.#builder;
    const modelA = this.#name(bytes, at.model_a, models);
    const modelB = this.#name(bytes, at.model_b, models);
    if (modelA === modelB) return "unsure";
    if (!isAnonymous && !this.#wanted.named) return "named";
    const row = this.#builder.add(modelA, modelB, outcome);
    this.#fill(bytes, { row, seconds, mask });
    return isAnonymous ? "taken" : "taken-named";
  }

  #fill(
    bytes: Buffer,
    { row, seconds, mask }: { row: number; seconds: number; mask: number },
  ): void {
    const builder = this.#builder;
    const { time, voter, language, categories, length, style } = this.#wanted;
    const { judge, language: languageAt } = this.#at;
    if (time) builder.setTime(row, seconds);
    if (voter) builder.setVoter(row, this.#name(bytes, judge, builder.voters));
    if (language) builder.setLanguage(row, this.#name(bytes, languageAt, builder.languages));
    if (categories) builder.setCategories(row, mask);
    if (length) builder.setLength(row, this.#length(bytes));
    if (style) this.#setStyle(row);
  }

  /** Of names and fields beside them, that each is of the kind that it should be. */
  #arePlain(bytes: Buffer): boolean {
    const { starts, ends } = this.shape;
    const at = this.#at;
    const isText = (index: number) => index < 0 || bytes[starts[index] as number] === QUOTE;
    // What is no number is NaN, which is within nothing.
    const isWithin = (index: number, most: number) => {
      if (index < 0) return true;
      const number = this.#numberOf(bytes, index);
      return number >= 0 && number <= most;
    };
    const isName = (index: number) => {
      const [from, to] = [(starts[index] as number) + 1, (ends[index] as number) - 1];
      const size = to - from;
      if (!isText(index) || size <= 0 || size > VOTE_NAME_CHARACTERS_MAX) return false;
      // Controls from U+007F to U+009F; those below the space no text of JSON holds as they are.
      for (let place = from; place < to; place++) {
        const byte = bytes[place] as number;
        if (byte === 0x7f || (byte === 0xc2 && (bytes[place + 1] as number) < 0xa0)) return false;
      }
      return true;
    };
    return (
      isName(at.model_a) &&
      isName(at.model_b) &&
      isText(at.judge) &&
      isText(at.language) &&
      isWithin(at.turn, TURN_MAX) &&
      isWithin(at.pair_probability, 1) &&
      (at.pair_probability < 0 || this.#numberOf(bytes, at.pair_probability) > 0)
    );
  }

  #numberOf(bytes: Buffer, index: number): number {
    // The shape has as many starts and ends as values.
    return numberAt(bytes, this.shape.starts[index] as number, this.shape.ends[index] as number);
  }

  /** The number of a text without its quotes; of the empty one where the shape has no such field. */
  #name(bytes: Buffer, index: number, names: ByteNames): number {
    if (index < 0) return names.number(bytes, 0, 0);
    const { starts, ends } = this.shape;
    return names.number(bytes, (starts[index] as number) + 1, (ends[index] as number) - 1);
  }

  #flag(bytes: Buffer, index: number): boolean | undefined {
    const first = index < 0 ? TRUE_FIRST : bytes[this.shape.starts[index] as number];
    return first === TRUE_FIRST ? true : first === FALSE_FIRST ? false : undefined;
  }

  /** -1 of a word that is none. */
  #outcome(bytes: Buffer): number {
    const { winner } = this.#at;
    if (bytes[this.shape.starts[winner] as number] !== QUOTE) return -1;
    const number = this.#name(bytes, winner, this.#winners);
    const known = this.#outcomes[number];
    if (known !== undefined) return known;
    const outcome = outcomeOf(this.#winners.names[number]);
    const code = outcome === undefined ? -1 : OUTCOME_CODES.indexOf(outcome);
    this.#outcomes[number] = code;
    return code;
  }

  /** -1 of what is no list of names. */
  #mask(bytes: Buffer): number {
    const { categories } = this.#at;
    const start = this.shape.starts[categories] as number;
    if (bytes[start] !== OPEN_LIST) return -1;
    const number = this.#lists.number(bytes, start, this.shape.ends[categories] as number);
    const known = this.#masks[number];
    if (known !== undefined) return known;
    const list: unknown = JSON.parse(this.#lists.names[number] ?? "[]");
    const isNames = Array.isArray(list) && list.every((it) => typeof it === "string");
    const mask = isNames ? toCategoryMask(list) : -1;
    this.#masks[number] = mask;
    return mask;
  }

  #readCounts(bytes: Buffer): boolean {
    const counts = this.#counts;
    const countAt = this.#countAt;
    counts.fill(0);
    for (let index = 0; index < countAt.length; index++) {
      const place = countAt[index] as number;
      if (place >= 0) counts[place] = (counts[place] as number) + this.#numberOf(bytes, index);
    }
    for (let place = 0; place < STYLE_VALUES; place++) {
      if (!this.#hasCount[place]) counts[place] = Number.NaN;
      else if (!((counts[place] as number) >= 0)) return false;
    }
    return true;
  }

  /** Counts without those of marks are no style. */
  #setStyle(row: number): void {
    if (!this.#hasMarks) this.#counts.fill(Number.NaN);
    this.#builder.setStyle(row, this.#counts);
  }

  #length(bytes: Buffer): number {
    const [a, b] = [this.#counts[0] as number, this.#counts[STYLE_FEATURES.length] as number];
    const user = this.#userTokensAt < 0 ? 0 : this.#numberOf(bytes, this.#userTokensAt);
    return Math.max(a, b) + user;
  }
}
