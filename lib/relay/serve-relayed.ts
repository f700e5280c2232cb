import type { Controller } from "@/lib/controller/controller";
import { AppError, type ErrorCode, toAppError } from "@/lib/errors";
import { type Candidate, pinTo } from "@/lib/gateway/candidate";
import { generate } from "@/lib/gateway/generate";
import { notServed } from "@/lib/gateway/not-served";
import type { GenerateEvent, GenerationEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import type { Via } from "@/lib/protocol/via";
import { visibilityOf } from "@/lib/protocol/visibility";
import type { WorkerHealth } from "@/lib/protocol/worker-error";
import type { Meter } from "@/lib/usage/meter";
import { assert } from "@/lib/util/assert";
import { type Relay, relay } from "./relay";

/**
 * What the Parley above asks of this one as of a worker. It goes through the same gateway as everybody's
 * requests: its turn in the queue, another worker where one fails, limits of models, a record of what was
 * used. Names are those of models alone: aliases and fallbacks are for whoever asks up there.
 */

export type Relayed<Request> = {
  request: Request;
  via: Via;
  signal: AbortSignal;
  meter: Meter;
};

/**
 * The relay, ready for a request that came this way.
 *
 * @throws AppError `overloaded` where it takes none, `no-worker` for one that has been here before.
 */
export function enterRelay(via: Via): Relay {
  const serving = relay();
  assert(serving, "the door to a relay that is not there is shut");
  serving.checkServing();
  if (!via.includes(serving.installationId)) return serving;
  throw new AppError("no-worker", {
    message:
      "The request has come through this Parley before: Parleys are registered at one another in a ring.",
  });
}

/** @throws AppError `unavailable` before this process knows who it is. */
export function readRelayHealth(): WorkerHealth {
  const health = relay()?.health;
  if (health !== undefined) return health;
  throw new AppError("unavailable", {
    message: "This Parley has not read its database yet. Try again in a few seconds.",
  });
}

/**
 * A Parley above asks for names that it was told; it may have been told of one before that was hidden or shut.
 *
 * @throws AppError `model-not-found` of what is named nowhere, `forbidden` of what programs may not ask for.
 */
async function expectOffered({ controller }: Relay, model: string): Promise<void> {
  if (await controller.findHidden([model])) throw await controller.unknownModel(model);
  const { settings } = await controller.catalog();
  if (!visibilityOf(settings.get(model), undefined).api) throw notServed(model);
}

/**
 * The events of an answer as a worker tells them. They begin when the request has been taken, which may be
 * long before the first of them: whoever called must know a Parley that is busy from one that is dead.
 */
export function generateRelayed(relayed: Relayed<GenerateRequest>): AsyncIterable<GenerateEvent> {
  return readEvents(enterRelay(relayed.via), relayed);
}

async function* readEvents(
  serving: Relay,
  { request, via, signal, meter }: Relayed<GenerateRequest>,
): AsyncGenerator<GenerateEvent, undefined> {
  try {
    await expectOffered(serving, request.model);
    const { events } = await generate({
      ...{ controller: serving.controller, request, signal, meter, via },
      pinned: pinTo(request.model, serving.likenessOf(request.model)),
      // Those who may share keys and values up there may do so here.
      ...(request.cacheSalt !== undefined && { cacheScope: `relayed ${request.cacheSalt}` }),
    });
    for await (const event of events) {
      const told = toWorkerEvent(event, serving);
      if (told) yield told;
    }
  } catch (thrown) {
    const { code, message, param, retryable } = toRelayedError(thrown);
    meter.fail(code);
    yield { type: "generation-error", code, message, ...(param && { param }), retryable };
  }
  return undefined;
}

/** The load is that of all workers here; that another of them went on with the answer is nobody's concern. */
function toWorkerEvent(event: GenerationEvent, serving: Relay): GenerateEvent | undefined {
  if (event.type === "generation-resumed") return undefined;
  if (event.type !== "generation-start" && event.type !== "generation-end") return event;
  return { ...event, load: serving.load() };
}

/** Limits that keepers here set to a model are no limits of the caller's: to whom it is a worker that has no room. */
const OUT_OF_ROOM: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["rate-limited", "quota-exceeded"]);

/** An error as a worker would have it. */
export function toRelayedError(thrown: unknown): AppError {
  const error = toAppError(thrown);
  if (!OUT_OF_ROOM.has(error.code)) return error;
  const { message, retryAfterSeconds } = error;
  return new AppError("overloaded", { message, retryAfterSeconds, cause: error });
}

type Call<Request> = Relayed<Request> & { controller: Controller; pinned: Candidate };

/**
 * A call that is answered whole, by the gateway's function for it; with the load of all workers here.
 *
 * @throws AppError as a worker would have it.
 */
export async function callRelayed<Request extends { model: string }, Reply>(
  relayed: Relayed<Request>,
  call: (options: Call<Request>) => Promise<Reply>,
): Promise<{ reply: Reply; load: LiveLoadReport }> {
  const serving = enterRelay(relayed.via);
  const { controller } = serving;
  try {
    const { model } = relayed.request;
    await expectOffered(serving, model);
    const pinned = pinTo(model, serving.likenessOf(model));
    const reply = await call({ ...relayed, controller, pinned });
    return { reply, load: serving.load() };
  } catch (error) {
    throw toRelayedError(error);
  }
}
