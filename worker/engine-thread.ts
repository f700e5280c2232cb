import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Engine } from "@/lib/engine/engine";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { assert, unreachable } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import { toChatMessages, toEngineRequest, toGenerateEvent } from "./engine-events";
import {
  type EngineCall,
  type EngineReply,
  type EngineThreadData,
  type MessageFromEngine,
  type MessageToEngine,
  toFailure,
} from "./engine-messages";
import { readModelDescription } from "./model-description";

/**
 * The entry of an engine's thread: one model folder. onnxruntime holds its thread for the length of a
 * step, so the engine lives here and the HTTP server elsewhere; between two steps this thread reads
 * its messages.
 */

assert(parentPort, "this file is the entry of a worker thread");
// `createOnnxBackend` is the only one to start this file, with data of this type.
await run(parentPort, workerData as EngineThreadData);

async function run(port: MessagePort, data: EngineThreadData): Promise<void> {
  const post = (message: MessageFromEngine) => port.postMessage(message);
  const engine = await loadEngine(data, post);
  if (!engine) return;
  const { description, warnings } = await readModelDescription(
    data.folder,
    engine.model.files.weightForm,
  );
  const offer = toOffer(engine, description);
  const calls = new Map<number, AbortController>();
  const handle = async (callId: number, call: EngineCall): Promise<void> => {
    const abort = new AbortController();
    calls.set(callId, abort);
    try {
      if (call.type === "generate") {
        for await (const event of generate(engine, offer, call.request, abort.signal)) {
          post({ type: "event", callId, event });
        }
        post({ type: "end", callId });
      } else {
        post({ type: "reply", callId, reply: await answer(engine, call, abort.signal) });
      }
    } catch (thrown) {
      post({ type: "failure", callId, failure: toFailure(thrown) });
    } finally {
      calls.delete(callId);
    }
  };
  port.on("message", (message: MessageToEngine) => {
    if (message.type === "call") void handle(message.callId, message.call);
    else if (message.type === "abort") calls.get(message.callId)?.abort();
    // Closing the port leaves the thread with nothing to wait for.
    else void engine.close().finally(() => port.close());
  });
  post({
    type: "loaded",
    offer,
    slotCount: engine.model.memory.slotCount,
    memory: engine.model.memory.summary,
    memoryBytes: engine.model.memory.bytes,
    warnings: [...engine.model.warnings, ...warnings],
  });
}

/** The engine, or undefined after saying why not. What is no StartError ends the thread. */
async function loadEngine(data: EngineThreadData, post: (message: MessageFromEngine) => void) {
  try {
    const { folder, ...options } = data;
    return await Engine.load(folder, options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    post({ type: "load-failure", message: error.message, remedy: error.remedy });
    return undefined;
  }
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
