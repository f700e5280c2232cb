import { createHash } from "node:crypto";
import type { ClassifyReply, RerankReply, RerankRequest } from "@/lib/protocol/text";
import { toPieces } from "./mock-tokens";

/** What the mock makes of texts without a model: repeatable, and alike for like texts. */

const VECTOR_LENGTH = 64;
/** From here on a text is long. */
const LONG_TEXT_WORDS = 10;

/** Words hashed into dimensions with a sign: texts that share words point the same way. */
export function toVector(text: string): number[] {
  const vector = new Array<number>(VECTOR_LENGTH).fill(0);
  for (const word of text.toLowerCase().match(/\S+/g) ?? [" "]) {
    const hash = createHash("sha256").update(word).digest();
    const index = hash.readUInt8(0) % VECTOR_LENGTH;
    vector[index] = (vector[index] ?? 0) + (hash.readUInt8(1) % 2 === 0 ? 1 : -1);
  }
  const length = Math.hypot(...vector);
  // Words that cancel each other out leave nothing to scale; any fixed direction will do.
  if (length === 0) return vector.map((_, index) => (index === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}

/** As near as the vectors are; opposite ones share as little as those at right angles. */
export function rankTexts({ query, documents }: RerankRequest): RerankReply {
  const wanted = toVector(query);
  const scores = documents.map((document) => {
    const near = toVector(document).reduce((sum, it, at) => sum + it * (wanted[at] ?? 0), 0);
    return Math.min(1, Math.max(0, near));
  });
  return { scores, promptTokens: countTokens(documents.flatMap((it) => [query, it])) };
}

type Label = ClassifyReply["results"][number][number];

/** Long or short, by the number of words. */
export function byLength(text: string): Label[] {
  const words = (text.match(/\S+/g) ?? []).length;
  const score = 1 / (1 + Math.exp(words - LONG_TEXT_WORDS));
  return [
    { label: "short", score },
    { label: "long", score: 1 - score },
  ];
}

/** Whatever a text names is in it. */
export function byWords(text: string): Label[] {
  const has = (word: string) => (text.toLowerCase().includes(word) ? 0.9 : 0.01);
  return [
    ...[
      { label: "V", score: has("fight") },
      { label: "H2", score: has("hatred") },
    ],
    ...[
      { label: "self_harm", score: has("hurt myself") },
      { label: "OK", score: has("flower") },
    ],
  ];
}

/** Each text's labels, the likeliest first. */
export function sortTexts(
  inputs: readonly string[],
  toLabels: (text: string) => Label[] = byLength,
): ClassifyReply {
  const results = inputs.map((text) => toLabels(text).sort((a, b) => b.score - a.score));
  return { results, promptTokens: countTokens(inputs) };
}

export function countTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + toPieces(text).length, 0);
}
