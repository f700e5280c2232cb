import { createHmac } from "node:crypto";
import type { BallotFacts, SideFacts } from "@/lib/protocol/ballot-facts";
import { markPrompts } from "@/lib/rating/prompt-marks";
import { LABELLED_CATEGORIES, LONG_PROMPT_TOKENS_MIN } from "@/lib/vote-categories";
import { markAnswers } from "@/lib/vote-files/tell-categories";
import type { SideStyle } from "@/lib/vote-files/vote-line";
import type { VoteRow } from "@/lib/vote-files/vote-row";

/** Votes of a file as ballots. */

/** Where imported votes came from: beside the numbers in `ballots.facts`, which readers of those pass over. */
export type VoteOrigin = {
  /** As the operator names it. */
  source: string;
  /** What the file does not say, and was assumed. */
  assumes: ("pair_probability" | "tstamp")[];
};

export type ImportedBallot = {
  id: string;
  voter: string;
  modelA: string;
  modelB: string;
  outcome: VoteRow["outcome"];
  pairProbability: number;
  turn: number;
  language: string | null;
  facts: (BallotFacts & { origin: VoteOrigin }) | { origin: VoteOrigin };
  labels: string[] | null;
  createdAt: string;
};

/** A code as ballots have it; a language that has none is not known. */
const CODE = /^[a-z]{2,3}$/;

/**
 * Makes ballots of a file's votes, in its order. An id is made of what a vote says and of how many votes before it
 * said the same, so that a file that is imported again has the same ids. Ids and voters are hashed with a key of
 * the installation: nobody finds an address in them by trying all.
 */
export class BallotMaker {
  readonly #key: Buffer;
  readonly #source: string;
  readonly #pairProbability: number;
  readonly #now: Date;
  readonly #seen = new SeenCounts();

  constructor(given: { key: Buffer; source: string; models: number; now: Date }) {
    this.#key = given.key;
    this.#source = given.source;
    // As if each ordered pair had been drawn as often as any other.
    this.#pairProbability = 1 / Math.max(2, given.models * (given.models - 1));
    this.#now = given.now;
  }

  make(row: VoteRow): ImportedBallot {
    const said = JSON.stringify([
      ...[row.modelA, row.modelB, row.outcome, row.time, row.voter, row.turn, row.language],
      ...[row.id, row.pairProbability, row.style],
    ]);
    const digest = this.#hash("vote", said);
    const before = this.#seen.add(digest.readUIntBE(0, 6));
    const id = toUuid(before === 0 ? digest : this.#hash("vote", `${before}\0${said}`));
    const assumes: VoteOrigin["assumes"] = [];
    if (row.pairProbability === null) assumes.push("pair_probability");
    // A moment that is still to come is none.
    const isKnown = row.time !== null && 1_000 * row.time <= this.#now.getTime();
    if (!isKnown) assumes.push("tstamp");
    const createdAt = isKnown ? new Date(1_000 * (row.time ?? 0)) : this.#now;
    const { language } = row;
    return {
      id,
      // Of whom nothing is known, each vote is a voter's of its own.
      voter: toUuid(this.#hash("voter", row.voter ?? `${id}\0`)),
      ...{ modelA: row.modelA, modelB: row.modelB, outcome: row.outcome },
      pairProbability: row.pairProbability ?? this.#pairProbability,
      turn: Math.max(1, Math.round(row.turn ?? 1)),
      language: language !== null && CODE.test(language) ? language : null,
      facts: { ...toFacts(row), origin: { source: this.#source, assumes } },
      labels: toLabels(row),
      createdAt: createdAt.toISOString(),
    };
  }

  #hash(what: "vote" | "voter", text: string): Buffer {
    return createHmac("sha256", this.#key).update(`${what}\0${text}`).digest();
  }
}

/** A UUID of a form of one's own (RFC 9562 §5.8) out of a hash. */
function toUuid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = 0x80 | (bytes.readUInt8(6) & 0x0f);
  bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function toFacts(row: VoteRow): BallotFacts | Record<never, never> {
  const { style, conversations, categories } = row;
  if (style === null) return {};
  if (conversations !== null) {
    const prompts = conversations.a.filter(({ isAnswer }) => !isAnswer).map(({ text }) => text);
    return {
      version: 2,
      a: { ...toSide(style.a), ...markAnswers(conversations.a) },
      b: { ...toSide(style.b), ...markAnswers(conversations.b) },
      prompt: markPrompts(prompts),
    };
  }
  // The file's own list says which of the categories by rule the vote is in; nothing else is known of its texts.
  const isIn = (category: string) => categories?.includes(category) === true;
  const side = categories === null ? {} : { isRefusal: !isIn("no-refusal") };
  return {
    version: 2,
    a: { ...toSide(style.a), ...side },
    b: { ...toSide(style.b), ...side },
    prompt: {
      ...{ characters: 0, hasCode: isIn("coding"), hasMath: isIn("math") },
      tokens: isIn("longer-query") ? LONG_PROMPT_TOKENS_MIN : 0,
    },
  };
}

function toSide({ tokens, headers, lists, bold }: SideStyle): SideFacts {
  const whole = (value: number) => Math.round(value);
  return {
    tokens: tokens === null ? null : whole(tokens),
    ...{ headers: whole(headers), lists: whole(lists), bold: whole(bold) },
    ...{ characters: 0, codeBlocks: 0 },
  };
}

/** Of the file's own categories those that labels decide; null where it has none. */
function toLabels({ categories }: VoteRow): string[] | null {
  return categories === null ? null : LABELLED_CATEGORIES.filter((it) => categories.includes(it));
}

/** How often each number came before: open addressing, 12 bytes a place, since a file has millions. */
class SeenCounts {
  #keys = new Float64Array(2_048);
  #counts = new Uint32Array(2_048);
  #size = 0;

  /** @returns how often it came before. */
  add(number: number): number {
    if (2 * this.#size >= this.#keys.length) this.#grow();
    const place = this.#placeOf(number + 1);
    const before = this.#counts[place] as number;
    if (before === 0) {
      this.#keys[place] = number + 1;
      this.#size += 1;
    }
    this.#counts[place] = before + 1;
    return before;
  }

  #placeOf(key: number): number {
    const last = this.#keys.length - 1;
    // The key is part of a hash, so that its own bits spread it.
    let place = key % this.#keys.length;
    while (this.#keys[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & last;
    return place;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(2 * keys.length);
    this.#counts = new Uint32Array(2 * counts.length);
    for (const [index, key] of keys.entries()) {
      if (key === 0) continue;
      const place = this.#placeOf(key);
      this.#keys[place] = key;
      this.#counts[place] = counts[index] as number;
    }
  }
}
