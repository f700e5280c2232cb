/**
 * What a visitor typed into the search, as Postgres is asked for it. `words`: a query of the full-text
 * search, whose last word may be unfinished. `text`: the very characters, where the full-text search finds
 * no words: scripts without blanks between them, and signs.
 */
export type SearchQuery =
  | { kind: "words"; text: string; isUnfinished: boolean }
  | { kind: "text"; text: string };

const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** @returns undefined where nothing was typed. */
export function toSearchQuery(typed: string): SearchQuery | undefined {
  const text = typed.trim();
  if (text === "") return undefined;
  if (WITHOUT_BLANKS.test(text) || !/[\p{L}\p{N}]/u.test(text)) return { kind: "text", text };
  return { kind: "words", text, isUnfinished: !/[\s"]$/.test(typed) };
}

/** A pattern of `like` that finds these characters. */
export function toLikePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}

export type ExcerptPart = { text: string; isHit: boolean };

/** Takes apart what `ts_headline` put between its marks. */
export function toParts(headline: string, { start, stop }: { start: string; stop: string }) {
  const parts: ExcerptPart[] = [];
  const add = (text: string, isHit: boolean) => {
    if (text !== "") parts.push({ text, isHit });
  };
  const [first = "", ...rest] = headline.split(start);
  add(first, false);
  for (const piece of rest) {
    const [hit = "", ...after] = piece.split(stop);
    add(hit, true);
    add(after.join(stop), false);
  }
  return parts;
}

/** Marks every place of `found` in `text`, whatever its case. */
export function markText(text: string, found: string): ExcerptPart[] {
  const parts: ExcerptPart[] = [];
  const pattern = new RegExp(found.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  let from = 0;
  for (const { index, 0: hit } of text.matchAll(pattern)) {
    if (index > from) parts.push({ text: text.slice(from, index), isHit: false });
    parts.push({ text: hit, isHit: true });
    from = index + hit.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isHit: false });
  return parts;
}
