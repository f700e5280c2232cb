import { Engine } from "@/lib/engine/engine";
import { AppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { unreachable } from "@/lib/util/assert";
import { toChatMessages, toEngineRequest, toGenerateEvent } from "./engine-events";
import type { EngineCall, EngineReply, EngineThreadData } from "./engine-messages";
import { readModelDescription } from "./model-description";
import type { ServedModel } from "./served-model";

/**
 * A folder whose graph writes.
 *
 * @throws StartError when it cannot be served.
 */
export async function serveDecoder(data: EngineThreadData): Promise<ServedModel> {
  const { folder, ...options } = data;
  const engine = await Engine.load(folder, options);
  const { files, memory, warnings } = engine.model;
  const card = await readModelDescription(folder, files.weightForm);
  const offer = toOffer(engine, card.description);
  return {
    offer,
    slotCount: memory.slotCount,
    memory,
    warnings: [...warnings, ...card.warnings],
    generate: (request, signal) => generate(engine, offer, request, signal),
    answer: (call, signal) => answer(engine, call, signal),
    close: () => engine.close(),
  };
}

function toOffer(engine: Engine, description: ModelOffer["description"]): ModelOffer {
  const { files, runner, contextLength, isBatchInvariant } = engine.model;
  const givesEmbeddings = runner.signature.hiddenSize !== undefined;
  return {
    name: files.name,
    build: files.build,
    contextLength,
    features: [
      "chat",
      ...(givesEmbeddings ? (["embeddings"] as const) : []),
      ...(["tokenize", "log-probabilities"] as const),
    ],
    // Only the exception is worth saying.
    description: isBatchInvariant ? description : { ...description, isBatchInvariant },
  };
}

async function* generate(
  engine: Engine,
  offer: ModelOffer,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent> {
  const source = { offer, bytesOf: (id: number) => engine.model.tokenBytes.get(id).bytes };
  for await (const event of engine.generate(toEngineRequest(request), signal)) {
    yield toGenerateEvent(event, source);
  }
}

async function answer(
  engine: Engine,
  call: Exclude<EngineCall, { type: "generate" }>,
  signal: AbortSignal,
): Promise<EngineReply> {
  switch (call.type) {
    case "embed": {
      const { embeddings, tokenCount } = await engine.embed(call.request.inputs, signal);
      return { embeddings, promptTokens: tokenCount };
    }
    case "rerank":
    case "classify":
      throw new AppError("not-supported", {
        message: `The model ${engine.model.files.name} cannot be asked for ${call.type}: by its graph it is for writing text.`,
        param: "model",
      });
    case "tokenize": {
      const ids =
        "text" in call.request
          ? engine.encodeText(call.request.text)
          : engine.encodeMessages(toChatMessages(call.request.messages));
      return { ids, contextLength: engine.model.contextLength };
    }
    case "detokenize":
      return { text: engine.decode(call.request.ids) };
    default:
      return unreachable(call);
  }
}
