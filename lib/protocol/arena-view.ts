import * as z from "zod";
import { ERROR_CODE_LIST } from "@/lib/errors";
import { PROMPT_CHARACTERS_MAX, SYSTEM_PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import { finishReasonSchema } from "./generate-event";
import { wellFormedPrompt } from "./prompt-text";
import { MODEL_FEATURES, modelDescriptionSchema, WORKER_KINDS } from "./worker-card";

/** What pages and `/api` say to each other, but for conversations (conversation-view.ts), which are made of what is here. */

// Requests.
export const sideSchema = z.enum(["a", "b"]);
export const outcomeSchema = z.enum(["a", "b", "tie", "both-bad"]);
export const adminSessionBodySchema = z.strictObject({ token: z.string().min(1).max(512) });
export const tokenCountBodySchema = z.strictObject({
  prompt: wellFormedPrompt.max(PROMPT_CHARACTERS_MAX),
  /** One model, or absent: the strictest of those awake. */
  model: z.string().min(1).max(256).optional(),
  conversationId: z.uuid().optional(),
  /** In a chat the answer, in a pair the prompt that this one follows; null: none. Absent: the newest. */
  parentId: z.uuid().nullable().optional(),
  /** The system prompt that the next turn is asked with; absent: the conversation's. */
  system: wellFormedPrompt.max(SYSTEM_PROMPT_CHARACTERS_MAX).optional(),
});

// Errors, with the status of lib/errors.ts.
export const viewErrorSchema = z.object({ code: z.enum(ERROR_CODE_LIST), message: z.string() });
export const errorReplySchema = z.object({
  error: viewErrorSchema.extend({ param: z.string().optional(), requestId: z.string() }),
});

// What is shown.
export const answerStatsSchema = z.object({
  promptTokens: z.number(),
  completionTokens: z.number(),
  firstTokenMs: z.number(),
  durationMs: z.number(),
  /** Completion tokens after the first over the time they took; null for a single token. */
  tokensPerSecond: z.number().nullable(),
  temperature: z.number(),
  topP: z.number(),
  /** Null of a worker that cannot be given one. */
  seed: z.number().nullable(),
});
export const promptViewSchema = z.object({
  id: z.uuid(),
  role: z.literal("user"),
  parentId: z.uuid().nullable(),
  content: z.string(),
});
export const answerStatusSchema = z.enum(["streaming", "complete", "stopped", "failed"]);
export const answerViewSchema = z.object({
  id: z.uuid(),
  role: z.literal("assistant"),
  parentId: z.uuid(),
  side: sideSchema.nullable(),
  content: z.string(),
  status: answerStatusSchema,
  finishReason: finishReasonSchema.nullable(),
  error: viewErrorSchema.nullable(),
  model: z.string().nullable(),
  stats: answerStatsSchema.nullable(),
});
export const ratingStatusSchema = z.enum([
  "rated",
  "too-few-votes",
  "unbeaten",
  "winless",
  "unconnected",
]);
/** How the arena is doing, without a name in it: for the battle page. */
export const arenaStatusSchema = z.object({
  modelsAwake: z.number(),
  workersReady: z.number(),
  workersKnown: z.number(),
  examplePrompts: z.array(z.string()),
});
export const modelViewSchema = z.object({
  name: z.string(),
  awake: z.boolean(),
  /** Drawn for no battle any more. */
  isRetired: z.boolean(),
  /** Whether people may choose it by its name on the pages, and programs ask for it. */
  isDirect: z.boolean(),
  isApi: z.boolean(),
  contextLength: z.number().nullable(),
  description: modelDescriptionSchema,
  workers: z.number(),
  /** What it can be asked for; while it sleeps, what it could be asked for last. */
  features: z.array(z.enum(MODEL_FEATURES)),
});
export const modelListSchema = z.object({ models: z.array(modelViewSchema) });
export const leaderboardEntrySchema = z.object({
  model: z.string(),
  licence: z.string().nullable(),
  status: ratingStatusSchema,
  rating: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  rank: z.number().nullable(),
  votes: z.number(),
  wins: z.number(),
  losses: z.number(),
  ties: z.number(),
});
export const leaderboardViewSchema = z.object({
  /** ISO 8601; null: nothing was computed yet. */
  computedAt: z.string().nullable(),
  voteCount: z.number(),
  entries: z.array(leaderboardEntrySchema),
});
export const adminWorkerSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  kind: z.enum(WORKER_KINDS),
  version: z.string(),
  address: z.string(),
  /** `unreachable`: the web process that answers cannot reach it at the moment. */
  state: z.enum(["starting", "ready", "draining", "unreachable", "lost"]),
  /** Of the web process that answers: open keeps requests from a worker that failed them. */
  breaker: z.enum(["closed", "open", "half-open"]),
  /** Why it takes no requests, as a clause; null for one that is ready. */
  reason: z.string().nullable(),
  /** The machine it runs on, as it calls itself. */
  host: z.string().nullable(),
  /** False: it does not report by itself and is asked. */
  beats: z.boolean(),
  order: z.enum(["drain", "leave"]).nullable(),
  /** The token by which it registered; null for the secret that all share. */
  tokenName: z.string().nullable(),
  /** Models that it loads. */
  starting: z.array(z.string()),
  /** Parleys whose models it passes on, itself being one; 0 for any other worker. */
  parleys: z.number().int(),
  /** Tokens promised and not yet written; tokens it wrote a second lately. Null: it does not say. */
  outstandingTokens: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  models: z.array(
    z.object({
      ...{ name: z.string(), build: z.string(), contextLength: z.number() },
      /** By its host, at the moment. */
      isLoading: z.boolean(),
    }),
  ),
  slots: z.number(),
  running: z.number(),
  waiting: z.number(),
  waitingMax: z.number(),
  requests: z.number(),
  failures: z.number(),
  completionTokens: z.number(),
  registeredAt: z.string(),
  lastHeartbeatAt: z.string(),
});
export const workerCommandBodySchema = z.strictObject({
  /** To take nothing new, to take requests again, or to end. */
  command: z.enum(["drain", "resume", "remove"]),
});
/** `gone`: it is out of the registry at once, since nobody there would hear an order. */
export const workerOrderedSchema = z.object({
  outcome: z.enum(["drain", "resume", "remove", "gone"]),
});
export const adminWorkersSchema = z.object({
  workers: z.array(adminWorkerSchema),
  heartbeatIntervalMs: z.number(),
  staleAfterMs: z.number(),
});
export const tokenCountReplySchema = z.object({
  promptTokens: z.number(),
  contextLength: z.number(),
  fits: z.boolean(),
});

export type Side = z.infer<typeof sideSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;
export type ViewError = z.infer<typeof viewErrorSchema>;
export type AnswerStats = z.infer<typeof answerStatsSchema>;
export type AnswerStatus = z.infer<typeof answerStatusSchema>;
export type PromptView = z.infer<typeof promptViewSchema>;
export type AnswerView = z.infer<typeof answerViewSchema>;
export type RatingStatus = z.infer<typeof ratingStatusSchema>;
export type ArenaStatus = z.infer<typeof arenaStatusSchema>;
export type ModelView = z.infer<typeof modelViewSchema>;
export type ModelList = z.infer<typeof modelListSchema>;
export type LeaderboardEntry = z.infer<typeof leaderboardEntrySchema>;
export type LeaderboardView = z.infer<typeof leaderboardViewSchema>;
export type AdminWorker = z.infer<typeof adminWorkerSchema>;
export type WorkerOrdered = z.infer<typeof workerOrderedSchema>;
export type WorkerCommand = z.infer<typeof workerCommandBodySchema>["command"];
export type AdminWorkers = z.infer<typeof adminWorkersSchema>;
export type TokenCountReply = z.infer<typeof tokenCountReplySchema>;
