import type { Asked } from "./stand-in-server";

/** In what the servers of OpenAI's wire differ, as their documentation and sources have it. */

export type ServedStandIn = {
  id: string;
  contextLength: number;
  kind: "chat" | "embeddings" | "rerank";
  /** Reasons before it answers. */
  reasons?: boolean;
  sees?: boolean;
  /** Tells how well documents answer a query, and writes nothing. */
  ranks?: boolean;
};

export type ErrorWords = { message: string; code?: string; param?: string };

export type Guise = {
  /** Fields of a body that are acted upon beside those that all have; others are passed over, as servers do. */
  knows: ReadonlySet<string>;
  /** Under which name reasoning is told; "inline": in the text, between marks. */
  reasoning: "reasoning_content" | "reasoning" | "inline";
  /** What is told of the stop string that was found. */
  stopField: "stop_reason" | "matched_stop" | undefined;
  /** Tells tokens' bytes and ids with their scores. */
  tellsBytes: boolean;
  tellsIds: boolean;
  /** A call comes in one piece, and always under index 0. */
  sendsWholeCalls: boolean;
  /** `logprobs` of completions are in the form of chats. */
  hasChatScoresOnly?: boolean;
  toListed(model: ServedStandIn): object;
  /** What it tells of itself under paths of its own; undefined: no such path. */
  tell(asked: Asked, models: readonly ServedStandIn[]): unknown;
  toError(status: number, words: ErrorWords): unknown;
};

export const GUISE_NAMES = [
  ...(["generic", "vllm", "sglang", "tgi", "llama.cpp", "ollama", "lm-studio", "localai"] as const),
  "parley",
] as const;
export type GuiseName = (typeof GUISE_NAMES)[number];

const listed =
  (owner: string, more: (model: ServedStandIn) => object = () => ({})) =>
  (model: ServedStandIn) => ({
    ...{ id: model.id, object: "model", created: 1_750_000_000, owned_by: owner },
    ...more(model),
  });

const openAiError = (status: number, { message, code, param }: ErrorWords) => ({
  error: {
    message,
    type: status >= 500 ? "server_error" : "invalid_request_error",
    param: param ?? null,
    code: code ?? null,
  },
});

const numberedError = (status: number, { message, param }: ErrorWords) => ({
  error: { message, type: "BadRequestError", param: param ?? null, code: status },
});

const GENERIC: Guise = {
  knows: new Set(["logprobs", "response_format", "tools", "tool_choice", "seed"]),
  reasoning: "reasoning_content",
  stopField: undefined,
  tellsBytes: true,
  tellsIds: false,
  sendsWholeCalls: false,
  toListed: listed("somebody"),
  tell: () => undefined,
  toError: openAiError,
};

