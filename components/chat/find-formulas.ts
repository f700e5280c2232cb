/**
 * Takes the formulas out of Markdown before it is parsed, since what stands in one (`_`, `*`, `|`, `\\`) means
 * something else to Markdown. Each leaves a mark of two characters of Unicode's private area around its
 * number; what the parser makes of the text then gets them back (rehype-formulas.ts).
 *
 * Told apart from prices by Pandoc's rule, made stricter: after the opening dollar and before the closing
 * one stands no blank, and after the closing one no letter or digit.
 */
export type Formula = {
  tex: string;
  /** On a line of its own, larger. */
  isDisplay: boolean;
  /** Still being written: its end has not come. */
  isOpen: boolean;
  /** As it stood in the text, with its delimiters. */
  source: string;
};

export type FoundFormulas = { text: string; formulas: Formula[] };

/** Longer ones are shown as the text they are. */
const DISPLAY_CHARACTERS_MAX = 4_000;
const INLINE_CHARACTERS_MAX = 1_000;
/** In one block; an answer in which each word is a formula must not cost a second. */
const FORMULAS_MAX = 500;

export const MARK_START = "\uE000";
export const MARK_END = "\uE001";
export const MARK = /\uE000(\d{1,4})\uE001/g;

type Hit = { formula: Formula; end: number };

export function findFormulas(text: string, isStreaming: boolean): FoundFormulas {
  if (!text.includes("$") && !text.includes("\\")) return { text, formulas: [] };
  const formulas: Formula[] = [];
  let result = "";
  let kept = 0;
  let index = 0;
  while (index < text.length) {
    const skipped = skipCode(text, index);
    if (skipped > index) {
      index = skipped;
      continue;
    }
    const hit = formulas.length < FORMULAS_MAX ? readFormula(text, index, isStreaming) : undefined;
    if (hit) {
      result += `${text.slice(kept, index)}${MARK_START}${formulas.length}${MARK_END}`;
      formulas.push(hit.formula);
      index = hit.end;
      kept = index;
    } else {
      // A backslash takes the character after it along: `\$` is a dollar, `\\(` a backslash and a bracket.
      index += text[index] === "\\" ? 2 : nextInteresting(text, index + 1) - index;
    }
  }
  return { text: result + text.slice(kept), formulas };
}

/** Where the next character stands at which anything can begin. */
function nextInteresting(text: string, from: number): number {
  INTERESTING.lastIndex = from;
  return INTERESTING.exec(text)?.index ?? text.length;
}
const INTERESTING = /[$\\`~]/g;

/** The end of the code that begins here, or `index` where none does. */
function skipCode(text: string, index: number): number {
  const mark = text[index];
  if (mark !== "`" && mark !== "~") return index;
  let length = 1;
  while (text[index + length] === mark) length++;
  const isLineStart = /(^|\n)[ \t>]*$/.test(text.slice(Math.max(0, index - 80), index));
  if (length >= 3 && isLineStart) return endOfFence(text, index, mark.repeat(length));
  if (mark === "~") return index + length;
  // A run of backticks without a partner of the same length is text.
  let close = index + length;
  for (;;) {
    close = text.indexOf("`", close);
    if (close === -1) return index + length;
    let closing = 1;
    while (text[close + closing] === "`") closing++;
    if (closing === length) return close + closing;
    close += closing;
  }
}

function endOfFence(text: string, index: number, mark: string): number {
  let line = text.indexOf("\n", index);
  while (line !== -1) {
    const end = text.indexOf("\n", line + 1);
    const content = text.slice(line + 1, end === -1 ? text.length : end).trim();
    if (content.startsWith(mark) && content === (mark[0] ?? "").repeat(content.length)) {
      return end === -1 ? text.length : end;
    }
    line = end;
  }
  return text.length;
}

function readFormula(text: string, index: number, isStreaming: boolean): Hit | undefined {
  if (text[index] === "\\") {
    const bracket = text[index + 1];
    if (bracket === "(") return readDelimited(text, index, ["\\(", "\\)"], false, isStreaming);
    if (bracket === "[") return readDelimited(text, index, ["\\[", "\\]"], true, isStreaming);
    return undefined;
  }
  if (text[index] !== "$") return undefined;
  if (text[index + 1] === "$") return readDelimited(text, index, ["$$", "$$"], true, isStreaming);
  return readDollar(text, index);
}

function readDelimited(
  text: string,
  index: number,
  [open, close]: readonly [string, string],
  isDisplay: boolean,
  isStreaming: boolean,
): Hit | undefined {
  const from = index + open.length;
  const max = isDisplay ? DISPLAY_CHARACTERS_MAX : INLINE_CHARACTERS_MAX;
  // What cannot be within the limit is not searched: many openings must not each read all of the text.
  const window = text.slice(from, from + max + close.length);
  const at = closingAt(window, close);
  if (at === -1) {
    const rest = text.slice(from);
    if (!isStreaming || rest.length > max) return undefined;
    const formula = { tex: rest.trim(), isDisplay, isOpen: true, source: text.slice(index) };
    return { formula, end: text.length };
  }
  const tex = window.slice(0, at).trim();
  if (tex === "") return undefined;
  const end = from + at + close.length;
  return { formula: { tex, isDisplay, isOpen: false, source: text.slice(index, end) }, end };
}

/** The first `close` that no backslash before it takes away. */
function closingAt(window: string, close: string): number {
  let at = window.indexOf(close);
  while (at > 0) {
    let slashes = 0;
    while (window[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at;
    at = window.indexOf(close, at + 1);
  }
  return at;
}

const BLANK = /\s/;
const WORD = /[\p{L}\p{N}]/u;

function readDollar(text: string, index: number): Hit | undefined {
  const first = text[index + 1];
  if (first === undefined || BLANK.test(first)) return undefined;
  for (let at = index + 1; at - index <= INLINE_CHARACTERS_MAX; at++) {
    const character = text[at];
    if (character === undefined || character === "\n") return undefined;
    if (character === "\\") {
      at++;
      continue;
    }
    if (character !== "$") continue;
    // The first dollar that could close decides: what it does not close is no formula.
    const before = text[at - 1] ?? " ";
    const after = text[at + 1] ?? " ";
    if (BLANK.test(before) || WORD.test(after) || after === "$") return undefined;
    const tex = text.slice(index + 1, at);
    const source = text.slice(index, at + 1);
    return { formula: { tex, isDisplay: false, isOpen: false, source }, end: at + 1 };
  }
  return undefined;
}
