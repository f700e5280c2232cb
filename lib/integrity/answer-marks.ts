/** Numbers about answers and marks of prompts, for style control and categories of ratings; never a word of them. */

export type SideFacts = {
  /** Of all answers of the side so far; null where a worker did not tell. */
  tokens: number | null;
  characters: number;
  headers: number;
  lists: number;
  bold: number;
  codeBlocks: number;
};
export type PromptFacts = {
  /** Of all prompts so far, as the newest. */
  characters: number;
  /** A block of code, or a line that looks like one. */
  hasCode: boolean;
  /** Formulas. */
  hasMath: boolean;
};
/** `ballots.facts`. */
export type BallotFacts = { version: 1; a: SideFacts; b: SideFacts; prompt: PromptFacts };

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** @param answers of one side, the earlier turns first */
export function countMarks(
  answers: readonly { content: string; completionTokens: number | null }[],
): SideFacts {
  const sum: SideFacts = {
    ...{ tokens: 0, characters: 0, headers: 0, lists: 0, bold: 0, codeBlocks: 0 },
  };
  for (const { content, completionTokens } of answers) {
    sum.tokens =
      sum.tokens === null || completionTokens === null ? null : sum.tokens + completionTokens;
    sum.characters += content.length;
    addMarkdown(sum, content);
  }
  return sum;
}

/** What stands in a block of code is code, whatever it looks like. */
function addMarkdown(sum: SideFacts, text: string): void {
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      sum.codeBlocks += 1;
      continue;
    }
    if (/^ {0,3}#{1,6}\s/.test(line)) sum.headers += 1;
    if (/^\s*(?:[-*+]|\d{1,9}[.)])\s/.test(line)) sum.lists += 1;
    sum.bold += line.match(/\*\*[^*]+\*\*|__[^_]+__/g)?.length ?? 0;
  }
}

/**
 * Blanks within one line and not many: over any white space the search would begin anew at each of a thousand
 * empty lines and read all the others every time, minutes for one visitor's vote.
 */
const CODE_LINE =
  /^[ \t]{0,40}(?:#include\b|import \w|from \w{1,80} import\b|def \w{1,80}\(|class \w{1,80}[({:]|function \w{1,80}\(|const \w{1,80} =|select .{1,200} from\b|public (?:static|class)\b)/im;

export function markPrompts(prompts: readonly string[]): PromptFacts {
  const text = prompts.join("\n");
  return {
    characters: text.length,
    hasCode: /^ {0,3}(?:`{3}|~{3})/m.test(text) || CODE_LINE.test(text),
    hasMath: /\$[^$\n]{1,200}\$|\\(?:frac|sum|int|sqrt|begin|\(|\[)|∫|∑|√|\d\s*[+*/^=]\s*\d/.test(
      text,
    ),
  };
}
