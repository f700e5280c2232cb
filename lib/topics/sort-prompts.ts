import {
  SUBTOPIC_PROMPTS_MIN,
  SUBTOPICS_MAX,
  TOPIC_DIMENSIONS_MAX,
  TOPIC_SIZE_MIN,
  TOPIC_VISITORS_MIN,
  TOPICS_MAX,
} from "@/lib/topic-limits";
import { type Random, seededRandom } from "@/lib/util/random";
import type { Breathe } from "./breathe";
import { measureCloseness } from "./closeness";
import { cluster } from "./cluster";
import { pickTerms, toName, toSurfaces } from "./name-topic";
import { reduce } from "./reduce";
import { type SortedPrompt, type SparseRows, vectorise } from "./vectorise";

/** What sorted prompts, with its version. */
export const TOPIC_METHOD = "tf-idf, latent semantic analysis, spherical k-means/2";

/** A prompt that has less in common with the others of its topic is not in it: hardly more than one rare word. */
const CLOSENESS_MIN = 0.05;
/** What stands for a topic shares what it is about. */
const TYPICAL_CLOSENESS_MIN = 0.1;

export type SortedTopic = {
  name: string;
  terms: string[];
  /** Of the prompts, the most typical first. */
  rows: number[];
  /** Those of them that may stand for it, in the same order. */
  typical: number[];
  /** A second level, where there is enough to divide; some prompts may be in none. */
  children: Omit<SortedTopic, "children">[];
};

export type SortedTopics = {
  /** The largest first. */
  topics: SortedTopic[];
  /** Prompts that are about nothing that enough others are about. */
  others: number[];
};

type Context = {
  prompts: readonly SortedPrompt[];
  rows: SparseRows;
  random: Random;
  breathe: Breathe;
};

/**
 * Sorts prompts into topics of two levels by their words alone. The same prompts in the same order and the same seed give the
 * same topics. What is told of a topic was said by TOPIC_VISITORS_MIN visitors and more.
 */
export async function sortPrompts(
  prompts: readonly SortedPrompt[],
  { seed, breathe }: { seed: number; breathe: Breathe },
): Promise<SortedTopics> {
  const rows = await vectorise(prompts, breathe);
  const context = { prompts, rows, random: seededRandom(seed), breathe };
  const known: number[] = [];
  const others: number[] = [];
  for (let row = 0; row < rows.count; row++) {
    (rows.offsets[row] === rows.offsets[row + 1] ? others : known).push(row);
  }
  const { parts, rest } = await divide(context, known, toCount(known.length, 7, TOPICS_MAX));
  const topics: SortedTopic[] = [];
  for (const part of parts) {
    const count = toCount(part.rows.length, 12, SUBTOPICS_MAX);
    const isLarge = part.rows.length >= SUBTOPIC_PROMPTS_MIN;
    const inner = isLarge ? (await divide(context, part.rows, count)).parts : [];
    // One part and what is left of it says nothing new.
    topics.push({ ...part, children: inner.length >= 2 ? inner : [] });
  }
  return { topics, others: [...others, ...rest] };
}

/** The square root of how many would be a topic of `share` each: few prompts make few topics. */
function toCount(prompts: number, share: number, most: number): number {
  return Math.max(2, Math.min(most, Math.round(Math.sqrt(prompts / share))));
}

async function divide(
  { prompts, rows, random, breathe }: Context,
  of: readonly number[],
  count: number,
): Promise<{ parts: Omit<SortedTopic, "children">[]; rest: number[] }> {
  if (of.length <= count) return { parts: [], rest: [...of] };
  const width = Math.min(
    TOPIC_DIMENSIONS_MAX,
    rows.terms.length,
    Math.max(2, Math.round(of.length / 4)),
  );
  const dense = await reduce(rows, Uint32Array.from(of), { width, random, breathe });
  const clusters = await cluster(dense, { count, random, breathe });
  const members = Array.from({ length: count }, (): number[] => []);
  of.forEach((_, index) => {
    members[clusters.of[index] ?? 0]?.push(index);
  });
  const parts: Omit<SortedTopic, "children">[] = [];
  const rest: number[] = [];
  const names = new Set<string>();
  for (const indices of members.sort((one, other) => other.length - one.length)) {
    indices.sort(
      (one, other) =>
        (clusters.nearness[other] ?? 0) - (clusters.nearness[one] ?? 0) || one - other,
    );
    const all = indices.map((index) => of[index] ?? 0);
    const closeness = measureCloseness(rows, all);
    const within = all.filter((_, at) => (closeness[at] ?? 0) >= CLOSENESS_MIN);
    rest.push(...all.filter((_, at) => (closeness[at] ?? 0) < CLOSENESS_MIN));
    const columns = isTold(prompts, within) ? pickTerms({ rows, within, of }) : [];
    if (columns.length === 0) {
      rest.push(...within);
      continue;
    }
    const told = columns.map((column) => rows.terms[column] ?? "");
    const terms = toSurfaces(told, prompts, within);
    const name = toName(terms, names);
    names.add(name);
    const typical = all.filter((_, at) => (closeness[at] ?? 0) >= TYPICAL_CLOSENESS_MIN);
    parts.push({ name, terms, rows: within, typical });
    await breathe();
  }
  return { parts, rest };
}

function isTold(prompts: readonly SortedPrompt[], within: readonly number[]): boolean {
  if (within.length < TOPIC_SIZE_MIN) return false;
  const visitors = new Set<string>();
  for (const row of within) {
    visitors.add(prompts[row]?.visitorId ?? "");
    if (visitors.size >= TOPIC_VISITORS_MIN) return true;
  }
  return false;
}
