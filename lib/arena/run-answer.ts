import { visitorCaller } from "@/lib/auth/api-caller";
import { AppError, toAppError } from "@/lib/errors";
import { pinTo } from "@/lib/gateway/candidate";
import { generate } from "@/lib/gateway/generate";
import { ANSWER_TOKENS_MAX } from "@/lib/limits";
import type { ConversationSettings } from "@/lib/protocol/conversation-view";
import type { GenerationWaiting } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import { log } from "@/lib/telemetry/log";
import { Meter } from "@/lib/usage/meter";
import { AnswerFacts } from "./answer-facts";
import type { Arena } from "./arena";
import type { AnswerEnd } from "./store";

export type AnswerRun = {
  visitorId: string;
  /** Answers of one conversation share what a worker keeps of it, and with nobody else. */
  conversationId: string;
  requestId: string;
  modelName: string;
  history: Message[];
  settings: ConversationSettings;
  system: string | undefined;
  /** Aborts when the answer is to end. */
  signal: AbortSignal;
  /** It fails when nothing was said or thought by then; absent: it may take as long as any request. */
  beginMsMax?: number | undefined;
  onText: (text: string) => void;
  onReasoning: (text: string) => void;
  /** Told while nobody works on it yet, and why; never after it has begun. */
  onWaiting: (event: GenerationWaiting) => void;
};

/**
 * One answer from its request to its end. Whatever the model or its worker does is an end of the answer
 * and no exception.
 */
export async function runAnswer(arena: Arena, run: AnswerRun): Promise<AnswerEnd> {
  const { modelName: model, requestId } = run;
  const facts = new AnswerFacts(run.system);
  try {
    const caller = visitorCaller(run.visitorId);
    const meter = new Meter({ caller, endpoint: "arena", asked: model, requestId });
    const end = await readToEnd(arena, { ...run, meter, facts });
    if (end.status === "failed") meter.fail(end.errorCode);
    meter.close(end.status === "stopped" ? "cancelled" : "complete");
    return end;
  } catch (error) {
    // A bug of ours, which must not leave readers without an end, nor end the process.
    log.error({ err: error, requestId }, "answer not run");
    return facts.fail(toAppError(error));
  }
}

async function readToEnd(
  arena: Arena,
  run: AnswerRun & { meter: Meter; facts: AnswerFacts },
): Promise<AnswerEnd> {
  const { meter, facts, requestId, conversationId } = run;
  const late = new AbortController();
  const signal = AbortSignal.any([run.signal, late.signal]);
  const begun = abortUnlessBegun(late, run.beginMsMax);
  try {
    const { controller } = arena;
    // A vote is about the model that is named, whatever aliases there are.
    const pinned = pinTo(run.modelName);
    const generation = await generate({
      ...{ controller, request: toRequest(run), signal, meter, pinned },
      ...{ cacheScope: conversationId, session: conversationId, onWaiting: run.onWaiting },
    });
    facts.begin(generation);
    for await (const event of generation.events) {
      if (event.type === "text-delta") {
        begun();
        facts.add(event);
        run.onText(toStorable(event.text));
      } else if (event.type === "reasoning-delta") {
        begun();
        facts.add(event);
        run.onReasoning(toStorable(event.text));
      } else if (event.type === "generation-resumed") {
        facts.resume(event);
      } else if (event.type === "generation-end") {
        return facts.complete(event);
      } else if (event.type === "generation-error") {
        return facts.fail(event);
      }
    }
    if (signal.aborted) return toCut(run, facts);
    const message = "The worker stopped in the middle of the answer. Try again.";
    return facts.fail(new AppError("worker-lost", { message }));
  } catch (thrown) {
    if (signal.aborted) return toCut(run, facts);
    const error = toAppError(thrown);
    if (error.code === "internal") log.error({ err: error.cause, requestId }, "answer failed");
    else log.info({ code: error.code, requestId }, "answer failed");
    return facts.fail(error);
  } finally {
    begun();
  }
}

/** Returns what says that the answer has begun. */
function abortUnlessBegun(late: AbortController, beginMsMax: number | undefined): () => void {
  if (beginMsMax === undefined) return () => {};
  const timer = setTimeout(() => late.abort(), beginMsMax);
  return () => clearTimeout(timer);
}

/** Whoever ended it wanted that, or the model did not begin. */
function toCut({ signal, beginMsMax }: AnswerRun, facts: AnswerFacts): AnswerEnd {
  if (signal.aborted || beginMsMax === undefined) return facts.stop();
  const message = `The model said nothing for ${beginMsMax / 1_000} seconds. Try it again.`;
  return facts.fail(new AppError("timeout", { message }));
}

/** What the visitor set, and what a page's answer may be at most. */
function toRequest({ requestId, modelName, history, settings }: AnswerRun): GenerateRequest {
  const { temperature, topP, maxTokens = ANSWER_TOKENS_MAX } = settings;
  return {
    ...{ requestId, model: modelName, messages: history, stop: [] },
    sampling: {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
    },
    maxTokens: Math.min(maxTokens, ANSWER_TOKENS_MAX),
    splitReasoning: true,
  };
}

/** A model may say NUL, which Postgres stores in no text; what is shown is what is kept. */
const toStorable = (text: string) => text.replaceAll("\0", "\ufffd");
