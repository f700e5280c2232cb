import * as z from "zod";
import { answerStatusSchema, outcomeSchema, sideSchema } from "./arena-view";
import { conversationKindSchema, voteReasonsSchema } from "./conversation-view";

/** What a published conversation is: a copy as of one moment, without personal data and without its tree. */

/** What is taken out of texts before they are published. */
export const PERSONAL_KINDS = [
  ...(["email", "phone", "iban", "card", "ssn", "ip-address", "key", "secret"] as const),
] as const;
export const personalKindSchema = z.enum(PERSONAL_KINDS);

export const sharedAnswerSchema = z.object({
  side: sideSchema.nullable(),
  model: z.string(),
  content: z.string(),
  status: answerStatusSchema.exclude(["streaming"]),
});
export const sharedTurnSchema = z.object({
  prompt: z.string(),
  /** Both sides of a pair, or a chat's one; what failed without a word is not among them. */
  answers: z.array(sharedAnswerSchema),
  /** What its visitor thought of them. */
  vote: z
    .object({ outcome: outcomeSchema, reasons: voteReasonsSchema, blind: z.boolean() })
    .nullable(),
});
export const sharedConversationSchema = z.object({
  kind: conversationKindSchema,
  title: z.string(),
  /** ISO 8601: when its first question was asked. */
  createdAt: z.string(),
  /** One or two, the first that of side A. */
  models: z.array(z.string()),
  /** What the models were told beforehand. */
  system: z.string().nullable(),
  turns: z.array(sharedTurnSchema),
});
export const standingShareSchema = z.object({
  id: z.string(),
  createdAt: z.string(),
  /** Whether search engines may list it. */
  mayBeFound: z.boolean(),
});

/** What would be published now, and what is. */
export const sharePreviewSchema = z.object({
  conversation: sharedConversationSchema,
  /** Of the conversation above, to be sent back: what is published is what was seen. */
  digest: z.string(),
  /** Personal data that was found, by kind and number. */
  removed: z.array(z.object({ kind: personalKindSchema, count: z.number() })),
  shares: z.array(standingShareSchema),
});
export const shareBodySchema = z.strictObject({
  digest: z.string().length(64),
  /** The answer with which the shown branch of a chat ends; absent: the newest. */
  leafId: z.uuid().optional(),
  mayBeFound: z.boolean().default(false),
});
export const shareViewSchema = standingShareSchema.extend({
  conversation: sharedConversationSchema,
});

export type PersonalKind = z.infer<typeof personalKindSchema>;
export type SharedAnswer = z.infer<typeof sharedAnswerSchema>;
export type SharedTurn = z.infer<typeof sharedTurnSchema>;
export type SharedConversation = z.infer<typeof sharedConversationSchema>;
export type StandingShare = z.infer<typeof standingShareSchema>;
export type SharePreview = z.infer<typeof sharePreviewSchema>;
export type ShareBody = z.infer<typeof shareBodySchema>;
export type ShareView = z.infer<typeof shareViewSchema>;
