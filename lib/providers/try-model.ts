import { TRIAL_CALLER } from "@/lib/auth/api-caller";
import type { Controller } from "@/lib/controller/controller";
import { database } from "@/lib/db/client";
import { AppError, toAppError } from "@/lib/errors";
import { generate } from "@/lib/gateway/generate";
import { textMessage } from "@/lib/protocol/message";
import type { TriedModel } from "@/lib/protocol/providers-view";
import { TRIED_MS_MAX, TRIED_TOKENS_MAX } from "@/lib/provider-limits";
import { Meter } from "@/lib/usage/meter";
import { createId } from "@/lib/util/id";
import { readProviders, type StoredModel } from "./store";

const QUESTION = "Say hello in one short sentence.";

/**
 * Asks an external model for one short answer, through the gateway like any other request; what it costs is
 * charged to the owner `trial`.
 *
 * @throws AppError `not-found`, `conflict` for a model that is switched off, or whatever keeps it from answering.
 */
export async function tryModel(
  id: string,
  { controller, signal }: { controller: Controller; signal: AbortSignal },
): Promise<TriedModel> {
  const { entry, isEnabled } = await getModel(id);
  if (!isEnabled) {
    throw new AppError("conflict", {
      message: `${entry.name} is switched off. Switch it on first.`,
    });
  }
  const startedMs = performance.now();
  try {
    const text = await ask(entry.name, { controller, signal });
    return { text: text.trim(), durationMs: performance.now() - startedMs };
  } catch (error) {
    const failure = toAppError(error);
    // What its worker has told says more than that nobody offers it.
    const { problem } = await getModel(id);
    const isAbsent = failure.code === "model-not-found" || failure.code === "no-worker";
    if (!isAbsent) throw failure;
    throw new AppError("no-worker", {
      message: problem?.message ?? `No worker offers ${entry.name} yet. Try again in a moment.`,
      cause: failure,
    });
  }
}

async function getModel(id: string): Promise<StoredModel> {
  const { models } = await readProviders(database());
  const model = models.find((it) => it.id === id);
  if (model !== undefined) return model;
  throw new AppError("not-found", { message: "There is no such external model." });
}

async function ask(
  model: string,
  { controller, signal }: { controller: Controller; signal: AbortSignal },
): Promise<string> {
  const requestId = createId();
  const ending = AbortSignal.any([signal, AbortSignal.timeout(TRIED_MS_MAX)]);
  const meter = new Meter({ caller: TRIAL_CALLER, endpoint: "trial", asked: model, requestId });
  let outcome = "failed";
  try {
    const { events } = await generate({
      ...{ controller, signal: ending, meter, isWhole: true, isOfHouse: true },
      request: {
        ...{ requestId, model, stop: [], maxTokens: TRIED_TOKENS_MAX, splitReasoning: true },
        ...{ messages: [textMessage("user", QUESTION)], sampling: {} },
      },
    });
    let text = "";
    for await (const event of events) {
      if (event.type === "text-delta") text += event.text;
      if (event.type === "generation-error") {
        throw new AppError(event.code, { message: event.message });
      }
    }
    ending.throwIfAborted();
    outcome = "complete";
    return text;
  } catch (error) {
    if (ending.aborted && !signal.aborted) {
      const message = `${model} gave no answer within ${TRIED_MS_MAX / 1_000} s.`;
      throw new AppError("timeout", { message, cause: error });
    }
    outcome = ending.aborted ? "cancelled" : toAppError(error).code;
    meter.fail(outcome);
    throw error;
  } finally {
    meter.close(outcome === "complete" || outcome === "cancelled" ? outcome : "failed");
  }
}
