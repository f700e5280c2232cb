import { createHash, randomInt } from "node:crypto";
import { StopMatcher } from "@/lib/engine/text/stop-matcher";
import { AppError } from "@/lib/errors";
import type { FinishReason, GenerateEvent, TextDelta } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { hasImage, type Message, messageText } from "@/lib/protocol/message";
import type { ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import { assert } from "@/lib/util/assert";
import { wait } from "@/lib/util/wait";
import type { Backend } from "../backend";
import { describe, MOCK_MODELS, type MockModel, rejection } from "./mock-models";
import { countTokens, rankTexts, sortTexts, toVector } from "./mock-reading";
import { MockTeller } from "./mock-teller";
import { toIds, toPieces, toText } from "./mock-tokens";

/** A backend without a model: for tests and development, never in the default set-up. */

export type MockOptions = {
  /** Names of `MOCK_MODELS`; none means all. */
  models: readonly string[];
  slots: number;
  /** Pause before each token, instead of each sentinel's own. */
  tokenMs?: number;
  /** Ends the process for those that die after 3 tokens. */
  die?: () => void;
};

/** Long enough for three written events to leave the process, short enough that nobody waits. */
const LAST_WORDS_MS = 50;
/** After this many tokens the sentinels named so meet their fate. */
const FATAL_TOKENS = 3;

/** @throws AppError `model-not-found` when a name is none of the sentinels. */
export function createMockBackend(options: MockOptions): Backend {
  const names = options.models.length > 0 ? options.models : Object.keys(MOCK_MODELS);
  const { tokenMs } = options;
  const pace = tokenMs === undefined ? {} : { tokenMs };
  const models = new Map(names.map((name) => [name, { ...getSentinel(name), ...pace }]));
  const offers = new Map([...models].map(([name, model]) => [name, toOffer(name, model)]));
  const die = options.die ?? (() => void process.kill(process.pid, "SIGKILL"));

  function get(name: string): MockModel {
    const model = models.get(name);
    if (model) return model;
    throw new AppError("model-not-found", {
      message: `This worker does not offer the model "${name}".`,
      param: "model",
    });
  }

  function expect(name: string, feature: ModelFeature): MockModel {
    const model = get(name);
    if (offers.get(name)?.features.includes(feature)) return model;
    throw new AppError("not-supported", {
      message: `The model ${name} cannot be asked for ${feature}.`,
      param: "model",
    });
  }

  return {
    card: () => ({
      kind: "mock",
      slots: options.slots,
      models: [...offers.values()],
    }),
    generate: (request, signal) => {
      const model = expect(request.model, "chat");
      const { build = "" } = offers.get(request.model) ?? {};
      return generate({ request, signal, model, build, die });
    },
    embed: async (request) => {
      get(request.model);
      const texts = request.inputs.map((it, index) =>
        typeof it === "string" ? it : readIds(`inputs.${index}`, it),
      );
      return {
        embeddings: texts.map(toVector),
        promptTokens: countTokens(texts),
      };
    },
    rerank: async (request) => {
      expect(request.model, "rerank");
      return rankTexts(request);
    },
    classify: async (request) => {
      const { sort } = expect(request.model, "classify");
      return sortTexts(request.inputs, sort);
    },
    tokenize: async (request) => {
      const { contextLength } = get(request.model);
      if ("messages" in request) refuseUnknown({ ...request, sampling: {} });
      const text =
        "text" in request
          ? request.text
          : renderPrompt(request.messages, request.addGenerationPrompt);
      const names = request.returnNames ? { names: toPieces(text) } : {};
      return { ids: toIds(text), contextLength, ...names };
    },
    detokenize: async (request) => {
      get(request.model);
      return { text: readIds("ids", request.ids) };
    },
    tokenizerInfo: async (request) => {
      const { contextLength } = get(request.model);
      return { config: { tokenizer_class: "MockTokenizer" }, contextLength };
    },
    close: async () => undefined,
  };
}

/** @throws AppError `invalid-request` for ids of no token. */
function readIds(param: string, ids: readonly number[]): string {
  try {
    return toText(ids);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AppError("invalid-request", { message: `The id ${cause.message}.`, param, cause });
  }
}

function getSentinel(name: string): MockModel {
  const model = MOCK_MODELS[name];
  if (model) return model;
  throw new AppError("model-not-found", {
    message: `There is no sentinel "${name}". Choose of ${Object.keys(MOCK_MODELS).join(", ")}.`,
    param: "model",
  });
}

function featuresOf({ reads }: MockModel): ModelFeature[] {
  return reads
    ? ["embeddings", "rerank", "classify", "tokenize"]
    : ["chat", "embeddings", "tokenize", "resume"];
}

function toOffer(name: string, model: MockModel): ModelOffer {
  return {
    name,
    build: createHash("sha256").update(`${name} 1`).digest("hex"),
    contextLength: model.contextLength,
    features: featuresOf(model),
    description: describe(model),
  };
}

/** The mock's chat template: what counts as the prompt's tokens. */
function renderPrompt(messages: readonly Message[], addGenerationPrompt = true): string {
  const turns = messages.map((message) => `${message.role}: ${messageText(message)}\n`);
  return `${turns.join("")}${addGenerationPrompt ? "assistant:" : ""}`;
}

type Run = {
  request: GenerateRequest;
  signal: AbortSignal;
  model: MockModel;
  build: string;
  die: () => void;
};

async function* generate(run: Run): AsyncGenerator<GenerateEvent> {
  const { request, model, signal } = run;
  const startedAt = performance.now();
  const start = begin(run);
  const { promptTokens, sampling, maxTokens } = start;
  yield start;
  const prompt = request.messages.findLast((message) => message.role === "user");
  // Each answer to one request is another draw.
  const drawn = { ...sampling, seed: sampling.seed + (request.choice ?? 0) };
  const pieces = model.say(prompt ? messageText(prompt) : "", drawn);
  const speech = new Speech(request, maxTokens);
  let firstAt: number | undefined;
  try {
    if (model.fate === "never") await untilAborted(signal);
    for (const piece of pieces) {
      if (speech.isOver) break;
      if (!speech.isReplay(piece)) {
        if (speech.tokens === FATAL_TOKENS) await meetFate(run);
        if (model.tokenMs > 0) await wait(model.tokenMs, signal);
        else await turn();
        signal.throwIfAborted();
        firstAt ??= performance.now();
      }
      const delta = speech.say(piece);
      if (delta) yield delta;
    }
    const rest = speech.end();
    if (rest) yield rest;
  } catch (error) {
    // The contract: after an abort the events just end.
    if (signal.aborted) return;
    throw error;
  }
  const now = performance.now();
  const firstTokenMs = (firstAt ?? now) - startedAt;
  const { tokens: completionTokens, stopString, finishReason } = speech;
  yield {
    type: "generation-end",
    finishReason,
    ...(stopString !== undefined && { stopString }),
    usage: { promptTokens, completionTokens },
    timing: { queuedMs: 0, firstTokenMs, durationMs: now - startedAt },
  };
}

/** A turn of the event loop even for 0 ms: it lets an abort and other requests in between two tokens. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** @throws AppError for what the model refuses. */
function begin({ request, model, build }: Run) {
  refuseUnknown(request);
  if (model.fate === "rejects") throw rejection();
  const promptTokens = toPieces(renderPrompt(request.messages)).length;
  const room = model.contextLength - promptTokens;
  if (room < 1) {
    throw new AppError("context-length-exceeded", {
      message:
        `The prompt has ${promptTokens} tokens; ${request.model} holds ` +
        `${model.contextLength}, the answer included. Shorten the conversation.`,
      param: "messages",
    });
  }
  const { temperature = 1, topP = 1, seed = randomInt(2 ** 31) } = request.sampling;
  const sampling = { temperature, topP, seed };
  const maxTokens = Math.min(request.maxTokens ?? room, room);
  const type = "generation-start" as const;
  return { type, model: request.model, build, promptTokens, sampling, maxTokens };
}

/** Values that ask for nothing. */
const NEUTRAL: Record<string, unknown> = {
  ...{ topK: 0, minP: 0, presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1 },
  ...{ reportPrompt: false, ignoreEos: false, minTokens: 0, reasoningEffort: "none" },
};

/** What a program without probabilities cannot do is refused: an answer that ignored it would mislead. */
function refuseUnknown(
  request: Pick<GenerateRequest, "sampling"> & Partial<GenerateRequest>,
): void {
  const { temperature: _, topP: __, seed: ___, logitBias = {}, ...sampling } = request.sampling;
  const { logProbabilityCount, reportPrompt, stopTokenIds, ignoreEos, minTokens } = request;
  // Whoever never reasons tells reasoning apart by saying nothing.
  const { grammar, toolRequest, prompt, reasoningEffort } = request;
  const param =
    findAsked(sampling, "sampling.") ??
    findAsked({ logProbabilityCount, reportPrompt, ignoreEos, minTokens }) ??
    findAsked({ grammar, toolRequest, prompt, reasoningEffort }) ??
    (Object.keys(logitBias).length > 0 ? "sampling.logitBias" : undefined) ??
    (stopTokenIds !== undefined && stopTokenIds.length > 0 ? "stopTokenIds" : undefined);
  if (request.messages?.some(hasImage)) {
    const message = "The sentinel models cannot see. Send text alone.";
    throw new AppError("unsupported-parameter", { message, param: "messages" });
  }
  if (param === undefined) return;
  const message = `The sentinel models do not know ${param}. Ask a real model, or leave it out.`;
  throw new AppError("not-supported", { message, param });
}

/** The first of `wishes` that asks for something. */
function findAsked(wishes: Record<string, unknown>, prefix = ""): string | undefined {
  for (const name in wishes) {
    const wish = wishes[name];
    if (wish !== undefined && wish !== NEUTRAL[name]) return prefix + name;
  }
  return undefined;
}

/** The words of one answer, told token by token until its stop string or its length. */
class Speech {
  tokens = 0;
  stopString: string | undefined;
  readonly #matcher: StopMatcher;
  readonly #teller: MockTeller;
  readonly #maxTokens: number;

  constructor(request: GenerateRequest, maxTokens: number) {
    this.#matcher = new StopMatcher(request.stop);
    this.#teller = new MockTeller(request);
    this.#maxTokens = maxTokens;
  }

  get isOver(): boolean {
    return this.tokens === this.#maxTokens || this.stopString !== undefined;
  }

  get finishReason(): FinishReason {
    const isCut = this.tokens === this.#maxTokens && this.stopString === undefined;
    return isCut ? "length" : "stop";
  }

  isReplay(piece: string): boolean {
    return this.#teller.isReplay(piece);
  }

  say(piece: string): TextDelta | undefined {
    this.tokens += 1;
    assert(this.tokens <= this.#maxTokens, "no more tokens than were asked for");
    this.#teller.count(piece);
    const { text, stopString } = this.#matcher.push(piece);
    this.stopString = stopString;
    return this.#teller.tell(text);
  }

  /** What was withheld as the possible beginning of a stop string. */
  end(): TextDelta | undefined {
    if (this.stopString !== undefined) return undefined;
    this.#teller.expectDone();
    return this.#teller.tell(this.#matcher.flush());
  }
}

async function meetFate({ model, die, signal, request }: Run): Promise<void> {
  if (model.fate === "fails") {
    throw new AppError("internal", { message: "This model fails after three tokens, as named." });
  }
  if (model.fate === "dies-once" && request.resume !== undefined) return;
  if (model.fate !== "dies" && model.fate !== "dies-once") return;
  await wait(LAST_WORDS_MS, signal);
  die();
  await untilAborted(signal);
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
