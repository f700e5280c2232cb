import { embedInPieces } from "@/lib/engine/encoder/embed-in-pieces";
import { encodeInTurns } from "@/lib/engine/encoder/text-encoder";
import { Engine } from "@/lib/engine/engine";
import { buildWith } from "@/lib/engine/lora/load-adapter";
import {
  findControlToken,
  hashTokenizer,
  nameTokens,
  readTokenizerInfo,
} from "@/lib/engine/text/tokenizer-info";
import { AppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import type { ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import { assert, unreachable } from "@/lib/util/assert";
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
  // Both are bundles that lie side by side.
  const grammarThreadUrl = new URL("./grammar-thread.mjs", import.meta.url);
  const engine = await Engine.load(folder, { ...options, grammarThreadUrl });
  const { files, memory, warnings } = engine.model;
  const card = await readModelDescription(folder, files.weightForm);
  const offers = toOffers(engine, card.description);
  return {
    offers,
    slotCount: memory.slotCount,
    passCount: () => engine.passCount,
    memory,
    form: `${engine.model.form.summary} Chat template: ${engine.model.template.origin}.`,
    warnings: [...warnings, ...card.warnings],
    generate: (request, signal) => generate({ engine, offers, request, signal }),
    answer: (call, signal) => answer(engine, call, signal),
    close: () => engine.close(),
  };
}

/** The model's own, then one for each adapter over it. */
function toOffers(engine: Engine, description: ModelOffer["description"]): ModelOffer[] {
  const { files, runner, contextLength, isBatchInvariant, adapters } = engine.model;
  const givesEmbeddings = runner.signature.hiddenSize !== undefined;
  const features: ModelFeature[] = [
    ...(["chat", "tokenize", "log-probabilities", "grammar", "tools", "resume"] as const),
  ];
  if (engine.answerFormat.reasoning) features.push("reasoning");
  const told = {
    ...description,
    limits: joinLimits(description.limits, engine.model.template.limit),
    tokenizerBuild: hashTokenizer(files, engine.model.chatTemplate.family),
  };
  // Only the exception is worth saying.
  const describe = (isInvariant: boolean) =>
    isInvariant ? told : { ...told, isBatchInvariant: false };
  const own: ModelOffer = {
    ...{ name: files.name, build: files.build, contextLength, diskBytes: files.diskBytes },
    features: givesEmbeddings ? [...features, "embeddings"] : features,
    description: describe(isBatchInvariant),
  };
  const adapted = [...adapters.values()].map((adapter): ModelOffer => {
    const build = buildWith(files.build, adapter);
    // Vectors are made without adapters.
    return {
      ...{ name: adapter.name, build, contextLength, features },
      description: describe(isBatchInvariant && adapter.isBatchInvariant),
    };
  });
  return [own, ...adapted];
}

/** Characters, as the card's schema has it. */
const LIMITS_CHARACTERS_MAX = 2_000;

/** What the folder's card says, and behind it what its readers should know of the prompts. */
function joinLimits(said: string | undefined, limit: string | undefined): string | undefined {
  if (said === undefined || limit === undefined) return said ?? limit;
  const both = `${said}\n\n${limit}`;
  return both.length <= LIMITS_CHARACTERS_MAX ? both : said;
}

type Generation = {
  engine: Engine;
  offers: readonly ModelOffer[];
  request: GenerateRequest;
  signal: AbortSignal;
};

async function* generate(generation: Generation): AsyncGenerator<GenerateEvent> {
  const { engine, offers, request, signal } = generation;
  const offer = offers.find((it) => it.name === request.model);
  assert(offer, "a request comes to who offers its model");
  const adapter = offer === offers[0] ? undefined : offer.name;
  const bytesOf = (id: number) => engine.model.tokenBytes.get(id).bytes;
  const source = { offer, stop: request.stop, bytesOf };
  for await (const event of engine.generate({ ...toEngineRequest(request), adapter }, signal)) {
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
      expectOwnName(engine, call.request.model);
      const { inputs, overflow } = call.request;
      const { embeddings, tokenCount } = await embedInPieces(engine, inputs, { overflow, signal });
      return { embeddings, promptTokens: tokenCount };
    }
    case "rerank":
    case "classify":
      throw new AppError("not-supported", {
        message: `The model ${engine.model.files.name} cannot be asked for ${call.type}: by its graph it is for writing text.`,
        param: "model",
      });
    case "tokenize":
      return tokenize(engine, call.request, signal);
    case "detokenize":
      return { text: engine.decode(call.request.ids) };
    case "tokenizer-info":
      return readTokenizerInfo(engine.model);
    default:
      return unreachable(call);
  }
}

async function tokenize(
  engine: Engine,
  request: TokenizeRequest,
  signal: AbortSignal,
): Promise<TokenizeReply> {
  const { contextLength, files } = engine.model;
  let ids: readonly number[];
  if ("messages" in request) {
    const { messages, ...wish } = request;
    ids = engine.encodeMessages(toChatMessages(messages), wish);
  } else {
    const control = findControlToken(files.tokenizer, request.text);
    const text =
      control === undefined ? await encodeInTurns(engine, request.text, signal) : [control];
    ids = request.addSpecialTokens ? engine.addSpecialTokens(text) : text;
  }
  const names = request.returnNames ? { names: nameTokens(files.tokenizer, ids) } : {};
  return { ids: [...ids], contextLength, ...names };
}

/** Vectors are the base's: an adapter's would come from it in silence. */
function expectOwnName({ model }: Engine, name: string): void {
  if (name === model.files.name) return;
  throw new AppError("not-supported", {
    message: `The adapter ${name} gives no embeddings; ask its base, ${model.files.name}.`,
    param: "model",
  });
}
