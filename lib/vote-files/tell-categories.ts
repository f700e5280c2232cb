import { toCategories, toCategoryMask } from "@/lib/rating/categories";
import { markPrompts } from "@/lib/rating/prompt-marks";
import { isRefusal } from "@/lib/rating/refusal";
import type { Message, VoteRow } from "./vote-row";

/**
 * A row's categories, as lib/rating/categories.ts has them: the file's own, or by the rules from its texts.
 *
 * @returns not whole: the row has neither, and its number of turns alone tells something.
 */
export function tellCategories(row: VoteRow): { mask: number; isWhole: boolean } {
  if (row.categories !== null) return { mask: toCategoryMask(row.categories), isWhole: true };
  const { conversations } = row;
  if (conversations === null) {
    return { mask: toCategories({ turn: row.turn ?? 1, labels: null }), isWhole: false };
  }
  const prompts = conversations.a.filter(({ isAnswer }) => !isAnswer).map(({ text }) => text);
  const mask = toCategories({
    turn: row.turn ?? prompts.length,
    labels: null,
    prompt: markPrompts(prompts),
    a: markAnswers(conversations.a),
    b: markAnswers(conversations.b),
  });
  return { mask, isWhole: true };
}

/** What categories and ballots know of a side beside its style. */
export function markAnswers(messages: readonly Message[]) {
  const answers = messages.filter(({ isAnswer }) => isAnswer);
  return {
    characters: answers.reduce((sum, { text }) => sum + text.length, 0),
    codeBlocks: answers.reduce((sum, { text }) => sum + countBlocks(text), 0),
    isRefusal: answers.some(({ text }) => isRefusal(text)),
  };
}

/** Fences that open a block of code; one that never closes is a block as well. */
function countBlocks(text: string): number {
  const fences = text.match(/^ {0,3}(?:`{3}|~{3})/gm)?.length ?? 0;
  return Math.ceil(fences / 2);
}
