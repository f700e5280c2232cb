import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Engine } from "@/lib/engine/engine";
import type { SequenceEvent } from "@/lib/engine/sequence";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { type Message, messageText } from "@/lib/protocol/message";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { assert, unreachable } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
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
    memory: engine.model.memory.summary,
    warnings: [...engine.model.warnings, ...warnings],
  });
}

/** The engine, or undefined after saying why not. What is no StartError ends the thread. */
async function loadEngine(data: EngineThreadData, post: (message: MessageFromEngine) => void) {
  try {
    return await Engine.load(data.folder, data);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    post({ type: "load-failure", message: error.message, remedy: error.remedy });
    return undefined;
  }
}

function toOffer(engine: Engine, description: ModelOffer["description"]): ModelOffer {
  const { files, runner } = engine.model;
  const givesEmbeddings = runner.signature.hiddenSize !== undefined;
  return {
    name: files.name,
    build: files.build,
    contextLength: files.contextLength,
    features: givesEmbeddings ? ["chat", "embeddings", "tokenize"] : ["chat", "tokenize"],
    description,
  };
}

async function* generate(
  engine: Engine,
  offer: ModelOffer,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent> {
  const { sampling, stop, maxTokens } = request;
  const messages = toChatMessages(request.messages);
  for await (const event of engine.generate({ messages, sampling, stop, maxTokens }, signal)) {
    yield toGenerateEvent(event, offer);
  }
}

function toGenerateEvent(event: SequenceEvent, offer: ModelOffer): GenerateEvent {
  switch (event.type) {
    case "sequence-start":
      return {
        type: "generation-start",
        model: offer.name,
        build: offer.build,
        promptTokens: event.promptTokenCount,
        sampling: event.sampling,
        maxTokens: event.completionTokenCountMax,
      };
    case "text-delta":
      return { type: "text-delta", text: event.text, tokens: event.tokenCount };
    case "sequence-end":
      return {
        type: "generation-end",
        finishReason: event.finishReason,
        usage: {
          promptTokens: event.promptTokenCount,
          completionTokens: event.completionTokenCount,
        },
        timing: {
          queuedMs: event.queuedMs,
          firstTokenMs: event.firstTokenMs,
          durationMs: event.durationMs,
        },
      };
    case "token":
    case "prompt-log-probabilities":
      assert(false, "no request of the protocol asks for log-probabilities");
      break;
    default:
      return unreachable(event);
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
      return { ids, contextLength: engine.model.files.contextLength };
    }
    case "detokenize":
      return { text: engine.decode(call.request.ids) };
    default:
      return unreachable(call);
  }
}

function toChatMessages(messages: readonly Message[]) {
  return messages.map((message) => ({ role: message.role, content: messageText(message) }));
}
