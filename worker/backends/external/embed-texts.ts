import type { JSONObject } from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { LoadedProvider } from "./load-provider";

type Job = {
  request: EmbedRequest;
  entry: ModelEntry;
  provider: LoadedProvider;
  signal: AbortSignal;
};

/** Texts of one call, where the SDK does not say how many a provider takes. */
const TEXTS_A_CALL = 96;

/** Asks in as many calls as the provider needs, one after another, and brings each vector to unit length. */
export async function embedTexts({ request, entry, provider, signal }: Job): Promise<EmbedReply> {
  const texts = request.inputs.map((input, index) => {
    if (typeof input === "string") return input;
    const message = `${entry.name} reads texts alone, no ids of tokens. Send the text.`;
    throw new AppError("unsupported-parameter", { message, param: `inputs.${index}` });
  });
  const model = provider.embedding?.(entry.model);
  if (model === undefined) {
    const message = `The provider of ${entry.name} makes no vectors here.`;
    throw new AppError("not-supported", { message, param: "model" });
  }
  const providerOptions = { [provider.optionsName]: toOptions(entry, request) };
  const size = (await model.maxEmbeddingsPerCall) ?? TEXTS_A_CALL;
  const embeddings: number[][] = [];
  let promptTokens = 0;
  for (let from = 0; from < texts.length; from += size) {
    const values = texts.slice(from, from + size);
    const reply = await model.doEmbed({ values, abortSignal: signal, providerOptions });
    if (reply.embeddings.length !== values.length) {
      throw new AppError("upstream-invalid", {
        message: `The server behind this model made ${reply.embeddings.length} vectors of ${values.length} texts.`,
      });
    }
    embeddings.push(...reply.embeddings.map(toUnit));
    promptTokens += reply.usage?.tokens ?? guessTokens(values);
  }
  return { embeddings, promptTokens };
}

/** @throws AppError for a treatment of long texts that the provider has no word for. */
function toOptions({ provider, name, parameters }: ModelEntry, request: EmbedRequest): JSONObject {
  const { overflow = "refuse" } = request;
  const own = parameters.options ?? {};
  if (provider === "cohere") {
    const truncate = { refuse: "NONE", truncate: "END", average: undefined }[overflow];
    if (truncate !== undefined) return { ...own, truncate };
  } else if (provider === "vertex" && overflow !== "average") {
    return { ...own, autoTruncate: overflow === "truncate" };
  } else if (overflow === "refuse") return own;
  const message = `${name} refuses texts that are too long; it cannot be asked to do otherwise.`;
  throw new AppError("unsupported-parameter", { message, param: "overflow" });
}

function toUnit(vector: number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((it) => it / length);
}

function guessTokens(texts: readonly string[]): number {
  const characters = texts.reduce((sum, it) => sum + it.length, 0);
  return Math.ceil(characters / CHARACTERS_A_TOKEN);
}
