import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { Upstream } from "./upstream";
import { embeddingsSchema } from "./wire";
import type { WireModel } from "./wire-model";

export type WireEmbedding = {
  upstream: Upstream;
  model: WireModel;
  request: EmbedRequest;
  signal: AbortSignal;
};

/**
 * Vectors by OpenAI's `embeddings`, made as long as one.
 *
 * @throws AppError `unsupported-parameter` for what the server cannot be asked, and those of upstream-error.ts.
 */
export async function embedByWire(asked: WireEmbedding): Promise<EmbedReply> {
  const { upstream, model, request, signal } = asked;
  const { inputs } = request;
  const { data, usage } = await upstream.postWhole(
    "/embeddings",
    {
      ...{ model: model.upstreamName, input: inputs, encoding_format: "float" },
      ...toOverflowFields(asked),
    },
    {
      schema: embeddingsSchema,
      signal,
      about: { model: model.name, upstreamModel: model.upstreamName },
    },
  );
  const vectors = inputs.map((_, place) => {
    const found = data.find(({ index }, at) => (index ?? at) === place)?.embedding;
    if (found === undefined || found.length === 0 || !found.every(Number.isFinite)) {
      throw new AppError("upstream-invalid", {
        message: "The server behind this model sent another number of vectors than of texts.",
      });
    }
    return toUnitLength(found);
  });
  return { embeddings: vectors, promptTokens: usage?.prompt_tokens ?? guessTokens(inputs) };
}

function toOverflowFields({ model, request: { inputs, overflow = "refuse" } }: WireEmbedding) {
  const { dialect } = model;
  if (!dialect.honoured.has("prompt.ids") && inputs.some((it) => typeof it !== "string")) {
    throw refused("Token ids cannot be told", "inputs", dialect.title);
  }
  if (overflow === "refuse") return {};
  if (overflow === "truncate" && dialect.truncateFields) return dialect.truncateFields;
  throw refused(
    "What becomes of a text that is too long cannot be told",
    "overflow",
    dialect.title,
  );
}

function refused(what: string, param: string, whom: string): AppError {
  const message = `${what} to ${whom}. Leave it out, or choose another model.`;
  return new AppError("unsupported-parameter", { message, param });
}

function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  // A vector of zeros has no direction.
  return length === 0 ? [...vector] : vector.map((it) => it / length);
}

function guessTokens(inputs: EmbedRequest["inputs"]): number {
  const sizes = inputs.map((it) =>
    typeof it === "string" ? Math.ceil(it.length / CHARACTERS_A_TOKEN) : it.length,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
