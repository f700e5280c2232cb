import { CHARACTERS_A_TOKEN, HARD_SIGNALS, type HardSignal } from "@/lib/vote-categories";
import {
  CODE_HINTS,
  CODE_WORDS,
  CONSTRAINTS,
  CREATIVE_WORDS,
  DOMAIN_WORDS,
  FORMULAS,
  INVENTION_WORDS,
  MATH_WORDS,
  PRACTICE_WORDS,
  PROBLEM_WORDS,
  SUM_QUESTIONS,
  UNITS,
} from "./prompt-words";

/** What is told of prompts by their forms and words: `prompt` of `ballots.facts`, version 2. */
export type PromptMarks = {
  characters: number;
  /** A block of code, or a line that looks like one. */
  hasCode: boolean;
  /** Something that looks like a formula; dates with slashes do as well. */
  hasMath: boolean;
  /** An estimate: a character of Chinese, Japanese or Korean is a token, and four of others are one. */
  tokens: number;
  isCoding: boolean;
  isMath: boolean;
  isCreative: boolean;
  isInstruction: boolean;
  /** Bit i: HARD_SIGNALS[i]. */
  hardSignals: number;
};

/** Where FastChat's labellers cut a prompt as well: what is asked stands at its ends, and the rest is what it is about. */
const MARKED_CHARACTERS_MAX = 12_500;
const CONSTRAINTS_MIN = 2;
const CODE_HINTS_MIN = 2;
/** A numbered or dashed list of so many lines says several things one by one. */
const LISTED_LINES_MIN = 3;
/** Neither parts of a date nor of a version. */
const NUMBERS = /(?<![\d.,/:-])\d{1,9}(?![\d/:-])/gu;
/** Of two digits and more: those of small sums make no prompt specific. */
const FIGURES = /(?<![\d.,/:-])\d{2,9}(?![\d/:-])/gu;
const COMPLEX_TOKENS_MIN = 40;
const COMPLEX_SENTENCES_MIN = 3;

/**
 * Blanks within one line and not many: over any white space the search would begin anew at each of a thousand
 * empty lines and read all the others every time, minutes for one visitor's vote.
 */
const CODE_LINE =
  /^[ \t]{0,40}(?:#include\b|import \w|from \w{1,80} import\b|def \w{1,80}\(|class \w{1,80}[({:]|function \w{1,80}\(|const \w{1,80} =|select .{1,200} from\b|public (?:static|class)\b)/im;

/** @param prompts of a battle so far, the earliest first. Takes time in proportion to their length. */
export function markPrompts(prompts: readonly string[]): PromptMarks {
  const text = prompts.join("\n");
  const hasCode = /^ {0,3}(?:`{3}|~{3})/m.test(text) || CODE_LINE.test(text);
  const prose = toProse(text);
  const constraints = countConstraints(prose);
  const isCoding =
    hasCode ||
    CODE_WORDS.some((it) => isFound(it, prose)) ||
    CODE_HINTS.filter((it) => isFound(it, prose)).length >= CODE_HINTS_MIN;
  const isMath = asksForMath(prose, hasCode);
  const isCreative = CREATIVE_WORDS.some((it) => isFound(it, prose));
  const tokens = estimateTokens(text);
  const signals: Record<HardSignal, boolean> = {
    specific: constraints > 0 || countFound(FIGURES, prose) >= 2,
    domain: isCoding || isMath || DOMAIN_WORDS.some((it) => isFound(it, prose)),
    complex: isComplex(prose, tokens),
    problem: PROBLEM_WORDS.some((it) => isFound(it, prose)),
    creative: isCreative || INVENTION_WORDS.some((it) => isFound(it, prose)),
    technical: isCoding || isMath || countFound(UNITS, prose) >= 2,
    practical: PRACTICE_WORDS.some((it) => isFound(it, prose)),
  };
  return {
    characters: text.length,
    hasCode,
    hasMath: /\$[^$\n]{1,200}\$|\\(?:frac|sum|int|sqrt|begin|\(|\[)|∫|∑|√|\d\s*[+*/^=]\s*\d/.test(
      text,
    ),
    tokens,
    isCoding,
    isMath,
    isCreative,
    isInstruction: constraints >= CONSTRAINTS_MIN,
    hardSignals: HARD_SIGNALS.reduce(
      (mask, signal, index) => (signals[signal] ? mask | (1 << index) : mask),
      0,
    ),
  };
}

/** The beginning and the end of a long text, without what stands in blocks of code. */
function toProse(text: string): string {
  const half = MARKED_CHARACTERS_MAX / 2;
  const ends =
    text.length <= MARKED_CHARACTERS_MAX ? text : `${text.slice(0, half)}\n${text.slice(-half)}`;
  // Typographic apostrophes are as common as straight ones.
  return withoutCode(ends).replaceAll("’", "'");
}

/** Line by line: an expression over several lines would look for the end of each fence anew. */
function withoutCode(text: string): string {
  let isCode = false;
  return text
    .split("\n")
    .filter((line) => {
      const isFence = /^ {0,3}(?:`{3}|~{3})/.test(line);
      if (isFence) isCode = !isCode;
      return !isFence && !isCode;
    })
    .join("\n");
}

function isFound(expression: RegExp, text: string): boolean {
  expression.lastIndex = 0;
  return expression.test(text);
}

const countFound = (expression: RegExp, text: string) => text.match(expression)?.length ?? 0;

/** Places where a constraint is found; of one kind no more than two, so that one long list is not everything. */
function countConstraints(prose: string): number {
  const found = CONSTRAINTS.reduce((sum, it) => sum + Math.min(2, countFound(it, prose)), 0);
  return found + (countListedLines(prose) >= LISTED_LINES_MIN ? 2 : 0);
}

const countListedLines = (prose: string) =>
  prose.match(/^ {0,8}(?:\d{1,2}[.)]|[-*•])[ \t]+\S/gmu)?.length ?? 0;

function asksForMath(prose: string, hasCode: boolean): boolean {
  if (MATH_WORDS.some((it) => isFound(it, prose))) return true;
  // Code without a fence has sums of its own.
  if (!hasCode && FORMULAS.some((it) => isFound(it, prose))) return true;
  return countFound(NUMBERS, prose) >= 2 && SUM_QUESTIONS.some((it) => isFound(it, prose));
}

function isComplex(prose: string, tokens: number): boolean {
  const sentences = prose.match(/[^\s.?!。？！][.?!。？！](?=\s|$|\p{Lo})/gu)?.length ?? 0;
  return (
    tokens >= COMPLEX_TOKENS_MIN ||
    sentences >= COMPLEX_SENTENCES_MIN ||
    countListedLines(prose) >= LISTED_LINES_MIN
  );
}

function estimateTokens(text: string): number {
  const wide = text.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/gu)?.length ?? 0;
  return Math.round(wide + (text.length - wide) / CHARACTERS_A_TOKEN);
}
