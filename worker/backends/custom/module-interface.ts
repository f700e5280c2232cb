/**
 * What a module is that runs as a worker: `npx parley worker --backend ./my-backend.mjs`. This file imports
 * nothing, so that it can be copied beside a module or named in its comments; docs/how-to/write-your-own-backend.md
 * tells how.
 */

/** Exported under this name, or as the default. It may take its time: the worker waits for it. */
export type CreateBackend = (context: BackendContext) => CustomBackend | Promise<CustomBackend>;

export type BackendContext = {
  /** Of `--option name=value`, as they were typed. */
  options: Readonly<Record<string, string>>;
  /** Aborts when the worker is told to stop. */
  signal: AbortSignal;
  /** Lines in the worker's log. Never what people asked or were answered. */
  log: Record<
    "debug" | "info" | "warn" | "error",
    (message: string, fields?: Record<string, unknown>) => void
  >;
};

/** Every function is optional, but one that the models' features need. */
export type CustomBackend = {
  models: CustomModel[];
  /** The answer in pieces as they come, or whole. */
  generate?(request: CustomRequest, signal: AbortSignal): Answer | Promise<Answer>;
  /** A vector for each text; they are brought to unit length. */
  embed?(
    request: { requestId: string; model: string; inputs: string[] },
    signal: AbortSignal,
  ): Promise<{ embeddings: number[][]; promptTokens?: number }>;
  /** For each document from 0 (not at all) to 1 how well it answers the query. */
  rerank?(
    request: { requestId: string; model: string; query: string; documents: string[] },
    signal: AbortSignal,
  ): Promise<{ scores: number[]; promptTokens?: number }>;
  /** For each text its labels, each from 0 to 1. */
  classify?(
    request: { requestId: string; model: string; inputs: string[] },
    signal: AbortSignal,
  ): Promise<{ results: { label: string; score: number }[][]; promptTokens?: number }>;
  /**
   * The ids of a text's tokens, or of a whole prompt's. Prompts of models that have it are counted by it, so
   * that it is called before each answer.
   */
  tokenize?(
    request: { model: string; text: string; addSpecialTokens?: boolean } | ToCount,
    signal: AbortSignal,
  ): number[] | Promise<number[]>;
  detokenize?(
    request: { model: string; ids: number[] },
    signal: AbortSignal,
  ): string | Promise<string>;
  /** The worker is about to end. */
  close?(): void | Promise<void>;
};

export type ToCount = Pick<
  CustomRequest,
  "model" | "messages" | "toolRequest" | "reasoningEffort" | "thinking"
> & {
  /** The prompt ends where the assistant begins to speak; absent: yes. */
  addGenerationPrompt?: boolean;
};

export type CustomModel = {
  name: string;
  /** Tokens of prompt and answer together; absent: 8,192, and the log says so. */
  contextLength?: number;
  /** What it is asked for; absent: all that the module has functions for. */
  features?: ("chat" | "embeddings" | "rerank" | "classify" | "tokenize")[];
  /** What of a request `generate` acts upon. A request with anything else is refused, and names the field. */
  fields?: CustomField[];
  /** Two workers whose models say the same give the same answers; absent: by the module's file. */
  build?: string;
  /** Dollars a million tokens. */
  price?: { prompt: number; completion: number; cachedPrompt?: number };
  /** Only battles may ask it, and its name is told nowhere else. */
  isAnonymousOnly?: boolean;
  /** For its page. */
  description?: {
    summary?: string;
    licence?: string;
    hasOpenWeights?: boolean;
    organization?: string;
    link?: string;
    parameters?: number;
    limits?: string;
    examplePrompts?: string[];
  };
};