const ENGINE_FIELDS = [
  ...["logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "seed"],
  ...["top_k", "min_p", "repetition_penalty", "logit_bias", "stop_token_ids", "ignore_eos"],
  ...["min_tokens", "echo", "prompt_ids", "reasoning_effort", "chat_template_kwargs"],
];

const withMaxLength = (model: ServedStandIn) => ({
  ...{ root: `org/${model.id}`, max_model_len: model.contextLength },
});

export const GUISES: Record<GuiseName, Guise> = {
  generic: GENERIC,
  vllm: {
    ...GENERIC,
    knows: new Set([
      ...[...ENGINE_FIELDS, "structured_outputs", "continuous_usage_stats"],
      ...["return_tokens_as_token_ids", "return_token_ids"],
    ]),
    stopField: "stop_reason",
    toListed: listed("vllm", withMaxLength),
    tell: ({ path }) => (path === "/version" ? { version: "0.12.0" } : undefined),
    toError: numberedError,
  },
  sglang: {
    ...GENERIC,
    knows: new Set([...ENGINE_FIELDS, "regex", "separate_reasoning", "continuous_usage_stats"]),
    stopField: "matched_stop",
    toListed: listed("sglang", withMaxLength),
    tell: ({ path }, models) => {
      if (path === "/get_model_info") {
        const [model] = models;
        return {
          ...{ model_path: `org/${model?.id}`, is_generation: model?.kind === "chat" },
          has_image_understanding: model?.sees === true,
        };
      }
      if (path !== "/get_server_info") return undefined;
      return {
        ...{ version: "0.5.5", tool_call_parser: "qwen25", reasoning_parser: "qwen3" },
        ...{ enable_deterministic_inference: true, max_running_requests: 32 },
      };
    },
    toError: (status, { message, param }) => ({
      ...{ object: "error", message, type: "BadRequest", param: param ?? null, code: status },
    }),
  },
  tgi: {
    ...GENERIC,
    knows: new Set(["logprobs", "tgi_response_format", "tools", "tool_choice", "seed"]),
    tellsBytes: false,
    toListed: (model) => listed(model.id)(model),
    tell: ({ path }, models) => {
      const [model] = models;
      if (path !== "/info") return undefined;
      return {
        ...{ model_id: model?.id, model_sha: "5f2e1c", version: "3.3.6" },
        ...{ max_concurrent_requests: 128, max_total_tokens: model?.contextLength },
        ...{ max_input_tokens: (model?.contextLength ?? 1) - 1, max_stop_sequences: 4 },
      };
    },
    toError: (status, { message }) => ({
      ...{ error: message, error_type: status === 422 ? "validation" : "generation" },
    }),
  },
  "llama.cpp": {
    ...GENERIC,
    knows: new Set([
      ...["logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "seed"],
      ...["top_k", "min_p", "repeat_penalty", "logit_bias", "ignore_eos", "prompt_ids", "grammar"],
      "chat_template_kwargs",
    ]),
    tellsIds: true,
    hasChatScoresOnly: true,
    toListed: listed("llamacpp", ({ contextLength }) => ({ meta: { n_ctx_train: contextLength } })),
    tell: ({ path }, models) => {
      const [model] = models;
      if (path !== "/props") return undefined;
      return {
        default_generation_settings: {
          ...{ n_ctx: model?.contextLength, params: { temperature: 0.8, top_p: 0.95 } },
        },
        ...{ total_slots: 4, model_path: `/models/${model?.id}.gguf`, build_info: "b7000" },
        ...{ modalities: { vision: model?.sees === true, audio: false } },
        chat_template: "{{ messages }}",
      };
    },
    toError: (status, { message, code }) => ({
      error: { code: status, message, type: code ?? "invalid_request_error" },
    }),
  },
  ollama: {
    ...GENERIC,
    knows: new Set(["logprobs", "response_format", "tools", "seed", "reasoning_effort"]),
    reasoning: "reasoning",
    sendsWholeCalls: true,
    toListed: listed("library"),
    tell: tellOllama,
    toError: openAiError,
  },
  "lm-studio": {
    ...GENERIC,
    knows: new Set([
      ...["top_k", "repeat_penalty", "logit_bias", "seed", "tools", "tool_choice"],
      "response_format",
    ]),
    reasoning: "inline",
    toListed: listed("organization_owner"),
    tell: ({ path }, models) => {
      if (path !== "/api/v0/models") return undefined;
      const data = models.map((model) => ({
        ...{ id: model.id, object: "model", state: "loaded", quantization: "Q4_K_M" },
        type: model.kind === "embeddings" ? "embeddings" : model.sees ? "vlm" : "llm",
        ...{ max_context_length: 131_072, loaded_context_length: model.contextLength },
        capabilities: ["tool_use"],
      }));
      return { object: "list", data };
    },
    toError: (_, { message }) => ({ error: message }),
  },
  localai: {
    ...GENERIC,
    knows: new Set([
      ...["top_k", "repeat_penalty", "seed", "tools", "tool_choice", "response_format", "grammar"],
      "ignore_eos",
    ]),
    reasoning: "inline",
    toListed: ({ id }) => ({ id, object: "model" }),
    tell: ({ path }) =>
      path === "/system" ? { backends: ["llama-cpp"], loaded_models: [] } : undefined,
  },
  parley: {
    ...GENERIC,
    knows: new Set([...ENGINE_FIELDS, "structured_outputs"]),
    // Models have their makers there, and only others are its own.
    toListed: (model) => {
      const maker = model.reasons ? "parley" : "Somebody";
      return listed(maker, ({ contextLength }) => ({ context_length: contextLength }))(model);
    },
    tell: () => undefined,
  },
};

function tellOllama({ path, body }: Asked, models: readonly ServedStandIn[]): unknown {
  if (path === "/api/version") return { version: "0.13.1" };
  if (path === "/api/tags") {
    const details = { family: "llama", parameter_size: "8.0B", quantization_level: "Q4_K_M" };
    return { models: models.map(({ id }) => ({ name: id, model: id, digest: "0a8c", details })) };
  }
  if (path === "/api/ps") {
    return {
      models: models.map(({ id, contextLength }) => ({
        ...{ name: id, model: id, context_length: contextLength },
      })),
    };
  }
  if (path !== "/api/show") return undefined;
  const asked = typeof body === "object" && body !== null && "model" in body ? body.model : "";
  const model = models.find(({ id }) => id === asked);
  if (!model) return undefined;
  const ofChat = ["completion", "tools"];
  if (model.reasons) ofChat.push("thinking");
  if (model.sees) ofChat.push("vision");
  return {
    capabilities: model.kind === "embeddings" ? ["embedding"] : ofChat,
    model_info: { "general.architecture": "llama", "llama.context_length": 131_072 },
    details: { parameter_size: "8.0B", quantization_level: "Q4_K_M" },
  };
}
