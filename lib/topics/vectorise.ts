import { TOPIC_TERMS_MAX, TOPIC_VISITORS_MIN } from "@/lib/topic-limits";
import type { Breathe } from "./breathe";
import { splitWords } from "./split-words";

/** A prompt that is to be sorted. */
export type SortedPrompt = {
  /** Of its message. */
  id: string;
  text: string;
  /** BCP 47, null where it could not be told. */
  language: string | null;
  visitorId: string;
};

/** Rows of numbers, most of which are zero: row r's are `columns` and `values` from offsets[r] to offsets[r + 1]. */
export type SparseRows = {
  count: number;
  /** Of each row, the values' squares add up to 1; a row without any has none. */
  offsets: Uint32Array;
  columns: Uint32Array;
  values: Float32Array;
  /** What the columns stand for. */
  terms: readonly string[];
  /** Whether so many visitors used a term that it may be shown. */
  isShown: Uint8Array;
};

type TermCount = { prompts: number; visitors: string[]; language: string | null; column: number };

/** A word in so large a share of a language's prompts tells none of them apart. */
const LANGUAGE_SHARE_MAX = 0.2;
/** Below so many prompts of a language, shares say nothing. */
const LANGUAGE_PROMPTS_MIN = 100;
const PROMPTS_OF_TERM_MIN = 2;

/** Prompts as TF-IDF vectors: a word weighs more the more often it is said here, and the fewer others say it. */
export async function vectorise(
  prompts: readonly SortedPrompt[],
  breathe: Breathe,
): Promise<SparseRows> {
  const counts = new Map<string, TermCount>();
  const languages = new Map<string | null, number>();
  const bags: Map<TermCount, number>[] = [];
  for (const prompt of prompts) {
    languages.set(prompt.language, (languages.get(prompt.language) ?? 0) + 1);
    bags.push(countWords(prompt, counts));
    await breathe();
  }
  const terms = pickTerms(counts, languages);
  return toRows(bags, terms, breathe);
}

function countWords(
  { text, visitorId, language }: SortedPrompt,
  counts: Map<string, TermCount>,
): Map<TermCount, number> {
  const bag = new Map<TermCount, number>();
  for (const { key } of splitWords(text)) {
    let count = counts.get(key);
    if (count === undefined) {
      count = { prompts: 0, visitors: [], language, column: -1 };
      counts.set(key, count);
    }
    const before = bag.get(count) ?? 0;
    bag.set(count, before + 1);
    if (before > 0) continue;
    count.prompts += 1;
    const { visitors } = count;
    if (visitors.length < TOPIC_VISITORS_MIN && !visitors.includes(visitorId)) {
      visitors.push(visitorId);
    }
  }
  return bag;
}

/** The commonest of the words that at least two prompts share, without those that all prompts of their language do. */
function pickTerms(
  counts: ReadonlyMap<string, TermCount>,
  languages: ReadonlyMap<string | null, number>,
): [string, TermCount][] {
  const isTelling = ({ prompts, language }: TermCount) => {
    const all = languages.get(language) ?? 0;
    return (
      prompts >= PROMPTS_OF_TERM_MIN &&
      (all < LANGUAGE_PROMPTS_MIN || prompts <= LANGUAGE_SHARE_MAX * all)
    );
  };
  const terms = [...counts]
    .filter(([, count]) => isTelling(count))
    .sort(([one, { prompts }], [other, { prompts: others }]) =>
      // By code units, so that the order is the same everywhere.
      others === prompts ? (one < other ? -1 : 1) : others - prompts,
    )
    .slice(0, TOPIC_TERMS_MAX);
  terms.forEach(([, count], column) => {
    count.column = column;
  });
  return terms;
}

async function toRows(
  bags: readonly Map<TermCount, number>[],
  terms: readonly [string, TermCount][],
  breathe: Breathe,
): Promise<SparseRows> {
  const count = bags.length;
  const offsets = new Uint32Array(count + 1);
  const size = bags.reduce((sum, bag) => sum + bag.size, 0);
  const columns = new Uint32Array(size);
  const values = new Float32Array(size);
  let at = 0;
  for (const [row, bag] of bags.entries()) {
    const from = at;
    let squares = 0;
    for (const [{ column, prompts }, times] of bag) {
      if (column < 0) continue;
      const value = (1 + Math.log(times)) * Math.log(1 + count / prompts);
      columns[at] = column;
      values[at] = value;
      squares += value * value;
      at += 1;
    }
    const norm = Math.sqrt(squares);
    for (let place = from; place < at; place++) values[place] = (values[place] ?? 0) / norm;
    offsets[row + 1] = at;
    await breathe();
  }
  return {
    ...{ count, offsets, columns: columns.slice(0, at), values: values.slice(0, at) },
    terms: terms.map(([term]) => term),
    isShown: Uint8Array.from(terms, ([, { visitors }]) =>
      visitors.length >= TOPIC_VISITORS_MIN ? 1 : 0,
    ),
  };
}
