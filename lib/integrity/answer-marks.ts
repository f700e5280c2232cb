import type { SideFacts } from "@/lib/protocol/ballot-facts";
import { isRefusal } from "@/lib/rating/refusal";

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Numbers about one side for style control and categories; never a word of it.
 *
 * @param answers of the side, the earlier turns first
 */
export function countMarks(
  answers: readonly { content: string; completionTokens: number | null }[],
): SideFacts {
  const sum: SideFacts = {
    ...{ tokens: 0, characters: 0, headers: 0, lists: 0, bold: 0, codeBlocks: 0 },
    isRefusal: answers.some(({ content }) => isRefusal(content)),
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
