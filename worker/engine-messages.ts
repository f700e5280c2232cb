import type { EngineOptions } from "@/lib/engine/engine";
import { AppError, type ErrorCode, isAppError, toAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type {
  ClassifyReply,
  ClassifyRequest,
  DetokenizeReply,
  DetokenizeRequest,
  EmbedReply,
  EmbedRequest,
  RerankReply,
  RerankRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
  TokenizerInfoRequest,
} from "@/lib/protocol/text";
import type { ModelOffer } from "@/lib/protocol/worker-card";

/**
 * What the serving thread and an engine's thread tell each other. A call has an id; a generation
 * answers it with events and an end, the others with one reply, any of them with a failure instead.
 */

/** The folder of an engine's thread and how to serve it. */
export type EngineThreadData = { folder: string } & EngineSettings;

/** What an engine's thread is started with. */
export type EngineWorkerData = {
  data: EngineThreadData;
  /** Shared: how many calls the thread has not done with, and how many passes its model has made. */
  underWay: Int32Array;
};

/** Those of the engine's options that a person may set. */
export type EngineSettings = Pick<
  EngineOptions,
  | "threadCount"
  | "slotCount"
  | "mayRunFewerSlots"
  | "contextLengthMax"
  | "weightFile"
  | "kvDtype"
  | "mayVaryWithBatch"
  | "graphCacheFolder"
  | "memoryBytes"
  | "sessionKind"
  | "device"
  | "adapters"
  | "chatTemplate"
>;

export type EngineCall =
  | { type: "generate"; request: GenerateRequest }
  | { type: "embed"; request: EmbedRequest }
  | { type: "rerank"; request: RerankRequest }
  | { type: "classify"; request: ClassifyRequest }
  | { type: "tokenize"; request: TokenizeRequest }
  | { type: "detokenize"; request: DetokenizeRequest }
  | { type: "tokenizer-info"; request: TokenizerInfoRequest };

export type EngineReply =
  | (EmbedReply | RerankReply | ClassifyReply)
  | (TokenizeReply | DetokenizeReply | TokenizerInfoReply);

export type MessageToEngine =
  | { type: "call"; callId: number; call: EngineCall }
  | { type: "abort"; callId: number }
  | { type: "close" };

export type MessageFromEngine =
  | {
      type: "loaded";
      /** The folder's own, then those of adapters over it. */
      offers: ModelOffer[];
      /** Sequences at once that memory has room for. */
      slotCount: number;
      memory: string;
      /** Weights and the whole KV cache. */
      memoryBytes: number;
      /** What the graph was found to be. */
      form: string | undefined;
      warnings: string[];
    }
  /** The folder cannot be served until a person changes something. */
  | { type: "load-failure"; message: string; remedy: string }
  | { type: "event"; callId: number; event: GenerateEvent }
  | { type: "reply"; callId: number; reply: EngineReply }
  | { type: "end"; callId: number }
  | { type: "failure"; callId: number; failure: Failure };

/** An AppError between threads: a structured clone keeps neither its class nor its code. */
export type Failure = {
  code: ErrorCode;
  message: string;
  param: string | undefined;
  retryAfterSeconds: number | undefined;
  /** The stack of what lies beneath, for the log. */
  cause: string | undefined;
};

export function toFailure(thrown: unknown): Failure {
  const { code, message, param, retryAfterSeconds, cause } = toAppError(thrown);
  const beneath = isAppError(thrown) ? cause : thrown;
  const stack = beneath instanceof Error ? (beneath.stack ?? beneath.message) : undefined;
  return { code, message, param, retryAfterSeconds, cause: stack };
}

export function fromFailure({ code, cause, ...options }: Failure): AppError {
  return new AppError(code, { ...options, ...(cause ? { cause: new Error(cause) } : {}) });
}
