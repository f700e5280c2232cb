import type { Controller } from "@/lib/controller/controller";
import { env } from "@/lib/env";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import { workerClient } from "@/lib/protocol/worker-client";
import type { Meter } from "@/lib/usage/meter";
import { tryWorkers } from "./attempts";
import type { Candidate } from "./candidate";
import { router as processRouter, type Router } from "./router";
import { tryModels } from "./try-models";

export type TokenizeOptions = {
  controller: Controller;
  request: TokenizeRequest;
  signal: AbortSignal;
  meter?: Meter | undefined;
  /** This model and no other, whatever `request.model` says. */
  pinned?: Candidate;
  router?: Router;
};

/**
 * A text or a conversation as the model's tokens. Of an alias it is always the heaviest target that
 * counts, since the same text must come to the same number.
 *
 * @throws AppError `model-not-found`, `no-worker`, `overloaded`, …
 */
export async function tokenize(
  options: TokenizeOptions,
): Promise<TokenizeReply & { model: string }> {
  const { controller, request, signal, meter, pinned } = options;
  const features = ["tokenize"] as const;
  const { candidates } = pinned
    ? { candidates: [pinned] }
    : await (options.router ?? processRouter()).plan({
        ...{ controller, asked: request.model, ask: {}, features, meter, isDrawn: false },
      });
  const requestId = meter?.requestId;
  const { answer, candidate } = await tryModels(
    { controller, candidates, signal, requestId },
    ({ model, names }) => {
      const attempts = { controller, requestId, model, names, features, signal, meter };
      return tryWorkers({ ...attempts, takesSlot: false }, async ({ address, release }) => {
        const secret = env().PARLEY_WORKER_SECRET ?? "";
        const call = { secret, signal };
        const reply = await workerClient().tokenize(address, { ...request, model }, call);
        release();
        return reply;
      });
    },
  );
  return { ...answer, model: candidate.model };
}
