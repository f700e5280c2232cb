import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/limits";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { WorkerPicture } from "./worker-picture";

const NAMES_SHOWN_MAX = 20;
/** Features whose name says little to who asks for them. */
const WORDS: Partial<Record<ModelFeature, string>> = {
  grammar: "answers that are held to a format or grammar",
  tools: "tool calls",
  reasoning: "reasoning told apart",
};

/** `features`: all that the request needs of a model. */
export type Wanted = { model: string; features: readonly ModelFeature[] };

/** Why nobody can take a request for `wanted`: no such model, not that skill, or nobody awake and what became of them. */
export function explainAbsence(picture: WorkerPicture, wanted: Wanted, nowMs: number): AppError {
  const model = picture.model(wanted.model);
  if (model === undefined) return modelNotFound(picture, wanted.model, nowMs);
  const offering = picture
    .workers()
    .map((worker) => ({
      state: picture.stateOf(worker, nowMs),
      offer: worker.offers.find((offer) => offer.modelId === model.modelId),
    }))
    .filter(({ offer }) => offer !== undefined);
  if (offering.some(({ state }) => state === "ready")) {
    const lacking = wanted.features.filter(
      (feature) => !offering.some(({ offer }) => offer?.features.includes(feature)),
    );
    const missing = (lacking.length > 0 ? lacking : wanted.features)
      .map((it) => WORDS[it] ?? it)
      .join(" and ");
    return new AppError("not-supported", {
      message: `The model \`${wanted.model}\` does not support ${missing}; choose another.`,
      param: "model",
    });
  }
  const states = new Set(offering.map(({ state }) => state));
  return new AppError("no-worker", {
    message: `No worker is awake for the model \`${wanted.model}\`: ${reason(states)} Try again in a few seconds.`,
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

function reason(states: ReadonlySet<string>): string {
  if (states.has("draining")) return "its worker is shutting down.";
  if (states.has("lost")) return "its worker was lost and is expected back.";
  if (states.has("left")) return "its worker has left.";
  return "none has offered it lately.";
}

function modelNotFound(picture: WorkerPicture, name: string, nowMs: number): AppError {
  const awakeIds = new Set(
    picture.ready(nowMs).flatMap((worker) => worker.offers.map((offer) => offer.modelId)),
  );
  const awake = picture.models().filter((model) => awakeIds.has(model.modelId));
  const known = awake.length > 0 ? awake : picture.models();
  const names = known.slice(0, NAMES_SHOWN_MAX).map((model) => `\`${model.name}\``);
  const more = known.length > NAMES_SHOWN_MAX ? ` and ${known.length - NAMES_SHOWN_MAX} more` : "";
  const choice =
    names.length > 0 ? `Choose from ${names.join(", ")}${more}.` : "No model has registered yet.";
  return new AppError("model-not-found", {
    message: `The model \`${name}\` does not exist. ${choice}`,
    param: "model",
  });
}
