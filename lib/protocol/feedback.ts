import * as z from "zod";
import { FEEDBACK_COMMENT_CHARACTERS_MAX, FEEDBACK_TAGS_MAX } from "@/lib/limits";
import { textSchema } from "./well-formed-text";

/** What a caller thought of an answer. No vote: it never counts for a rating. */

const text = textSchema.refine(
  (it) => !it.includes("\0"),
  "holds a NUL character, which cannot be stored; remove it.",
);

/**
 * Ids on the wire are a usage record's, without its dashes, behind the prefix of their API. Those of stored
 * responses have as much chance behind it, since they open what is stored.
 */
const ANSWER_ID =
  /^(?:chatcmpl-|cmpl-|msg_|resp_(?=[0-9a-f]{64}$))([0-9a-f]{32})(?:[0-9a-f]{32})?$/;

export const feedbackBodySchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        ANSWER_ID,
        "must be the id of an answer, as in its `id` field: chatcmpl-…, cmpl-…, msg_… or resp_….",
      )
      .nullish()
      .describe("The answer's id: `chatcmpl-…`, `cmpl-…`, `msg_…` or `resp_…`."),
    request_id: z
      .string()
      // Those that are sent back with answers: http/request-id.ts.
      .regex(/^[\w.-]{1,128}$/, "must be the `x-request-id` of an answer.")
      .nullish()
      .describe("Instead of `id`: the `x-request-id` of an answer of the last 24 hours."),
    score: z
      .union([z.number().min(-1).max(1), z.enum(["up", "down"])], {
        error: 'must be a number from -1 (bad) to 1 (good), or "up" or "down".',
      })
      .describe('From -1 (bad) to 1 (good); "up" is 1 and "down" is -1.'),
    comment: text.max(FEEDBACK_COMMENT_CHARACTERS_MAX).nullish(),
    tags: z.array(text.min(1).max(64)).max(FEEDBACK_TAGS_MAX).nullish(),
  })
  .superRefine(({ id, request_id: requestId }, context) => {
    if ((id == null) === (requestId == null)) {
      context.addIssue({
        code: "custom",
        path: ["id"],
        message: "or `request_id` must be given, and not both.",
      });
    }
  })
  .transform(({ id, request_id: requestId, score, comment, tags }) => ({
    about: toAbout({ id, requestId }),
    score: score === "up" ? 1 : score === "down" ? -1 : score,
    comment: comment ?? null,
    tags: [...new Set(tags ?? [])],
  }));

export type FeedbackBody = z.output<typeof feedbackBodySchema>;

type Said = { id: string | null | undefined; requestId: string | null | undefined };

function toAbout({ id, requestId }: Said): { id: string } | { requestId: string } {
  return id == null ? { requestId: requestId ?? "" } : { id: toAnswerId(id) };
}

function toAnswerId(wireId: string): string {
  const hex = ANSWER_ID.exec(wireId)?.[1] ?? "";
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What keepers see. */
export const adminFeedbackSchema = z.object({
  /** Of the last 90 days, most first. */
  models: z.array(
    z.object({
      model: z.string().nullable(),
      count: z.number(),
      mean: z.number(),
      down: z.number(),
    }),
  ),
  /** Newest first. */
  latest: z.array(
    z.object({
      answerId: z.string(),
      owner: z.string(),
      endpoint: z.string(),
      asked: z.string(),
      model: z.string().nullable(),
      score: z.number(),
      comment: z.string().nullable(),
      tags: z.array(z.string()),
      updatedAt: z.string(),
    }),
  ),
});

export type AdminFeedback = z.infer<typeof adminFeedbackSchema>;
