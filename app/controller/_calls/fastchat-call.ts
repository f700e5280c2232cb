import * as z from "zod";
import { fastchatFleet } from "@/lib/controller/fastchat-fleet";
import { AppError, isAppError } from "@/lib/errors";
import {
  fastchatHeartbeatSchema,
  fastchatRegistrationSchema,
  workerAddressBodySchema,
} from "@/lib/fastchat/controller-wire";
import { FASTCHAT_REFUSAL_TOLD_EVERY_MS } from "@/lib/fleet-limits";
import { authenticateFastchat } from "@/lib/http/authenticate-fastchat";
import { jsonReply } from "@/lib/http/reply";
import { type RouteContext, type RouteHandler, route } from "@/lib/http/route";
import { log } from "@/lib/telemetry/log";

/**
 * A controller of FastChat's as its workers and tools see it (fastchat/serve/controller.py). What makes that
 * one a worker of another controller (`/worker_get_status`, `/worker_generate_stream`) is not here: FastChat's
 * own API server cannot work through it, and one Parley joins another in our own protocol.
 */

/** The token is part of the path: no log may have it. */
const BASE = { shape: "fastchat", caller: "anyone", hidesPath: true } as const;

const at = (call: string) => ({ ...BASE, name: `/controller/${call}` });

type Calls = Record<string, RouteHandler>;

const POSTS: Calls = {
  register_worker: route(
    { ...at("register_worker"), body: fastchatRegistrationSchema },
    async ({ body }) => {
      await fastchatFleet().register(body);
      return jsonReply(null);
    },
  ),
  receive_heart_beat: route(
    { ...at("receive_heart_beat"), body: fastchatHeartbeatSchema, isRoutine: true },
    async ({ body }) => jsonReply({ exist: await fastchatFleet().heartbeat(body) }),
  ),
  get_worker_address: route(
    { ...at("get_worker_address"), body: workerAddressBodySchema },
    async ({ body }) => jsonReply({ address: await fastchatFleet().getWorkerAddress(body.model) }),
  ),
  refresh_all_workers: route(at("refresh_all_workers"), async () => {
    await fastchatFleet().refresh();
    return jsonReply(null);
  }),
  list_models: route({ ...at("list_models"), isRoutine: true }, async () =>
    jsonReply({ models: await fastchatFleet().listModels() }),
  ),
  list_language_models: route({ ...at("list_language_models"), isRoutine: true }, async () =>
    jsonReply({ models: await fastchatFleet().listModels() }),
  ),
  // No worker is asked for anything but text here, whatever it could do.
  list_multimodal_models: route({ ...at("list_multimodal_models"), isRoutine: true }, () =>
    jsonReply({ models: [] }),
  ),
};

const GETS: Calls = {
  test_connection: route({ ...at("test_connection"), isRoutine: true }, () => jsonReply("success")),
};

/** Which call a path is, once its token is found right; else what refuses it. */
async function findHandler(
  request: Request,
  context: RouteContext | undefined,
): Promise<RouteHandler> {
  const { call: parts } = (await context?.params) ?? {};
  const [first = "", second, ...more] = z.array(z.string()).catch([]).parse(parts);
  const [token, name] = second === undefined ? [undefined, first] : [first, second];
  try {
    authenticateFastchat(request, token);
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (error.code !== "not-found") tellRefusal(error.message);
    return refuse(error);
  }
  const [calls, others] = request.method === "POST" ? [POSTS, GETS] : [GETS, POSTS];
  const handler = Object.hasOwn(calls, name) && more.length === 0 ? calls[name] : undefined;
  if (handler !== undefined && ["GET", "POST"].includes(request.method)) return handler;
  return refuse(
    Object.hasOwn(others, name)
      ? new AppError("method-not-allowed", { message: "This call takes another method." })
      : new AppError("not-found", { message: "A controller of FastChat's has no such call." }),
  );
}

/** When a refusal was last told. */
let toldMs = Number.NEGATIVE_INFINITY;

/** A worker shows of an answer little more than that it was refused, so the reason stands here; but anybody can be refused, as often as they like. */
function tellRefusal(reason: string): void {
  const nowMs = performance.now();
  const isDue = nowMs - toldMs >= FASTCHAT_REFUSAL_TOLD_EVERY_MS;
  if (isDue) toldMs = nowMs;
  log[isDue ? "warn" : "debug"]({ reason }, "FastChat worker refused");
}

function refuse(error: AppError): RouteHandler {
  return route({ ...BASE, name: "/controller/*" }, (): Response => {
    throw error;
  });
}

/** Answers every call at every path below /controller. */
export const fastchatCall: RouteHandler = async (request, context) => {
  const handler = await findHandler(request, context);
  return handler(request, context);
};
