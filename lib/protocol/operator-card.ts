import * as z from "zod";
import { DATABASE_INTEGER_MAX } from "@/lib/fleet-limits";
import { lineSchema, proseSchema } from "./well-formed-text";
import type { ModelDescription } from "./worker-card";
import { modelDescriptionSchema } from "./worker-card";

const { licence, hasOpenWeights, link } = modelDescriptionSchema.shape;
const EMPTY = "is empty; write something, or leave it out: then it is as the worker says.";

/**
 * What an operator says of a model in place of its worker. Each field that is absent is as the worker says, so
 * that a worker that learns to say more is heard.
 */
export const operatorCardSchema = z.strictObject({
  organization: lineSchema.min(1, EMPTY).max(200).optional(),
  licence: licence.unwrap().min(1, EMPTY).optional(),
  /** Anyone may have the weights. */
  hasOpenWeights,
  summary: proseSchema.min(1, EMPTY).max(2_000).optional(),
  link,
  /** Tokens, the answer included, that are served of a model that holds more. */
  contextLength: z.number().int().positive().max(DATABASE_INTEGER_MAX).optional(),
});

export type OperatorCard = z.infer<typeof operatorCardSchema>;

/** A model as it is shown: the operator's word first, then the worker's. */
export function mergeDescription(
  told: ModelDescription,
  card: OperatorCard | undefined,
): ModelDescription {
  if (card === undefined) return told;
  const { contextLength: _, ...said } = card;
  return { ...told, ...dropUndefined(said) };
}

/** The same of a row as it is stored: what another version wrote may say things that this one does not know. */
export function readDescription(stored: unknown, card?: OperatorCard): ModelDescription {
  return mergeDescription(modelDescriptionSchema.catch(NOTHING_TOLD).parse(stored), card);
}

const NOTHING_TOLD: ModelDescription = { skills: [], examplePrompts: [] };

/** Tokens that are served of a model whose workers hold so many. An operator can lower them and not raise them. */
export function toContextLength(held: number, card: OperatorCard | undefined): number {
  return Math.min(held, card?.contextLength ?? held);
}

function dropUndefined<T extends object>(said: T): Partial<T> {
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  // The entries are the object's own.
  return Object.fromEntries(entries) as Partial<T>;
}
