import { TRIAL_CALLER } from "@/lib/auth/api-caller";
import type { Controller } from "@/lib/controller/controller";
import { database } from "@/lib/db/client";
import { AppError, toAppError } from "@/lib/errors";
import { generateText } from "@/lib/gateway/generate-text";
import { textMessage } from "@/lib/protocol/message";
import type { TriedModel } from "@/lib/protocol/providers-view";
import { TRIED_MS_MAX, TRIED_TOKENS_MAX } from "@/lib/provider-limits";
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
    const text = await generateText({
      ...{ controller, signal, caller: TRIAL_CALLER, endpoint: "trial", msMax: TRIED_MS_MAX },
      request: {
        ...{ model: entry.name, maxTokens: TRIED_TOKENS_MAX },
        messages: [textMessage("user", QUESTION)],
      },
    });
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
