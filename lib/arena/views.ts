import * as z from "zod";
import { ERROR_CODE_LIST } from "@/lib/errors";
import type { AnswerStats, PromptView, ViewError } from "@/lib/protocol/arena-view";
import type { MarkKind, TurnAnswer } from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";
import type { MessageRow } from "./store";

/** Rows as pages see them. A blind view carries nothing that differs between the models. */

export type Sight = "blind" | "open";

const parametersSchema = z.object({
  temperature: z.number(),
  topP: z.number(),
  maxTokens: z.number(),
});
const errorCodeSchema = z.enum(ERROR_CODE_LIST);

/**
 * What a blind battle says of any failure. The true one would name the model, or let visitors match "no
 * worker" or "prompt too long" with what the list of models says of each. Only the visitor's own stop
 * is the same whoever answers.
 */
const BLIND_ERROR: ViewError = {
  code: "worker-lost",
  message: "This answer could not be finished. Try it again.",
};

export function toPromptView(row: MessageRow): PromptView {
  return { id: row.id, role: "user", parentId: row.parentId, content: row.content };
}

export function toTurnAnswer(
  row: MessageRow,
  { sight, marks }: { sight: Sight; marks: readonly MarkKind[] },
): TurnAnswer {
  assert(row.parentId !== null && row.status !== null, "an answer has a prompt and a status");
  const isOpen = sight === "open";
  return {
    id: row.id,
    role: "assistant",
    parentId: row.parentId,
    side: row.side,
    attempt: row.attempt,
    content: row.content,
    reasoning: isOpen ? row.reasoning : "",
    status: row.status,
    // A limit that was reached tells contexts and habits apart.
    finishReason: isOpen ? row.finishReason : null,
    error: toViewError(row, sight),
    model: isOpen ? row.modelName : null,
    stats: isOpen ? toStats(row) : null,
    marks: [...marks],
  };
}

/** One that is being written. */
export function toBegunView(
  answer: Pick<TurnAnswer, "id" | "parentId" | "side" | "attempt" | "content" | "reasoning"> & {
    modelName: string;
  },
  sight: Sight,
): TurnAnswer {
  const { id, parentId, side, attempt, content, reasoning, modelName } = answer;
  return {
    ...{ id, role: "assistant", parentId, side, attempt, content, reasoning },
    ...{ status: "streaming", finishReason: null, error: null, stats: null, marks: [] },
    model: sight === "open" ? modelName : null,
  };
}

function toViewError(row: MessageRow, sight: Sight): ViewError | null {
  if (row.status !== "failed") return null;
  const code = errorCodeSchema.catch("internal").parse(row.errorCode);
  if (sight === "blind" && code !== "client-closed") return BLIND_ERROR;
  return { code, message: row.errorMessage ?? "This answer could not be finished." };
}

function toStats(row: MessageRow): AnswerStats | null {
  const { promptTokens, completionTokens, firstTokenMs, durationMs, seed } = row;
  const parameters = parametersSchema.safeParse(row.parameters);
  if (promptTokens === null || completionTokens === null) return null;
  if (firstTokenMs === null || durationMs === null || !parameters.success) return null;
  const { temperature, topP } = parameters.data;
  const seconds = (durationMs - firstTokenMs) / 1000;
  const isTimed = completionTokens > 1 && seconds > 0;
  const tokensPerSecond = isTimed ? (completionTokens - 1) / seconds : null;
  return {
    ...{ promptTokens, completionTokens, firstTokenMs, durationMs },
    ...{ tokensPerSecond, temperature, topP, seed },
  };
}
