import type { Reservation } from "@/lib/controller/places";
import { AppError } from "@/lib/errors";
import { fastchatClient } from "@/lib/fastchat/fastchat-client";
import { type WorkerCall, type WorkerClient, workerClient } from "@/lib/protocol/worker-client";
import { tracer } from "@/lib/telemetry/trace";
import { toAbortSignal } from "@/lib/util/stop";
import { traceCalls } from "./trace-calls";

/** What a request may ask of a worker, whatever protocol it speaks. */
export type AnyWorkerClient = Pick<
  WorkerClient,
  "generate" | "embed" | "rerank" | "classify" | "tokenize" | "detokenize" | "tokenizerInfo"
>;

/** The client in the protocol of the worker at a place. */
export function clientFor(
  place: Pick<Reservation, "kind" | "workerId" | "address" | "offer">,
): AnyWorkerClient {
  const client = place.kind === "fastchat" ? toFastchat(place) : workerClient();
  const active = tracer();
  return active === undefined ? client : traceCalls(client, place, active);
}

/** FastChat's protocol has no word for the rest; a worker of its offers no feature that would lead here. */
function toFastchat({ workerId, offer }: Pick<Reservation, "workerId" | "offer">): AnyWorkerClient {
  const at = (address: string) => ({ workerId, address, offer });
  return {
    generate: (address, request, call) =>
      fastchatClient().generate(at(address), request, withRealSignal(call)),
    embed: (address, request, call) =>
      fastchatClient().embed(at(address), request, withRealSignal(call)),
    rerank: notSupported,
    classify: notSupported,
    tokenize: notSupported,
    detokenize: notSupported,
    tokenizerInfo: notSupported,
  };
}

/** That client hands it to `fetch` and its like. */
function withRealSignal(call: WorkerCall) {
  return { ...call, signal: toAbortSignal(call.signal) };
}

async function notSupported(): Promise<never> {
  throw new AppError("not-supported", {
    message: "The worker of this model speaks FastChat's protocol, which has no word for this.",
    param: "model",
  });
}
