import * as z from "zod";
import { ERROR_CODE_LIST } from "@/lib/errors";
import { PROMPT_CHARACTERS_MAX, SYSTEM_PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import { finishReasonSchema } from "./generate-event";
import { wellFormedPrompt } from "./prompt-text";
import { MODEL_FEATURES, modelDescriptionSchema, WORKER_KINDS } from "./worker-card";

/**
 * What the pages and `/api` say to each other. Before the vote nothing here ties a side to a model:
 * `model` and `stats` are null, and no field's value depends on which model wrote an answer.
 */

// Requests.
export const sideSchema = z.enum(["a", "b"]);
export const promptBodySchema = z.strictObject({
  prompt: wellFormedPrompt.trim().min(1).max(PROMPT_CHARACTERS_MAX),
});
export const startChatBodySchema = promptBodySchema.extend({ model: z.string().min(1).max(256) });
/** In a chat the prompt follows `parentId`, the answer it continues from; absent: the newest. */
export const chatTurnBodySchema = promptBodySchema.extend({ parentId: z.uuid().optional() });
/** Regenerate an answer of a chat, or try a failed side of a battle again. */
export const answerBodySchema = z.strictObject({ answerId: z.uuid() });
export const outcomeSchema = z.enum(["a", "b", "tie", "both-bad"]);
export const voteBodySchema = z.strictObject({
  outcome: outcomeSchema,
  answerAId: z.uuid(),
  answerBId: z.uuid(),
});
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
/** In the order they were written. */
export const messageViewSchema = z.discriminatedUnion("role", [promptViewSchema, answerViewSchema]);

export const ratingStatusSchema = z.enum([
  "rated",
  "too-few-votes",
  "unbeaten",
  "winless",
  "unconnected",
]);
export const revealedModelSchema = z.object({
  model: z.string(),
  licence: z.string().nullable(),
  parameters: z.number().nullable(),
  /** After this vote where it is already counted in; null: not on the board yet. */
  rating: z
    .object({
      status: ratingStatusSchema,
      rating: z.number().nullable(),
      rank: z.number().nullable(),
    })
    .nullable(),
});
export const revealSchema = z.object({
  a: revealedModelSchema,
  b: revealedModelSchema,
  /** Counted votes on this pair of models, whichever side each took, as seen from this battle's sides. */
  pair: z.object({ votes: z.number(), a: z.number(), b: z.number(), tie: z.number() }),
});
export const battleViewSchema = z.object({
  id: z.uuid(),
  conversationId: z.uuid(),
  messages: z.array(messageViewSchema),
  /** The counted vote. */
  vote: z.object({ outcome: outcomeSchema, answerAId: z.uuid(), answerBId: z.uuid() }).nullable(),
  reveal: revealSchema.nullable(),
});
export const chatViewSchema = z.object({
  id: z.uuid(),
  model: z.string(),
  messages: z.array(messageViewSchema),
});

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
  models: z.array(z.object({ name: z.string(), build: z.string(), contextLength: z.number() })),
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

/**
 * A turn as JSON lines (`application/x-ndjson`): `turn-start`, then deltas and ends of its answers in
 * any interleaving, then `turn-end`. What fails before `turn-start` is an HTTP error; what fails after
 * is the `answer-end` of that answer. A reader that goes away stops the turn.
 */
export const turnEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("turn-start"),
    conversationId: z.uuid(),
    battleId: z.uuid().nullable(),
    prompt: promptViewSchema,
    answers: z.array(answerViewSchema),
  }),
  z.object({ type: z.literal("text-delta"), answerId: z.uuid(), text: z.string() }),
  z.object({ type: z.literal("answer-end"), answer: answerViewSchema }),
  z.object({ type: z.literal("turn-end") }),
]);

export type Side = z.infer<typeof sideSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;
export type VoteBody = z.infer<typeof voteBodySchema>;
export type ViewError = z.infer<typeof viewErrorSchema>;
export type AnswerStats = z.infer<typeof answerStatsSchema>;
export type AnswerStatus = z.infer<typeof answerStatusSchema>;
export type PromptView = z.infer<typeof promptViewSchema>;
export type AnswerView = z.infer<typeof answerViewSchema>;
export type MessageView = z.infer<typeof messageViewSchema>;
export type RatingStatus = z.infer<typeof ratingStatusSchema>;
export type RevealedModel = z.infer<typeof revealedModelSchema>;
export type Reveal = z.infer<typeof revealSchema>;
export type BattleView = z.infer<typeof battleViewSchema>;
export type ChatView = z.infer<typeof chatViewSchema>;
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
export type TurnEvent = z.infer<typeof turnEventSchema>;