/** `stop` and `maxTokens` are taken care of, and need no word. */
export type CustomField =
  | ("sampling.temperature" | "sampling.topP" | "sampling.topK" | "sampling.minP")
  | ("sampling.presencePenalty" | "sampling.frequencyPenalty" | "sampling.repetitionPenalty")
  | ("sampling.logitBias" | "sampling.seed")
  | ("stopTokenIds" | "ignoreEos" | "minTokens" | "prompt" | "prompt.ids")
  | ("grammar.json-object" | "grammar.json-schema" | "grammar.regex" | "grammar.choice")
  | ("toolRequest" | "toolRequest.choice" | "toolRequest.isParallel")
  | ("reasoningEffort" | "images");

/** What is asked; of the optional parts those alone that the model's `fields` name. */
export type CustomRequest = {
  /** As it is in every log. */
  requestId: string;
  model: string;
  /** Empty where `prompt` stands instead. */
  messages: CustomMessage[];
  sampling: {
    /** 0 takes the likeliest. */
    temperature?: number;
    topP?: number;
    topK?: number;
    minP?: number;
    presencePenalty?: number;
    frequencyPenalty?: number;
    repetitionPenalty?: number;
    /** Token id → what is added to its logit. */
    logitBias?: Record<string, number>;
    /** Always there where the model has the field: one that nobody gave is drawn. */
    seed?: number;
  };
  /** Tokens that the answer may have; a longer one is cut. */
  maxTokens: number;
  /** Texts at which the answer is cut. */
  stop: string[];
  stopTokenIds?: number[];
  ignoreEos?: boolean;
  minTokens?: number;
  /** A text, or the ids of its tokens, to go on with as it is. */
  prompt?: string | number[];
  grammar?:
    | { type: "json-object" }
    | { type: "json-schema"; schema: boolean | Record<string, unknown> }
    | { type: "regex"; pattern: string }
    | { type: "choice"; choices: string[] };
  toolRequest?: {
    tools: {
      name: string;
      description?: string;
      parameters?: boolean | Record<string, unknown>;
      isStrict?: boolean;
    }[];
    choice: "auto" | "none" | "required" | { name: string };
    isParallel: boolean;
  };
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
  /** A wish that need not be heard. */
  thinking?: "on" | "off";
};

export type CustomMessage = {
  role: "system" | "user" | "assistant" | "tool";
  /** All of its text. */
  content: string;
  /** Only of a message with images: text and images in their order, `data` in base64. */
  parts?: (
    | { type: "text"; text: string }
    | { type: "image"; mediaType: string; data: string; detail?: "auto" | "low" | "high" }
  )[];
  /** Of the assistant; `arguments` is JSON text. */
  toolCalls?: { id: string; name: string; arguments: string }[];
  /** Of a tool: the call that this is the result of. */
  toolCallId?: string;
};

export type Answer = Piece | AsyncIterable<Piece> | Iterable<Piece>;

/** A text, or an object that says one or more of these. */
export type Piece =
  | string
  | {
      text?: string;
      /** Before the answer: what the model thinks. */
      reasoning?: string;
      /** How many tokens the text or the reasoning is; absent: guessed. */
      tokens?: number;
      /** A call that the model asks for; `arguments` is JSON text, or its value. */
      toolCall?: { id?: string; name: string; arguments: string | Record<string, unknown> };
      /** Why the answer ends, in the last piece; absent: found out. */
      finishReason?: "stop" | "length";
      /** As the model counts them; absent: guessed at four characters a token. */
      usage?: { promptTokens?: number; completionTokens?: number; cachedPromptTokens?: number };
    };

/**
 * What an error that a function throws may have beside its message. One with a `code` of this list is told with its
 * message; one with an HTTP `status` is told like a refusal of an upstream; every other is a fault of the module,
 * whose message the log alone has.
 */
export type CustomError = Error & {
  code?:
    | ("invalid-request" | "unsupported-parameter" | "context-length-exceeded")
    | ("overloaded" | "rate-limited" | "unavailable" | "timeout" | "worker-lost");
  /** The field of the request at fault. */
  param?: string;
  /** After `overloaded` and `rate-limited` the model is left alone for so long. */
  retryAfterSeconds?: number;
  status?: number;
  /** Read for `Retry-After`. */
  headers?: Headers | Record<string, string>;
};
