import { TOPIC_TERMS_SHOWN } from "@/lib/topic-limits";
import { splitWords } from "./split-words";
import type { SortedPrompt, SparseRows } from "./vectorise";

const NAME_TERMS = 3;
/** Rows in which it is looked up how a word is written. */
const SURFACE_ROWS_MAX = 400;

/** Rows of a cluster, and of what it was divided from. */
type Part = { rows: SparseRows; within: readonly number[]; of: readonly number[] };

/**
 * The words that set a cluster apart, the strongest first: by the share of its prompts that say one, times the logarithm
 * of how much larger that is than the share outside. Only words that enough visitors used.
 *
 * @returns columns of `rows`
 */
export function pickTerms({ rows, within, of }: Part): number[] {
  const own = countPrompts(rows, within);
  const all = countPrompts(rows, of);
  const outside = Math.max(1, of.length - within.length);
  const scored: { column: number; score: number }[] = [];
  for (const [column, count] of own) {
    if (count < 2 || rows.isShown[column] !== 1) continue;
    const share = count / within.length;
    // One more prompt outside than there is keeps a word of few prompts from being infinitely strong.
    const others = ((all.get(column) ?? count) - count + 1) / (outside + 1);
    if (share > others) scored.push({ column, score: share * Math.log(share / others) });
  }
  scored.sort((one, other) => other.score - one.score || one.column - other.column);
  const picked: number[] = [];
  for (const { column } of scored) {
    if (picked.length === TOPIC_TERMS_SHOWN) break;
    const term = rows.terms[column] ?? "";
    if (picked.some((it) => isForm(term, rows.terms[it] ?? ""))) continue;
    picked.push(column);
  }
  return picked;
}

function countPrompts({ offsets, columns }: SparseRows, picked: readonly number[]) {
  const counts = new Map<number, number>();
  for (const row of picked) {
    for (let entry = offsets[row] ?? 0; entry < (offsets[row + 1] ?? 0); entry++) {
      const column = columns[entry] ?? 0;
      counts.set(column, (counts.get(column) ?? 0) + 1);
    }
  }
  return counts;
}

/** dog and dogs, Katze and Katzen: the same word to a reader. */
function isForm(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return short.length >= 3 && long.startsWith(short) && long.length - short.length <= 2;
}

/** Terms as most prompts write them: names and abbreviations keep their capitals. */
export function toSurfaces(
  terms: readonly string[],
  prompts: readonly SortedPrompt[],
  within: readonly number[],
): string[] {
  const counts = new Map(terms.map((term) => [term, new Map<string, number>()]));
  for (const row of within.slice(0, SURFACE_ROWS_MAX)) {
    for (const { key, surface, isWithin } of splitWords(prompts[row]?.text ?? "")) {
      const forms = counts.get(key);
      // At the beginning of a sentence a capital letter says nothing, unless it is not alone.
      if (forms && (isWithin || surface.slice(1) !== key.slice(1))) {
        forms.set(surface, (forms.get(surface) ?? 0) + 1);
      }
    }
  }
  return terms.map((term) => {
    const forms = [...(counts.get(term) ?? [])];
    return forms.sort((one, other) => other[1] - one[1])[0]?.[0] ?? term;
  });
}

/** The strongest words; one more where another topic is called the same. */
export function toName(terms: readonly string[], taken: ReadonlySet<string>): string {
  for (let count = NAME_TERMS; count <= terms.length; count++) {
    const name = terms.slice(0, count).join(", ");
    if (!taken.has(name)) return name;
  }
  return terms.join(", ");
}
