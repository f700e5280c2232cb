import * as z from "zod";
import {
  ANSWER_TOKENS_MAX,
  PROMPT_CHARACTERS_MAX,
  SYSTEM_PROMPT_CHARACTERS_MAX,
} from "@/lib/limits";
import {
  answerViewSchema,
  outcomeSchema,
  promptViewSchema,
  ratingStatusSchema,
} from "./arena-view";
import { priceSchema } from "./catalog";
import { wellFormedPrompt } from "./prompt-text";

/**
 * What pages and `/api/conversations` say to each other. A conversation is a battle (two models, blind
 * until its vote), a comparison (two that were chosen) or a chat (one). Before the vote nothing here ties
 * a side of a battle to a model, and no field's value, nor the moment at which it is told, depends on
 * which model wrote an answer.
 */

export const conversationKindSchema = z.enum(["battle", "compare", "chat"]);

// Requests.
/** What the visitor of a chat or a comparison sets; absent: the model's own. A battle takes none. */
export const conversationSettingsSchema = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  maxTokens: z.number().int().min(1).max(ANSWER_TOKENS_MAX).optional(),
  /** May hold `{{currentDateTime}}`, which is filled in when a turn is asked. */
  system: wellFormedPrompt.max(SYSTEM_PROMPT_CHARACTERS_MAX).optional(),
});
const prompt = wellFormedPrompt.trim().min(1).max(PROMPT_CHARACTERS_MAX);
const modelName = z.string().min(1).max(256);
export const startBodySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("battle"), prompt }),
  z.strictObject({
    kind: z.literal("compare"),
    prompt,
    models: z.strictObject({ a: modelName, b: modelName }),
    settings: conversationSettingsSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal("chat"),
    prompt,
    model: modelName,
    settings: conversationSettingsSchema.optional(),
  }),
]);
/** The next prompt. In a battle it follows the newest turn. */
export const turnBodySchema = z.strictObject({
  prompt,
  /**
   * What it follows: in a chat an answer, in a comparison a prompt; null: nothing, the conversation's first
   * prompt said otherwise. Absent: the newest. The parent of an earlier prompt makes the new one a branch
   * beside it.
   */
  parentId: z.uuid().nullable().optional(),
  /** From this turn on; absent: as before. */
  settings: conversationSettingsSchema.optional(),
});
/** Answers a prompt anew: both sides of a pair, or a chat's one; with `answerId` that failed side alone. */
export const answerAgainBodySchema = z.strictObject({
  promptId: z.uuid(),
  answerId: z.uuid().optional(),
});
/** Ends one answer that is being written, or all of them. */
export const stopBodySchema = z.strictObject({ answerId: z.uuid().optional() });

/** Why somebody preferred an answer; none is ever asked for. */
export const VOTE_REASONS = [
  ...(["correct", "complete", "useful", "clear", "style", "creative"] as const),
  ...(["wrong", "incomplete", "unhelpful", "unclear", "ignored-instructions", "unsafe"] as const),
] as const;
export const voteReasonsSchema = z
  .array(z.enum(VOTE_REASONS))
  .max(VOTE_REASONS.length)
  .refine((it) => new Set(it).size === it.length, "holds a reason twice; send each once.");
export const pairVoteBodySchema = z.strictObject({
  outcome: outcomeSchema,
  answerAId: z.uuid(),
  answerBId: z.uuid(),
});
/** Added after the vote, so that naming a reason delays nothing. */
export const reasonsBodySchema = z.strictObject({
  answerAId: z.uuid(),
  answerBId: z.uuid(),
  reasons: voteReasonsSchema,
});
export const MARK_KINDS = ["up", "down", "flag"] as const;
export const markBodySchema = z.strictObject({
  answerId: z.uuid(),
  kind: z.enum(MARK_KINDS),
  /** False takes it back. */
  isSet: z.boolean(),
  note: wellFormedPrompt.max(1_000).optional(),
});
export const TITLE_CHARACTERS_MAX = 120;
export const renameBodySchema = z.strictObject({
  /** Null: by its first prompt again. */
  title: wellFormedPrompt.trim().min(1).max(TITLE_CHARACTERS_MAX).nullable(),
});

// What is shown.
/** Why nothing of an answer is there yet. */
export const answerWaitingSchema = z.object({
  /** Whoever hosts the model loads it first. */
  reason: z.enum(["loading"]),
  /** Until it is there, by the host's own guess. Absent: it tells none. */
  estimateSeconds: z.number().min(0).optional(),
});

