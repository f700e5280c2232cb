import type { EmbedReply } from "@/lib/protocol/text";

/** OpenAI's list of `embedding` objects. */
export type EmbeddingsReply = {
  object: "list";
  data: { object: "embedding"; index: number; embedding: number[] | string }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
};

export function toEmbeddingsReply(
  { embeddings, promptTokens }: EmbedReply,
  { model, format }: { model: string; format: "float" | "base64" },
): EmbeddingsReply {
  return {
    object: "list",
    data: embeddings.map((vector, index) => ({
      ...{ object: "embedding", index },
      embedding: format === "base64" ? toBase64(vector) : vector,
    })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

/** Its 32-bit floats, little endian, as OpenAI's clients read them: a quarter of the digits' length. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes.toString("base64");
}
