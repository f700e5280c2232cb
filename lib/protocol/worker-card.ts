import * as z from "zod";
import { DATABASE_INTEGER_MAX, PARLEYS_BENEATH_MAX } from "@/lib/fleet-limits";
import { priceSchema } from "./catalog";
import { REQUEST_FIELDS } from "./request-fields";
import { lineSchema, proseSchema } from "./well-formed-text";

/** Kinds that the worker program runs. */
export const BACKEND_KINDS = [
  ...(["onnx", "mock"] as const),
  /** Servers beside or behind the worker, each spoken to in its own protocol. */
  ...(["vllm", "openai-compatible", "huggingface", "external"] as const),
  /** A module of somebody else's. */
  "custom",
] as const;
export const WORKER_KINDS = [
  ...BACKEND_KINDS,
  /** Another Parley with all its models; a worker of FastChat's, which speaks a protocol of its own. */
  ...(["parley", "fastchat"] as const),
] as const;
export const MODEL_FEATURES = [
  ...(["chat", "embeddings", "rerank", "classify", "tokenize", "log-probabilities"] as const),
  /** Answers held to a grammar; tool calls told apart; reasoning told apart; images are seen. */
  ...(["grammar", "tools", "reasoning", "images"] as const),
  /** Goes on with an answer that another worker of the same build began, from its tokens. */
  "resume",
  /** The same, of answers that nothing but their tokens decides (continuable.ts); of others it names no tokens. */
  "continue",
] as const;

/** What a visitor may want to know of a model; every field is optional since a stranger's folder may say nothing. */
export const modelDescriptionSchema = z.object({
  summary: proseSchema.max(2_000).optional(),
  licence: lineSchema.max(100).optional(),
  /** Anyone may have the weights, whatever they may do with them. Absent: told by the licence where that says so. */
  hasOpenWeights: z.boolean().optional(),
  organization: lineSchema.max(200).optional(),
  /** Where its makers tell of it. */
  link: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
  parameters: z.number().int().positive().optional(),
  weightForm: lineSchema.max(60).optional(),
  /** False: what a request gets depends on who else is served at the moment. Absent: it does not, or nobody knows. */
  isBatchInvariant: z.boolean().optional(),
  limits: proseSchema.max(2_000).optional(),
  /** SHA-256 over what makes text tokens and conversations prompts, hex: models that share it count alike. */
  tokenizerBuild: lineSchema.max(128).optional(),
  /** Skills with the measured share of right answers, 0 to 1. */
  skills: z
    .array(z.object({ name: lineSchema.max(80), share: z.number().min(0).max(1) }))
    .max(64)
    .default([]),
  /** Prompts the model answers well; the pages offer them. */
  examplePrompts: z.array(proseSchema.max(500)).max(64).default([]),
});

export const modelOfferSchema = z.object({
  name: lineSchema.min(1).max(256),
  /** SHA-256 over the model's files, hex: two workers with the same build give the same text. */
  build: lineSchema.min(1).max(128),
  contextLength: z.number().int().positive().max(DATABASE_INTEGER_MAX),
  features: z.array(z.enum(MODEL_FEATURES)),
  /** What a request may ask of it; a request that asks for more is refused by the worker. Absent: not told. */
  fields: z.array(z.enum(REQUEST_FIELDS)).optional(),
  /** What its upstream charges; what an operator sets for the model comes first. Absent: not told. */
  price: priceSchema.optional(),
  /** Only battles may ask it, and its name is told nowhere else. Absent: it is like every other. */
  isAnonymousOnly: z.boolean().optional(),
  /** Its host loads it at the moment, and whoever asks it waits. Absent: it does not, or nobody knows. */
  isLoading: z.boolean().optional(),
  /** What the files that it is served from take on the worker's disk. Absent: not told, or there are none. */
  diskBytes: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  description: modelDescriptionSchema,
});

/** What a worker says of itself. */
export const workerCardSchema = z.object({
  kind: z.enum(WORKER_KINDS),
  /** For people; the address tells workers apart. */
  name: lineSchema.min(1).max(256),
  version: lineSchema.max(64),
  /** The machine it runs on, as it calls itself. */
  host: lineSchema.max(253).optional(),
  /** Installations whose models it passes on, its own among them; a worker by itself has none. */
  parleys: z.array(z.uuid()).max(PARLEYS_BENEATH_MAX).optional(),
  slots: z.number().int().positive().max(DATABASE_INTEGER_MAX),
  waitingMax: z.number().int().min(0).max(DATABASE_INTEGER_MAX),
  /** None only while the worker starts (registration.ts). */
  models: z.array(modelOfferSchema).max(256),
});

export type BackendKind = (typeof BACKEND_KINDS)[number];
export type WorkerKind = (typeof WORKER_KINDS)[number];
export type ModelFeature = (typeof MODEL_FEATURES)[number];
export type ModelDescription = z.infer<typeof modelDescriptionSchema>;
export type ModelOffer = z.infer<typeof modelOfferSchema>;
export type WorkerCard = z.infer<typeof workerCardSchema>;
