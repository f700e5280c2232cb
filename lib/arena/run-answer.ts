import { visitorCaller } from "@/lib/auth/api-caller";
import { AppError, toAppError } from "@/lib/errors";
import { pinTo } from "@/lib/gateway/candidate";
import { generate } from "@/lib/gateway/generate";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { log } from "@/lib/telemetry/log";
import { Meter } from "@/lib/usage/meter";
import { AnswerDraft } from "./answer-draft";
import type { Arena } from "./arena";
import { type AnswerEnd, finishAnswer, type MessageRow } from "./store";

export type AnswerRun = {
  answerId: string;
  visitorId: string;
  /** Answers of one conversation share what a worker keeps of it, and with nobody else. */
  conversationId: string;
  request: GenerateRequest;
  /** Aborts when the reader left. */
  signal: AbortSignal;
  onText: (text: string) => void;
};

/**
 * One answer from its request to its end in the database. Whatever the model or its worker does is an
 * end of the answer and no exception; it throws only when the end cannot be written.
 */
export async function runAnswer(arena: Arena, run: AnswerRun): Promise<MessageRow> {
  const draft = new AnswerDraft(arena.db, run.answerId);
  const { model, requestId } = run.request;
  const caller = visitorCaller(run.visitorId);
  const meter = new Meter({ caller, endpoint: "arena", asked: model, requestId });
  const end = await readToEnd(arena, { ...run, meter }, draft);
  if (end.status === "failed") meter.fail(end.errorCode);
  meter.close(end.status === "stopped" ? "cancelled" : "complete");
  await draft.close();
  return finishAnswer(arena.db, run.answerId, end);
}

async function readToEnd(
  arena: Arena,
  run: AnswerRun & { meter: Meter },
  draft: AnswerDraft,
): Promise<AnswerEnd> {
  const { request, signal, onText, meter, conversationId: cacheScope } = run;
  try {
    const { controller } = arena;
    // A vote is about the model that is named, whatever aliases there are.
    const pinned = pinTo(request.model);
    const session = cacheScope;
    const asked = { controller, request, signal, meter, pinned, cacheScope, session };
    const generation = await generate(asked);
    draft.begin(generation);
    for await (const event of generation.events) {
      if (event.type === "text-delta") {
        // A model may say NUL, which Postgres stores in no text; what is shown is what is kept.
        const text = event.text.replaceAll("\0", "\ufffd");
        draft.add({ ...event, text });
        onText(text);
      } else if (event.type === "generation-resumed") {
        draft.resume(event);
      } else if (event.type === "generation-end") {
        return draft.complete(event);
      } else if (event.type === "generation-error") {
        return draft.fail(event);
      }
    }
    if (signal.aborted) return draft.stop();
    const message = "The worker stopped in the middle of the answer. Try again.";
    return draft.fail(new AppError("worker-lost", { message }));
  } catch (thrown) {
    if (signal.aborted) return draft.stop();
    const error = toAppError(thrown);
    const { requestId } = request;
    if (error.code === "internal") log.error({ err: error.cause, requestId }, "answer failed");
    else log.info({ code: error.code, requestId }, "answer failed");
    return draft.fail(error);
  }
}
