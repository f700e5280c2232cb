import * as z from "zod";
import { NAMES_TOLD_MAX } from "@/lib/terminal-limits";
import { plainLine } from "../text-table";
import { ChatError } from "./chat-error";

/** Of a field that is no list of words nothing is known. */
const words = z.array(z.string()).nullish().catch(undefined);

/** A model as servers list it, as far as they say what it is for. */
const listedSchema = z.object({
  id: z.string(),
  /** A Parley's. */
  features: words,
  /** Together's, and LM Studio's. */
  type: z.string().nullish().catch(undefined),
  /** Mistral's. */
  capabilities: z
    .object({ completion_chat: z.boolean().nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  /** OpenRouter's. */
  architecture: z.object({ output_modalities: words }).nullish().catch(undefined),
});

export const modelListSchema = z.object({ data: z.array(listedSchema) });

const OTHER_TYPES = new Set([
  ...["embedding", "embeddings", "rerank", "moderation", "image", "audio", "video", "transcribe"],
]);

/** False only where the server itself says that the model writes no answers. */
export function mayChat(model: z.infer<typeof listedSchema>): boolean {
  const { features, type, capabilities, architecture } = model;
  if (features) return features.includes("chat");
  if (type && OTHER_TYPES.has(type.toLowerCase())) return false;
  if (capabilities?.completion_chat === false) return false;
  return architecture?.output_modalities?.includes("text") ?? true;
}

/** What makers call models of other kinds. */
const OTHER_NAME =
  /(^|[^a-z])(embed|embedding|embeddings|embedder|rerank|reranker|classifier|moderation|whisper|transcribe|tts|dall-e|sora|bge|gte|e5)([^a-z]|$)/i;

/**
 * The first one that answers by what the server says of it, and by its name where the server says nothing.
 *
 * @throws ChatError where there is none
 */
export function pickChatModel(names: readonly string[], where: string): string {
  // `auto` stands for another one, which a person would like to know.
  const first =
    names.find((it) => it !== "auto" && !OTHER_NAME.test(it)) ?? names.find((it) => it === "auto");
  if (first !== undefined) return first;
  if (names.length === 0) {
    throw new ChatError(
      "unknown-model",
      `${where} has no model to talk to.`,
      "Start a worker with `npx parley worker --model <folder>`, or name a model with --model.",
    );
  }
  throw new ChatError(
    "unknown-model",
    `By their names none of the models at ${where} answers questions.`,
    `Name one with --model. ${toNames(names)}`,
  );
}

export function toNames(names: readonly string[]): string {
  if (names.length === 0) return "The server lists no models at the moment.";
  const told = names.slice(0, NAMES_TOLD_MAX).map(plainLine).join(", ");
  const more = names.length > NAMES_TOLD_MAX ? `, and ${names.length - NAMES_TOLD_MAX} more` : "";
  return `There are: ${told}${more}.`;
}
