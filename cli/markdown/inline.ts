import { INLINE_DEPTH_MAX } from "@/lib/terminal-limits";
import { mixStyles, type Span, STYLE } from "../screen/spans";

/**
 * The emphasis, code and links of one line of Markdown. Models write what people write, not what a
 * specification says: a mark that finds no partner is shown as it stands, and in a line that is still being
 * written it holds until the line's end, so that bold text is bold from its first letter.
 */
export function inlineSpans(
  text: string,
  { style = STYLE.plain, isGrowing = false }: { style?: string; isGrowing?: boolean } = {},
): Span[] {
  return new InlineReader(text, isGrowing).read(style);
}

const MARKS = [
  { mark: "***", style: mixStyles(STYLE.bold, STYLE.italic) },
  { mark: "**", style: STYLE.bold },
  { mark: "__", style: STYLE.bold },
  { mark: "~~", style: STYLE.struck },
  { mark: "*", style: STYLE.italic },
  { mark: "_", style: STYLE.italic },
] as const;

const SPECIAL = /[\\`*_~[!<]/g;
// Bounded, so that a line of brackets takes no longer than a line of letters.
const LINK =
  /!?\[([^[\]\n]{1,512})\]\(<?([^()\s<>]{1,2048}(?:\([^()\s]{0,256}\)[^()\s]{0,256})?)>?(?:\s+"[^"\n]{0,256}")?\)/y;
const HALF_LINK = /!?\[([^[\]\n]{1,512})(?:\](?:\([^()\s]{0,2048})?)?$/y;
const ADDRESS = /<((?:https?:\/\/|mailto:)[^<>\s]{1,2048})>/y;
const WORD = /[\p{L}\p{N}]/u;

class InlineReader {
  readonly #text: string;
  readonly #isGrowing: boolean;
  readonly #depth: number;

  constructor(text: string, isGrowing: boolean, depth = 0) {
    this.#text = text;
    this.#isGrowing = isGrowing;
    this.#depth = depth;
  }

  read(style: string): Span[] {
    const text = this.#text;
    const spans: Span[] = [];
    // Marks that were looked for in vain have no partner further on either.
    const missing = new Set<string>();
    let at = 0;
    let plainFrom = 0;
    while (at < text.length) {
      SPECIAL.lastIndex = at;
      const next = SPECIAL.exec(text)?.index;
      if (next === undefined) break;
      const found = this.#readAt(next, style, missing);
      if (found === undefined) {
        at = next + runLength(text, next);
        continue;
      }
      if (next > plainFrom) spans.push({ text: text.slice(plainFrom, next), style });
      spans.push(...found.spans);
      at = found.end;
      plainFrom = at;
    }
    if (plainFrom < text.length) spans.push({ text: text.slice(plainFrom), style });
    return spans;
  }

  #readAt(at: number, style: string, missing: Set<string>) {
    const letter = this.#text[at];
    if (letter === "\\") return this.#readEscape(at, style);
    if (letter === "`") return this.#readCode(at, style, missing);
    if (letter === "<") return this.#readAddress(at, style);
    if (letter === "[" || letter === "!") return this.#readLink(at, style);
    return this.#readMark(at, style, missing);
  }

  #readEscape(at: number, style: string) {
    const next = this.#text[at + 1];
    if (next === undefined || !/[!-/:-@[-`{-~]/.test(next)) return undefined;
    return { spans: [{ text: next, style }], end: at + 2 };
  }

  #readCode(at: number, style: string, missing: Set<string>) {
    const text = this.#text;
    const fence = "`".repeat(runLength(text, at));
    const from = at + fence.length;
    const close = missing.has(fence) ? -1 : findRun(text, fence, from);
    if (close === -1) missing.add(fence);
    if (close === -1 && !this.#isGrowing) return undefined;
    const inside = close === -1 ? text.slice(from) : text.slice(from, close);
    const shown = /^ .*\S.* $/.test(inside) ? inside.slice(1, -1) : inside;
    const end = close === -1 ? text.length : close + fence.length;
    return { spans: [{ text: shown, style: mixStyles(style, STYLE.cyan) }], end };
  }

  #readAddress(at: number, style: string) {
    ADDRESS.lastIndex = at;
    const [whole, address] = ADDRESS.exec(this.#text) ?? [];
    if (whole === undefined || address === undefined) return undefined;
    const span = { text: address, style: mixStyles(style, STYLE.underline) };
    return { spans: [span], end: at + whole.length };
  }

  /** The address stands beside its words: what is read is where it leads. */
  #readLink(at: number, style: string) {
    const pattern = this.#isGrowing ? [LINK, HALF_LINK] : [LINK];
    for (const it of pattern) {
      it.lastIndex = at;
      const [whole, words, address] = it.exec(this.#text) ?? [];
      if (whole === undefined || words === undefined) continue;
      const linked = mixStyles(style, STYLE.underline);
      const spans = this.#within(words, linked);
      if (address !== undefined && address !== words) {
        spans.push({ text: ` (${address})`, style: mixStyles(style, STYLE.faint) });
      }
      return { spans, end: at + whole.length };
    }
    return undefined;
  }

  #readMark(at: number, style: string, missing: Set<string>) {
    if (this.#depth >= INLINE_DEPTH_MAX) return undefined;
    const text = this.#text;
    const run = runLength(text, at);
    for (const { mark, style: added } of MARKS) {
      if (!text.startsWith(mark, at) || mark.length > run) continue;
      const from = at + mark.length;
      if (!opens(text, at, from)) continue;
      const close = missing.has(mark) ? -1 : findClose(text, mark, from);
      if (close === -1) missing.add(mark);
      if (close === -1 && !this.#isGrowing) continue;
      const inside = close === -1 ? text.slice(from) : text.slice(from, close);
      const end = close === -1 ? text.length : close + mark.length;
      return { spans: this.#within(inside, mixStyles(style, added), close === -1), end };
    }
    return undefined;
  }

  #within(text: string, style: string, isGrowing = false): Span[] {
    return new InlineReader(text, isGrowing, this.#depth + 1).read(style);
  }
}

/** Letters of one kind in a row. */
function runLength(text: string, at: number): number {
  const letter = text[at];
  if (letter === undefined || !"`*_~".includes(letter)) return 1;
  let end = at;
  while (text[end] === letter) end++;
  return end - at;
}

/** Emphasis begins before a word and, of underscores, not within one: snake_case stays. */
function opens(text: string, at: number, from: number): boolean {
  const next = text[from];
  if (next === undefined || /\s/.test(next)) return false;
  return text[at] !== "_" || at === 0 || !WORD.test(text[at - 1] ?? "");
}

function findClose(text: string, mark: string, from: number): number {
  for (let at = text.indexOf(mark, from + 1); at !== -1; at = text.indexOf(mark, at + 1)) {
    const isOfLonger = mark.length === 1 && (text[at + 1] === mark || text[at - 1] === mark);
    const isAfterSpace = /\s/.test(text[at - 1] ?? " ");
    const isInWord = mark[0] === "_" && WORD.test(text[at + mark.length] ?? "");
    if (!isOfLonger && !isAfterSpace && !isInWord && text[at - 1] !== "\\") return at;
  }
  return -1;
}

/** A run of exactly these. */
function findRun(text: string, fence: string, from: number): number {
  for (let at = text.indexOf(fence, from); at !== -1; ) {
    const length = runLength(text, at);
    if (length === fence.length) return at;
    at = text.indexOf(fence, at + length);
  }
  return -1;
}
