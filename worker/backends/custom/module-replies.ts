import * as z from "zod";
import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN, TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import type { ClassifyReply, EmbedReply, RerankReply } from "@/lib/protocol/text";

/** What the functions beside `generate` return, from unknown to our replies. */

const promptTokens = z.number().int().min(0).max(TOKEN_COUNT_MAX).optional();
const embedSchema = z.object({
  embeddings: z.array(z.array(z.number()).min(1)),
  promptTokens,
});
const rerankSchema = z.object({ scores: z.array(z.number().min(0).max(1)), promptTokens });
const classifySchema = z.object({
  results: z.array(
    z.array(z.object({ label: z.string(), score: z.number().min(0).max(1) })).min(1),
  ),
  promptTokens,
});
const idsSchema = z.array(z.number().int().min(0));

/** @throws AppError `upstream-invalid` naming the function and what it should return. */
export function toEmbedReply(value: unknown, inputs: readonly string[]): EmbedReply {
  const form = "{ embeddings: [[0.1, …], …] }, a vector for each input";
  const reply = read(value, embedSchema, { name: "embed", form });
  const sizes = new Set(reply.embeddings.map((it) => it.length));
  if (reply.embeddings.length !== inputs.length || sizes.size > 1) throw wrong("embed", form);
  return {
    embeddings: reply.embeddings.map(toUnitLength),
    promptTokens: reply.promptTokens ?? guess(inputs),
  };
}

/** @throws AppError `upstream-invalid` */
export function toRerankReply(value: unknown, query: string, documents: string[]): RerankReply {
  const form = "{ scores: [0.9, …] }, a number from 0 to 1 for each document";
  const reply = read(value, rerankSchema, { name: "rerank", form });
  if (reply.scores.length !== documents.length) throw wrong("rerank", form);
  const texts = documents.flatMap((it) => [query, it]);
  return { scores: reply.scores, promptTokens: reply.promptTokens ?? guess(texts) };
}

/** @throws AppError `upstream-invalid` */
export function toClassifyReply(value: unknown, inputs: readonly string[]): ClassifyReply {
  const form = '{ results: [[{ label: "…", score: 0.9 }, …], …] }, its labels for each input';
  const reply = read(value, classifySchema, { name: "classify", form });
  if (reply.results.length !== inputs.length) throw wrong("classify", form);
  return {
    results: reply.results.map((labels) => labels.toSorted((a, b) => b.score - a.score)),
    promptTokens: reply.promptTokens ?? guess(inputs),
  };
}

/** @throws AppError `upstream-invalid` */
export function toIds(value: unknown): number[] {
  return read(value, idsSchema, { name: "tokenize", form: "[1, 2, …], the ids of the tokens" });
}

/** @throws AppError `upstream-invalid` */
export function toText(value: unknown): string {
  return read(value, z.string(), { name: "detokenize", form: "a text" });
}

function read<T>(value: unknown, schema: z.ZodType<T>, what: { name: string; form: string }): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrong(what.name, what.form, parsed.error);
}

function wrong(name: string, form: string, cause?: unknown): AppError {
  const message = `${name} of the module behind this model does not return what it should: ${form}.`;
  return new AppError("upstream-invalid", { message, cause });
}

function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  // A vector of zeros has no direction.
  return length === 0 ? [...vector] : vector.map((it) => it / length);
}

function guess(texts: readonly string[]): number {
  return Math.ceil(texts.reduce((sum, it) => sum + it.length, 0) / CHARACTERS_A_TOKEN);
}
