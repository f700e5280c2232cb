import { AppError, toAppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { pinTo } from "@/lib/gateway/candidate";
import { tokenize } from "@/lib/gateway/tokenize";
import type { Message } from "@/lib/protocol/message";
import { log } from "@/lib/telemetry/log";
import type { Arena } from "./arena";
import { type AwakeChatModel, getAwakeModel } from "./awake-models";

/** Tokens of a conversation in one model's eyes. */
export type Room = { promptTokens: number; contextLength: number };

/** Undefined where the model does not tell its tokens; it will refuse by itself what is too long. */
export async function countRoom(
  arena: Arena,
  model: AwakeChatModel,
  messages: Message[],
  signal: AbortSignal,
): Promise<Room | undefined> {
  if (!model.features.includes("tokenize")) return undefined;
  const { controller } = arena;
  const request = { model: model.name, messages };
  const { ids, contextLength } = await tokenize({
    ...{ controller, request, signal, pinned: pinTo(model.name) },
  });
  return { promptTokens: ids.length, contextLength };
}

/** Room is left when at least one token of an answer fits. */
export const fits = ({ promptTokens, contextLength }: Room): boolean =>
  promptTokens < contextLength;

/** What a model is about to be asked. */
export type Ask = { modelName: string; messages: Message[] };

/**
 * Refuses what one of these models, whose names are known, cannot hold, before anything of the turn is written.
 *
 * @throws AppError `context-length-exceeded` or `no-worker`
 */
export async function checkRoom(
  arena: Arena,
  asks: readonly Ask[],
  signal: AbortSignal,
): Promise<void> {
  const check = async ({ modelName, messages }: Ask) => {
    const model = await getAwakeModel(arena, modelName);
    const room = await countRoom(arena, model, messages, signal);
    if (room === undefined || fits(room)) return;
    throw new AppError("context-length-exceeded", {
      message: `This conversation has ${room.promptTokens} tokens and ${modelName} holds ${room.contextLength}, the answer included. Shorten the prompt, or start a new conversation.`,
      param: "prompt",
    });
  };
  await Promise.all(asks.map(check));
}

/**
 * Refuses what one of a battle's models cannot take, for both at once: were one side to fail alone, the
 * models' context lengths and who is awake, which anybody may look up, would say which model it is. Each
 * model is asked for both sides' conversations: by its own side's alone the longest prompt that is taken
 * would depend on which side has the smaller context, and their answers differ in length.
 *
 * @throws AppError `context-length-exceeded` or `no-worker`, the same whichever side is at fault.
 */
export async function checkBattleRoom(
  arena: Arena,
  asks: readonly Ask[],
  signal: AbortSignal,
): Promise<void> {
  const crossed = asks.flatMap(({ modelName }) =>
    asks.map(({ messages }) => ({ modelName, messages })),
  );
  if ((await findUnreachable(arena, crossed, signal)).length === 0) return;
  throw new AppError("no-worker", {
    message: "The two models of this battle are not both awake. Try again in a few seconds.",
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

/**
 * Models of `asks` that do not answer: a worker that was killed counts as awake for some seconds more.
 *
 * @throws AppError `context-length-exceeded`, the same whichever side is at fault.
 */
export async function findUnreachable(
  arena: Arena,
  asks: readonly Ask[],
  signal: AbortSignal,
): Promise<string[]> {
  const results = await Promise.allSettled(
    asks.map(async ({ modelName, messages }) =>
      countRoom(arena, await getAwakeModel(arena, modelName), messages, signal),
    ),
  );
  signal.throwIfAborted();
  const unreachable: string[] = [];
  for (const [index, result] of results.entries()) {
    const code = result.status === "rejected" ? toAppError(result.reason).code : undefined;
    const isTooLong = result.status === "fulfilled" && result.value && !fits(result.value);
    if (isTooLong || code === "context-length-exceeded") throw tooLongForOne();
    if (code === undefined) continue;
    log.info({ code }, "model of a battle not reached");
    unreachable.push(asks[index]?.modelName ?? "");
  }
  return unreachable;
}

function tooLongForOne(): AppError {
  return new AppError("context-length-exceeded", {
    message:
      "This is too long for at least one of the two models. Shorten the prompt, or start a new battle.",
    param: "prompt",
  });
}
