import type { Outcome } from "@/lib/rating/outcome";
import { CATEGORIES, type Category } from "@/lib/vote-categories";
import { languageName } from "./language-names";

/**
 * The one form of votes that leave this platform, in exports, downloads and snapshots: a line of JSON in the
 * names of FastChat's `clean_battle` files, so that tools made for those read it, with the probability of the
 * draw and the categories added. Nothing in it tells who voted, what was said, or at which hour.
 *
 * The bytes are canonical: keys in a fixed order and no blanks, so that the same votes have the same hash.
 */

/** Of all answers of one side; null where nobody counted. */
export type SideStyle = {
  tokens: number | null;
  headers: number;
  lists: number;
  bold: number;
};

export type PublicVote = {
  /** Names, as people read them. */
  modelA: string;
  modelB: string;
  outcome: Outcome;
  /** A moment, in seconds since 1970 where it is a number; the line has the beginning of its day in UTC. */
  createdAt: Date | number;
  /** BCP 47 primary language of the prompt. */
  language: string | null;
  /** Turns of the battle until the vote, the voted one included. */
  turn: number;
  /** With which this ordered pair was drawn. */
  pairProbability: number | null;
  categories: readonly Category[];
  style: { a: SideStyle; b: SideStyle } | null;
};

/** FastChat's words for outcomes. */
export const WINNERS = {
  a: "model_a",
  b: "model_b",
  tie: "tie",
  "both-bad": "tie (bothbad)",
} as const satisfies Record<Outcome, string>;

const DAY_SECONDS = 86_400;
const NAMED = CATEGORIES.slice(1);

/** What a vote is in our files, its "\n" included. */
export function toVoteLine(vote: PublicVote): string {
  const { createdAt, categories, style } = vote;
  const seconds = typeof createdAt === "number" ? createdAt : createdAt.getTime() / 1_000;
  // The order of the keys is the format; undefined ones are left out.
  const line = {
    model_a: vote.modelA,
    model_b: vote.modelB,
    winner: WINNERS[vote.outcome],
    tstamp: Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS,
    language: languageName(vote.language),
    anony: true,
    turn: vote.turn,
    pair_probability: vote.pairProbability ?? undefined,
    // Every vote is in the first one, overall.
    categories: NAMED.filter((it) => categories.includes(it)),
    conv_metadata: style ? toCounts(style) : undefined,
  };
  return `${JSON.stringify(line)}\n`;
}

/** Written out: names put together for each of a million votes took as long as all the rest of the line. */
function toCounts({ a, b }: { a: SideStyle; b: SideStyle }) {
  return {
    sum_assistant_a_tokens: a.tokens ?? undefined,
    header_count_a: a.headers,
    list_count_a: a.lists,
    bold_count_a: a.bold,
    sum_assistant_b_tokens: b.tokens ?? undefined,
    header_count_b: b.headers,
    list_count_b: b.lists,
    bold_count_b: b.bold,
  };
}
