import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { explainAbsence, type Likeness, type Wanted } from "./explain-absence";
import type { KnownWorker, Offer, WorkerPicture } from "./worker-picture";

export type Able = { able: KnownWorker[]; modelId: string };

/**
 * Workers that take requests and can do all that is wanted. Where those of one model differ in how much
 * they hold, only those that hold this request, as far as its length can be guessed; where none does by
 * the guess, all: what it truly is, a worker says.
 *
 * @throws AppError `model-not-found`, `not-supported` or `no-worker`, with the reason.
 */
export function findAbleWorkers(picture: WorkerPicture, wanted: Wanted, nowMs: number): Able {
  const modelId = picture.model(wanted.model)?.modelId;
  const { features, tokens = 0, contextOver = 0, via = [], like } = wanted;
  const offerOf = (worker: KnownWorker) => worker.offers.find((it) => it.modelId === modelId);
  const holds = (worker: KnownWorker, least: number) =>
    (offerOf(worker)?.contextLength ?? 0) >= least;
  const offering = picture
    .ready(nowMs)
    .filter((worker) => isAble(offerOf(worker), features) && isLike(worker, offerOf(worker), like));
  if (modelId === undefined || offering.length === 0) throw explainAbsence(picture, wanted, nowMs);
  // A Parley would hand back what came by way of it, or of one beneath it.
  const elsewhere = offering.filter(({ parleys }) => !parleys.some((id) => via.includes(id)));
  if (elsewhere.length === 0) throw cameFromThere(wanted.model);
  // A worker whose own server is this platform would be asked for what it asks for.
  const able = elsewhere.filter(({ instanceId }) => !via.includes(instanceId));
  if (able.length === 0) throw goesRound(wanted.model);
  const longer = contextOver === 0 ? able : able.filter((it) => holds(it, contextOver + 1));
  if (longer.length === 0) {
    throw new AppError("no-worker", {
      message: `The worker of the model \`${wanted.model}\` that holds more than ${contextOver} tokens is not awake any more. Try again in a few seconds, or shorten the request.`,
      retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
    });
  }
  const fitting = tokens === 0 ? longer : longer.filter((it) => holds(it, tokens));
  return { able: fitting.length > 0 ? fitting : longer, modelId };
}

function cameFromThere(model: string): AppError {
  return new AppError("no-worker", {
    message: `No worker is awake for the model \`${model}\` but by way of the Parley that the request came from. Try again in a few seconds.`,
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

function goesRound(model: string): AppError {
  return new AppError("loop-detected", {
    message: `The model \`${model}\` is served by a worker that stands before this very platform, and asks it for the same model. Give the worker another server (--base-url, or baseUrl in its file of models), or another name to ask for.`,
    param: "model",
  });
}

function isLike(
  { instanceId }: KnownWorker,
  offer: Offer | undefined,
  like: Likeness | undefined,
): boolean {
  if (like === undefined || offer === undefined) return like === undefined;
  const isSame = offer.build === like.build && offer.contextLength >= like.contextLength;
  return isSame && !like.failedInstances.has(instanceId);
}

function isAble(offer: Offer | undefined, features: Wanted["features"]): boolean {
  return offer !== undefined && features.every((it) => offer.features.includes(it));
}
