import type { Reservation } from "@/lib/controller/places";
import { toAppError } from "@/lib/errors";
import type { FinishReason, GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { WorkerCall } from "@/lib/protocol/worker-client";
import type { Attributes, Span, Tracer } from "@/lib/telemetry/trace";
import type { AnyWorkerClient } from "./client-for";

/**
 * Spans of calls to workers, one for each attempt, in OpenTelemetry's words for generative models
 * (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans, status "development"). Numbers, names and ids
 * only: nothing of what the conventions call content.
 */

type Place = Pick<Reservation, "kind" | "workerId" | "address">;

/** The same client, whose calls are told to `tracer`. */
export function traceCalls(client: AnyWorkerClient, place: Place, tracer: Tracer): AnyWorkerClient {
  const begin = (operation: string, model: string, call: WorkerCall, more?: Attributes) =>
    tracer.begin({
      name: `${operation} ${model}`,
      kind: "client",
      parent: call.trace,
      attributes: {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "parley",
        "gen_ai.request.model": model,
        ...toServer(place.address),
        "parley.request.id": call.requestId,
        "parley.worker.id": place.workerId,
        "parley.worker.kind": place.kind,
        ...more,
      },
    });
  /** A call that answers whole. */
  const whole =
    <Request extends { model: string }, Reply extends object>(
      operation: string,
      ask: (address: string, request: Request, call: WorkerCall) => Promise<Reply>,
    ) =>
    async (address: string, request: Request, call: WorkerCall): Promise<Reply> => {
      const span = begin(operation, request.model, call);
      try {
        const reply = await ask(address, request, { ...call, trace: span.headers });
        const read = "promptTokens" in reply ? Number(reply.promptTokens) : undefined;
        span.set({ "gen_ai.response.model": request.model, "gen_ai.usage.input_tokens": read });
        span.end();
        return reply;
      } catch (error) {
        span.end(toAppError(error).code);
        throw error;
      }
    };
  return {
    async generate(address, request, call) {
      const operation = request.prompt === undefined ? "chat" : "text_completion";
      const span = begin(operation, request.model, call, toRequest(request));
      try {
        const traced = { ...call, trace: span.headers };
        return traceEvents(await client.generate(address, request, traced), request.model, span);
      } catch (error) {
        span.end(toAppError(error).code);
        throw error;
      }
    },
    embed: whole("embeddings", client.embed.bind(client)),
    rerank: whole("rerank", client.rerank.bind(client)),
    classify: whole("classify", client.classify.bind(client)),
    tokenize: whole("tokenize", client.tokenize.bind(client)),
    detokenize: whole("detokenize", client.detokenize.bind(client)),
    tokenizerInfo: whole("tokenizer_info", client.tokenizerInfo.bind(client)),
  };
}

function toServer(address: string): Attributes {
  const url = new URL(address);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  return { "server.address": url.hostname, "server.port": port };
}

function toRequest({ sampling, maxTokens, stop, resume }: GenerateRequest): Attributes {
  return {
    "gen_ai.request.stream": true,
    "gen_ai.request.max_tokens": maxTokens,
    "gen_ai.request.temperature": sampling.temperature,
    "gen_ai.request.top_p": sampling.topP,
    "gen_ai.request.top_k": sampling.topK,
    "gen_ai.request.presence_penalty": sampling.presencePenalty,
    "gen_ai.request.frequency_penalty": sampling.frequencyPenalty,
    "gen_ai.request.seed": sampling.seed,
    // The strings themselves are the client's.
    "parley.request.stop_sequences": stop.length,
    "parley.request.resumed_tokens": resume?.tokenIds.length,
  };
}

/** The conventions' names for ends. */
const FINISH: Record<FinishReason, string> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_call",
};

/** Passes the events on, and ends the span with them, whichever way they end. */
function traceEvents(
  events: AsyncGenerator<GenerateEvent>,
  model: string,
  span: Span,
): AsyncGenerator<GenerateEvent> {
  const beganMs = performance.now();
  let written = 0;
  const see = (event: GenerateEvent) => {
    switch (event.type) {
      case "generation-start":
        span.set({
          "gen_ai.response.model": model,
          "gen_ai.usage.input_tokens": event.promptTokens,
        });
        break;
      case "generation-end":
        span.set({
          "gen_ai.usage.input_tokens": event.usage.promptTokens,
          "gen_ai.usage.output_tokens": event.usage.completionTokens,
          "gen_ai.usage.cache_read.input_tokens": event.usage.cachedPromptTokens,
          "gen_ai.response.finish_reasons": [FINISH[event.finishReason]],
        });
        span.end();
        break;
      case "generation-error":
        cut(event.code);
        break;
      default:
        if (!("tokens" in event) || event.type === "prompt-tokens") break;
        if (written === 0) {
          const seconds = (performance.now() - beganMs) / 1_000;
          span.set({ "gen_ai.response.time_to_first_chunk": seconds });
        }
        written += event.tokens;
    }
  };
  const cut = (code: string) => {
    span.set({ "gen_ai.usage.output_tokens": written });
    span.end(code);
  };
  const traced: AsyncGenerator<GenerateEvent> = {
    async next() {
      try {
        const result = await events.next();
        if (!result.done) see(result.value);
        return result;
      } catch (error) {
        cut(toAppError(error).code);
        throw error;
      }
    },
    // After an end this does nothing; before it, whoever read has left.
    return(value) {
      cut("client-closed");
      return events.return(value);
    },
    throw(error) {
      cut(toAppError(error).code);
      return events.throw(error);
    },
    [Symbol.asyncIterator]: () => traced,
    [Symbol.asyncDispose]: async () => void (await traced.return(undefined)),
  };
  return traced;
}
