import type { Controller } from "@/lib/controller/controller";
import { AppError } from "@/lib/errors";
import { AUTO_MODEL } from "@/lib/protocol/routing";
import type {
  DetokenizeReply,
  DetokenizeRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
  TokenizerInfoRequest,
} from "@/lib/protocol/text";
import type { Via } from "@/lib/protocol/via";
import type { WorkerCall } from "@/lib/protocol/worker-client";
import type { Meter } from "@/lib/usage/meter";
import type { StopSignal } from "@/lib/util/stop";
import { tryWorkers } from "./attempts";
import { toWorkerCall } from "./call-worker";
import type { Candidate } from "./candidate";
import { type AnyWorkerClient, clientFor } from "./client-for";
import { router as processRouter, type Router } from "./router";
import { tokenizerGate } from "./tokenizer-gate";
import { tryModels } from "./try-models";

/** What is asked of a model's tokenizer: no token is drawn, and no slot is taken. */

export type TokenizerOptions<Request> = {
  controller: Controller;
  request: Request;
  signal: StopSignal;
  meter?: Meter | undefined;
  /** This model and no other, whatever `request.model` says. */
  pinned?: Candidate;
  router?: Router;
  /** By way of which Parleys it came here. */
  via?: Via | undefined;
};

export type TokenizeOptions = TokenizerOptions<TokenizeRequest>;

/**
 * A text or a conversation as the model's tokens.
 *
 * @throws AppError `model-not-found`, `no-worker`, `overloaded`, …
 */
export function tokenize(options: TokenizeOptions): Promise<TokenizeReply & { model: string }> {
  return askTokenizer(options, ({ client, address }, request, call) =>
    client.tokenize(address, request, call),
  );
}

/** Tokens as the text they stand for. Throws as `tokenize`, and `invalid-request` for `auto`. */
export async function detokenize(
  options: TokenizerOptions<DetokenizeRequest>,
): Promise<DetokenizeReply & { model: string }> {
  if (options.request.model === AUTO_MODEL) {
    const message = `The same tokens are another text to each model, and \`${AUTO_MODEL}\` may be any. Name the model that they are of.`;
    throw new AppError("invalid-request", { message, param: "model" });
  }
  return askTokenizer(options, ({ client, address }, request, call) =>
    client.detokenize(address, request, call),
  );
}

/** What the tokenizer's own files say. Throws as `tokenize`. */
export function readTokenizerInfo(
  options: TokenizerOptions<TokenizerInfoRequest>,
): Promise<TokenizerInfoReply & { model: string }> {
  return askTokenizer(options, ({ client, address }, request, call) =>
    client.tokenizerInfo(address, request, call),
  );
}

/** Of an alias it is always the heaviest target that is asked, since the same text must come to the same tokens. */
async function askTokenizer<Request extends { model: string }, Reply extends object>(
  {
    controller,
    request,
    signal,
    meter,
    pinned,
    router,
    via = meter?.via,
  }: TokenizerOptions<Request>,
  ask: (
    at: { client: AnyWorkerClient; address: string },
    request: Request,
    call: WorkerCall,
  ) => Promise<Reply>,
): Promise<Reply & { model: string }> {
  const features = ["tokenize"] as const;
  // What `auto` would answer with, and no model that only reads.
  const wanted = ["chat", ...features] as const;
  const { candidates } = pinned
    ? { candidates: [pinned] }
    : await (router ?? processRouter()).plan({
        ...{ controller, asked: request.model, ask: {}, features: wanted, meter, isDrawn: false },
      });
  const requestId = meter?.requestId;
  const { answer, candidate } = await tryModels(
    { controller, candidates, signal, requestId },
    async ({ model, names, like }) => {
      const attempts = { controller, requestId, model, names, features, signal, meter, via, like };
      const lane = meter?.caller.owner ?? "";
      const leave = await tokenizerGate().enter({ model, lane, signal });
      try {
        return await tryWorkers({ ...attempts, takesSlot: false }, async (reservation) => {
          const call = await toWorkerCall(reservation, {
            requestId,
            signal,
            via,
            trace: meter?.trace,
          });
          const at = { client: clientFor(reservation), address: reservation.address };
          return ask(at, { ...request, model }, call);
        });
      } finally {
        leave();
      }
    },
  );
  return {
    ...held(answer, controller.contextLengthMaxOf(candidate.model)),
    model: candidate.model,
  };
}

/** What is told of the context is what is served of it. */
function held<Reply extends object>(reply: Reply, most: number | undefined): Reply {
  if (most === undefined || !("contextLength" in reply)) return reply;
  return { ...reply, contextLength: Math.min(Number(reply.contextLength), most) };
}
