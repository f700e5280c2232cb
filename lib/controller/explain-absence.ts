import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import type { Via } from "@/lib/protocol/via";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { mayHide, type WorkerPicture } from "./worker-picture";

const NAMES_SHOWN_MAX = 20;
/** Features whose name says little to who asks for them. */
const WORDS: Partial<Record<ModelFeature, string>> = {
  grammar: "answers that are held to a format or grammar",
  tools: "tool calls",
  reasoning: "reasoning told apart",
  images: "images in messages",
};

export type Wanted = {
  model: string;
  /** All that the request needs of a model. */
  features: readonly ModelFeature[];
  /** As long as it may become, its answer included, by a guess; absent: nothing is known of it. */
  tokens?: number | undefined;
  /** A worker that holds so many tokens found it too long: one that holds more is wanted. */
  contextOver?: number | undefined;
  /** Installations that it came by way of, which are not asked again. */
  via?: Via | undefined;
  /** It is the rest of an answer that a worker began: one that would have written the same is wanted. */
  like?: Likeness | undefined;
};

export type Likeness = {
  build: string;
  /** At least. */
  contextLength: number;
  /** Lives of workers that have failed at it. */
  failedInstances: ReadonlySet<string>;
};

/** Why nobody can take a request for `wanted`: no such model, not that skill, or nobody awake and what became of them. */
export function explainAbsence(picture: WorkerPicture, wanted: Wanted, nowMs: number): AppError {
  const model = picture.model(wanted.model);
  const isStarting = picture.workers().some(
    (worker) =>
      worker.starting.includes(wanted.model) &&
      picture.stateOf(worker, nowMs) === "starting" &&
      // A name that is not known yet may be about to be hidden.
      (model !== undefined || !mayHide(worker)),
  );
  if (model === undefined) {
    // A worker loads it for the first time.
    return isStarting
      ? noWorker(wanted.model, new Set(["starting"]))
      : modelNotFound(picture, wanted.model, nowMs);
  }
  const offering = picture
    .workers()
    .map((worker) => ({
      state: picture.statusOf(worker, nowMs),
      order: worker.order,
      offer: worker.offers.find((offer) => offer.modelId === model.modelId),
    }))
    .filter(({ offer }) => offer !== undefined);
  if (offering.some(({ state }) => state === "ready")) {
    const lacking = wanted.features.filter(
      (feature) => !offering.some(({ offer }) => offer?.features.includes(feature)),
    );
    // There were others, and they have gone.
    if (lacking.length === 0 && wanted.like !== undefined) return noWorker(wanted.model, GONE);
    const missing = (lacking.length > 0 ? lacking : wanted.features)
      .map((it) => WORDS[it] ?? it)
      .join(" and ");
    return new AppError("not-supported", {
      message: `The model \`${wanted.model}\` does not support ${missing}; choose another.`,
      param: "model",
    });
  }
  const states = new Set<string>(
    offering.map(({ state, order }) => (state === "draining" ? (order ?? state) : state)),
  );
  if (isStarting) states.add("starting");
  return noWorker(wanted.model, states);
}

const GONE: ReadonlySet<string> = new Set(["left"]);

function noWorker(model: string, states: ReadonlySet<string>): AppError {
  const reason = REASONS.find(([state]) => states.has(state))?.[1] ?? "none has offered it lately.";
  return new AppError("no-worker", {
    message: `No worker is awake for the model \`${model}\`: ${reason} Try again in a few seconds.`,
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

/** What is told of several workers is what lets one hope most. */
const REASONS: readonly (readonly [string, string])[] = [
  ["starting", "its worker is starting."],
  ["unreachable", "its worker does not answer at the moment."],
  ["drain", "its worker was told to take no new requests."],
  ["draining", "its worker is shutting down."],
  ["leave", "its worker was told to leave."],
  ["lost", "its worker was lost and is expected back."],
  ["left", "its worker has left."],
];

/** Tells of the models there are, but for those whose names nobody is told. */
export function modelNotFound(picture: WorkerPicture, name: string, nowMs: number): AppError {
  const named = picture.models().filter((model) => !picture.hidden.last.has(model.name));
  const awakeIds = new Set(
    picture.ready(nowMs).flatMap((worker) => worker.offers.map((offer) => offer.modelId)),
  );
  const awake = named.filter((model) => awakeIds.has(model.modelId));
  const known = awake.length > 0 ? awake : named;
  const names = known.slice(0, NAMES_SHOWN_MAX).map((model) => `\`${model.name}\``);
  const more = known.length > NAMES_SHOWN_MAX ? ` and ${known.length - NAMES_SHOWN_MAX} more` : "";
  const choice =
    names.length > 0 ? `Choose from ${names.join(", ")}${more}.` : "No model has registered yet.";
  return new AppError("model-not-found", {
    message: `The model \`${name}\` does not exist. ${choice}`,
    param: "model",
  });
}

/** Said to a worker that beats and is not known. */
export function forgotten(): AppError {
  return new AppError("not-found", {
    message: "This controller does not know the worker as awake; register again.",
  });
}
