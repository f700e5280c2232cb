import * as z from "zod";
import { lineSchema } from "./well-formed-text";

/** What a worker and the platform say to each other of models of external providers that the platform keeps. */

/** Why a model cannot be served. */
export const MODEL_PROBLEMS = [
  /** The variable that is to hold its key is not set where the worker runs. */
  "key-missing",
  /** Its key was sealed under another secret. */
  "key-locked",
  /** Its key is not sent to a worker on the way that it came by. */
  "key-withheld",
  /** The provider does not let the key in, or has no more credit for it. */
  "refused",
  /** The provider has no model of this id. */
  "model-gone",
  /** Anything else, in its sentence. */
  "faulty",
] as const;

const PROBLEM_CHARACTERS_MAX = 500;

export const modelProblemSchema = z.strictObject({
  kind: z.enum(MODEL_PROBLEMS),
  /** A whole sentence for operators, without any part of a key. */
  message: lineSchema.min(1).max(PROBLEM_CHARACTERS_MAX),
});
export type ModelProblem = z.infer<typeof modelProblemSchema>;

/** A problem whose sentence is others' words in part: on one line, and no longer than what is taken. */
export function toProblem(kind: ModelProblem["kind"], text: string): ModelProblem {
  const line = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
  return { kind, message: line.slice(0, PROBLEM_CHARACTERS_MAX) || "It cannot be served." };
}

const credential = z.string().min(1);
export const credentialsSchema = z.strictObject({
  key: credential.optional(),
  accessKeyId: credential.optional(),
  secretAccessKey: credential.optional(),
  sessionToken: credential.optional(),
});

/**
 * One model as a worker is handed it. The entry is read by the worker, since a platform that is newer may say
 * more of one model, and the others are served all the same.
 */
export const handedModelSchema = z.object({
  name: z.string(),
  entry: z.unknown(),
  /** Absent: its key is in variables where the worker runs. */
  credentials: credentialsSchema.optional(),
  /** Present: it cannot be served, and has no credentials. */
  problem: modelProblemSchema.optional().catch(undefined),
});

export const handedModelsSchema = z.object({ models: z.array(handedModelSchema) });
export type HandedModel = z.infer<typeof handedModelSchema>;
export type HandedModels = z.infer<typeof handedModelsSchema>;

/** What became of models at a worker; null where nothing is wrong with one any more. */
export const toldProblemsSchema = z.strictObject({
  problems: z
    .array(
      z.strictObject({ name: z.string().min(1).max(256), problem: modelProblemSchema.nullable() }),
    )
    .max(1_024),
});
export type ToldProblems = z.infer<typeof toldProblemsSchema>;