/** An answer, in a pair one of an attempt: both sides of attempt 1 were asked together, after those of 0. */
export const turnAnswerSchema = answerViewSchema.extend({
  attempt: z.number().int(),
  /** What it thought before it answered; empty where it tells none. */
  reasoning: z.string(),
  /** The visitor's marks on it. */
  marks: z.array(z.enum(MARK_KINDS)),
  /** As its reader was last told; a page's own. */
  waiting: answerWaitingSchema.optional(),
});
export const conversationMessageSchema = z.discriminatedUnion("role", [
  promptViewSchema,
  turnAnswerSchema,
]);
/** Of a model on a board. */
export const modelStandingSchema = z.object({
  status: ratingStatusSchema,
  rating: z.number().nullable(),
  rank: z.number().nullable(),
});
export const modelCardSchema = z.object({
  model: z.string(),
  organisation: z.string().nullable(),
  licence: z.string().nullable(),
  parameters: z.number().nullable(),
  price: priceSchema.nullable(),
  /** Before this vote and now; null: not on the board. */
  before: modelStandingSchema.nullable(),
  now: modelStandingSchema.nullable(),
});
export const pairVoteSchema = pairVoteBodySchema.extend({
  /** Before the names were known: the vote that opened a battle. */
  blind: z.boolean(),
  reasons: voteReasonsSchema,
});
export const pairRevealSchema = z.object({
  a: modelCardSchema,
  b: modelCardSchema,
  /** Counted votes on this pair of models, whichever side each took, as seen from this battle's sides. */
  pair: z.object({ votes: z.number(), a: z.number(), b: z.number(), tie: z.number() }),
  /** A sentence where the vote was kept and does not count; null: it counts. */
  uncounted: z.string().nullable(),
});
export const conversationViewSchema = z.object({
  id: z.uuid(),
  kind: conversationKindSchema,
  title: z.string().nullable(),
  createdAt: z.string(),
  settings: conversationSettingsSchema,
  /** By side, or the one of a chat; null while a battle is blind. */
  models: z.union([
    z.object({ a: z.string(), b: z.string() }),
    z.object({ model: z.string() }),
    z.null(),
  ]),
  /** In the order they were written. Of a battle the newest attempt of each turn alone, the other kinds whole. */
  messages: z.array(conversationMessageSchema),
  /** Of a page: the oldest message in it, where there are older ones; they are read with `?before=` this id. */
  earlier: z.uuid().optional(),
  votes: z.array(pairVoteSchema),
  /** Of a battle with its blind vote. */
  reveal: pairRevealSchema.nullable(),
});

/** One of the visitor's conversations in a list. */
export const conversationItemSchema = z.object({
  id: z.uuid(),
  kind: conversationKindSchema,
  title: z.string(),
  /** Names that may be told; empty while a battle is blind. */
  models: z.array(z.string()),
  updatedAt: z.string(),
  isRunning: z.boolean(),
  /** Of a search: the words around what was found, each part with whether it is a hit. */
  excerpt: z.array(z.object({ text: z.string(), isHit: z.boolean() })).nullable(),
});
export const conversationListSchema = z.object({
  conversations: z.array(conversationItemSchema),
  /** For the next page; null: that was all. */
  cursor: z.string().nullable(),
});

/**
 * A turn as JSON lines (`application/x-ndjson`), from the request that asks for it and from
 * `/api/conversations/ID/stream`: `turn-start`, then deltas and ends of its answers in any interleaving,
 * then `turn-end`. A reader that comes late, or comes back, hears `turn-start` with the text so far. A
 * reader that leaves stops nothing; `stop` does. What fails before `turn-start` is an HTTP error; what
 * fails after it is the `answer-end` of that answer.
 */
export const conversationEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("turn-start"),
    conversationId: z.uuid(),
    kind: conversationKindSchema,
    prompt: promptViewSchema,
    answers: z.array(turnAnswerSchema),
  }),
  /** Before the first word, now and then for as long as it lasts. Never of a blind answer before its vote. */
  z.object({
    ...{ type: z.literal("answer-waiting"), answerId: z.uuid(), waiting: answerWaitingSchema },
  }),
  z.object({ type: z.literal("text-delta"), answerId: z.uuid(), text: z.string() }),
  /** Never of a blind answer before its vote. */
  z.object({ type: z.literal("reasoning-delta"), answerId: z.uuid(), text: z.string() }),
  z.object({ type: z.literal("answer-end"), answer: turnAnswerSchema }),
  z.object({ type: z.literal("turn-end") }),
]);

export type ConversationKind = z.infer<typeof conversationKindSchema>;
export type ConversationSettings = z.infer<typeof conversationSettingsSchema>;
export type StartBody = z.infer<typeof startBodySchema>;
export type TurnBody = z.infer<typeof turnBodySchema>;
export type AnswerAgainBody = z.infer<typeof answerAgainBodySchema>;
export type PairVoteBody = z.infer<typeof pairVoteBodySchema>;
export type VoteReason = (typeof VOTE_REASONS)[number];
export type MarkKind = (typeof MARK_KINDS)[number];
export type AnswerWaiting = z.infer<typeof answerWaitingSchema>;
export type TurnAnswer = z.infer<typeof turnAnswerSchema>;
export type ConversationMessage = z.infer<typeof conversationMessageSchema>;
export type ModelStanding = z.infer<typeof modelStandingSchema>;
export type ModelCard = z.infer<typeof modelCardSchema>;
export type PairVote = z.infer<typeof pairVoteSchema>;
export type PairReveal = z.infer<typeof pairRevealSchema>;
export type ConversationView = z.infer<typeof conversationViewSchema>;
export type ConversationItem = z.infer<typeof conversationItemSchema>;
export type ConversationEvent = z.infer<typeof conversationEventSchema>;
