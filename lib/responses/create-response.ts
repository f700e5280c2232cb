import type { ApiCaller } from "@/lib/auth/api-caller";
import { type Generation, generate } from "@/lib/gateway/generate";
import { includesLogProbabilities, type ResponseRequest } from "@/lib/openai/responses/request";
import { inResponseWords } from "@/lib/openai/responses/wire-param";
import { toSession } from "@/lib/openai/session";
import { toRouteAsk } from "@/lib/protocol/routing";
import { log } from "@/lib/telemetry/log";
import type { Meter } from "@/lib/usage/meter";
import { BackgroundRun } from "./background-run";
import { toAskedEntry } from "./event-log";
import { ForegroundRun } from "./foreground-run";
import { type PreparedResponse, prepareResponse } from "./prepare-response";
import type { Responses } from "./responses";
import { deleteResponse, insertResponse } from "./store";

export type CreateOptions = {
  responses: Responses;
  request: ResponseRequest;
  api: ApiCaller;
  meter: Meter;
  requestId: string;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
};

/**
 * Makes a response for a client that waits for it. It resolves with the first token; what goes wrong
 * before leaves nothing stored.
 *
 * @throws AppError with the names of this API
 */
export async function createResponse(options: CreateOptions): Promise<ForegroundRun> {
  const { responses, request, api, meter, requestId, signal } = options;
  const { db, open } = responses;
  const { owner } = api;
  const prepared = await prepareResponse({
    ...{ db, owner, request, requestId, signal },
    meterId: meter.id,
  });
  const { body, input } = prepared;
  if (body.store) {
    await insertResponse(db, { id: body.id, owner, body, input, events: [] });
    open.add(body);
  }
  try {
    const generation = await begin(options, prepared, signal);
    return new ForegroundRun({ ...{ body, open, generation, signal }, ...tellsOf(request) });
  } catch (error) {
    if (body.store) await forget(options, body.id);
    throw inResponseWords(error);
  }
}

/** Begins a response that nobody waits for, but for its images. @throws AppError with the names of this API */
export async function createBackgroundResponse(options: CreateOptions): Promise<BackgroundRun> {
  const { responses, request, api, meter, requestId, signal } = options;
  const { db, open } = responses;
  const { owner } = api;
  const release = responses.takePlace(owner);
  try {
    const prepared = await prepareResponse({
      ...{ db, owner, request, requestId, signal },
      meterId: meter.id,
    });
    const { body, input } = prepared;
    await insertResponse(db, { id: body.id, owner, body, input, events: [toAskedEntry(body)] });
    const run = new BackgroundRun(
      { ...{ body, open, closeMeter: meter.hold() }, ...tellsOf(request) },
      // Nobody need wait for it, but its key must stay good.
      (signal) => begin(options, prepared, AbortSignal.any([signal, meter.signal])),
    );
    responses.keep(run);
    void run.ended.finally(release);
    return run;
  } catch (error) {
    release();
    throw inResponseWords(error);
  }
}

function tellsOf(request: ResponseRequest) {
  return { includesLogProbabilities: includesLogProbabilities(request) };
}

function begin(
  { responses, request, meter }: CreateOptions,
  prepared: PreparedResponse,
  signal: AbortSignal,
): Promise<Generation> {
  const { controller } = responses;
  const route = toRouteAsk(request);
  const session = toSession(request);
  return generate({ controller, request: prepared.request, signal, meter, route, session });
}

/** A request that was refused leaves no response behind. */
async function forget({ responses, api }: CreateOptions, id: string): Promise<void> {
  responses.open.remove(id);
  try {
    await deleteResponse(responses.db, api.owner, id);
  } catch (error) {
    // The client hears of its own error; the row is ended by the sweep.
    log.warn({ err: error, responseId: id }, "refused response not deleted");
  }
}
