import type { Controller } from "@/lib/controller/controller";
import { env } from "@/lib/env";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import { workerClient } from "@/lib/protocol/worker-client";
import type { Meter } from "@/lib/usage/meter";
import { tryWorkers } from "./attempts";

export type TokenizeOptions = {
  controller: Controller;
  request: TokenizeRequest;
  signal: AbortSignal;
  meter?: Meter | undefined;
};

/**
 * A text or a conversation as the model's tokens.
 *
 * @throws AppError `model-not-found`, `no-worker`, `overloaded`, …
 */
export async function tokenize({
  controller,
  request,
  signal,
  meter,
}: TokenizeOptions): Promise<TokenizeReply> {
  const { model } = request;
  const attempts = {
    controller,
    requestId: undefined,
    model,
    features: ["tokenize"],
    signal,
    meter,
  } as const;
  return tryWorkers(attempts, async ({ address, release }) => {
    const secret = env().PARLEY_WORKER_SECRET ?? "";
    const reply = await workerClient().tokenize(address, request, { secret, signal });
    release();
    return reply;
  });
}
