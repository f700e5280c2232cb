import { createHash, randomInt } from "node:crypto";
import { StopMatcher } from "@/lib/engine/text/stop-matcher";
import { AppError } from "@/lib/errors";
import type { FinishReason, GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { type Message, messageText } from "@/lib/protocol/message";
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
    if (featuresOf(model).includes(feature)) return model;
    throw new AppError("not-supported", {
      message: `The model ${name} cannot be asked for ${feature}.`,
      param: "model",
    });
  }

  return {
    card: () => ({
      kind: "mock",
      slots: options.slots,
      models: [...models].map(([name, model]) => toOffer(name, model)),
    }),
    generate: (request, signal) => {
      const model = expect(request.model, "chat");
      return generate({ request, signal, model, die });
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

type Run = { request: GenerateRequest; signal: AbortSignal; model: MockModel; die: () => void };

async function* generate(run: Run): AsyncGenerator<GenerateEvent> {
  const { request, model, signal } = run;
  const startedAt = performance.now();
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
  const { build } = toOffer(request.model, model);
  yield {
    type: "generation-start",
    model: request.model,
    build,
    promptTokens,
    sampling,
    maxTokens,
  };
  const prompt = request.messages.findLast((message) => message.role === "user");
  // Each answer to one request is another draw.
  const drawn = { ...sampling, seed: sampling.seed + (request.choice ?? 0) };
  const pieces = model.say(prompt ? messageText(prompt) : "", drawn);
  let end: Spoken;
  try {
    end = yield* speak(run, pieces, maxTokens);
  } catch (error) {
    // The contract: after an abort the events just end.
    if (signal.aborted) return;
    throw error;
  }
  const durationMs = performance.now() - startedAt;
  yield {
    type: "generation-end",
    finishReason: end.finishReason,
    ...(end.stopString !== undefined && { stopString: end.stopString }),
    usage: { promptTokens, completionTokens: end.tokens },
    timing: {
      queuedMs: 0,
      firstTokenMs: (end.firstAt ?? performance.now()) - startedAt,
      durationMs,
    },
  };
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
  const asked = [
    ...Object.entries(sampling).map(([key, it]) => [`sampling.${key}`, it, NEUTRAL[key]] as const),
    ...Object.entries({ logProbabilityCount, reportPrompt, ignoreEos, minTokens }).map(
      ([key, it]) => [key, it, NEUTRAL[key]] as const,
    ),
    ...Object.entries({ grammar, toolRequest, prompt, reasoningEffort }).map(
      ([key, it]) => [key, it, NEUTRAL[key]] as const,
    ),
    ["sampling.logitBias", Object.keys(logitBias).length, 0] as const,
    ["stopTokenIds", stopTokenIds?.length ?? 0, 0] as const,
  ];
  const param = asked.find(([, it, neutral]) => it !== undefined && it !== neutral)?.[0];
  if (param === undefined) return;
  const message = `The sentinel models do not know ${param}. Ask a real model, or leave it out.`;
  throw new AppError("not-supported", { message, param });
}

type Spoken = {
  finishReason: FinishReason;
  stopString?: string;
  tokens: number;
  firstAt: number | undefined;
};

async function* speak(
  run: Run,
  pieces: Iterable<string>,
  maxTokens: number,
): AsyncGenerator<GenerateEvent, Spoken> {
  const { model, signal, request } = run;
  if (model.fate === "never") await untilAborted(signal);
  const matcher = new StopMatcher(request.stop);
  const teller = new MockTeller(request);
  let tokens = 0;
  let firstAt: number | undefined;
  for (const piece of pieces) {
    if (tokens === maxTokens) break;
    if (!teller.isReplay(piece)) {
      if (tokens === FATAL_TOKENS) await meetFate(run);
      await pause(model.tokenMs, signal);
      firstAt ??= performance.now();
    }
    tokens += 1;
    teller.count(piece);
    const { text, stopString } = matcher.push(piece);
    yield* teller.tell(text);
    if (stopString !== undefined) return { finishReason: "stop", stopString, tokens, firstAt };
  }
  teller.expectDone();
  yield* teller.tell(matcher.flush());
  assert(tokens <= maxTokens, "no more tokens than were asked for");
  return { finishReason: tokens === maxTokens ? "length" : "stop", tokens, firstAt };
}

/** A turn of the event loop even for 0 ms: it lets an abort and other requests in between two tokens. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) return await wait(ms, signal);
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
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
