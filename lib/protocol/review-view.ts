import * as z from "zod";
import { modelNameSchema } from "./catalog";

/** What keepers see of what waits for their eyes, what they decide, and what everybody may read of that. */

export const reviewKindSchema = z.enum(["anomaly", "moderation", "flag"]);
export const reviewStateSchema = z.enum(["open", "dismissed", "upheld"]);

/** A visitor as keepers know one: by the id of their votes, and by nothing that they said. */
export const reviewedVisitorSchema = z.object({
  voter: z.uuid(),
  isExcluded: z.boolean(),
  /** Blind votes that count, and that do not. */
  counted: z.number(),
  uncounted: z.number(),
});
/** Figures of the test of votes: integrity/check-voter.ts, AnomalyEvidence. */
export const anomalyEvidenceSchema = z.object({
  voter: z.uuid(),
  model: z.string().nullable(),
  direction: z.enum(["up", "down"]),
  cast: z.number(),
  votes: z.number(),
  statistic: z.number(),
  degrees: z.number(),
  threshold: z.number(),
  pValue: z.number(),
  alpha: z.number(),
});
export const reviewViewSchema = z.object({
  id: z.uuid(),
  kind: reviewKindSchema,
  state: reviewStateSchema,
  createdAt: z.string(),
  decidedAt: z.string().nullable(),
  /** Null: they are gone, with all they said. */
  visitor: reviewedVisitorSchema.nullable(),
  /** Of an anomaly; null where another version wrote it. */
  anomaly: anomalyEvidenceSchema.nullable(),
  /** What else speaks for it, each with its name: rules that struck, a visitor's own words. */
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  /** The answer that was reported, from its beginning; null: none, or it was deleted. */
  answer: z.object({ model: z.string(), text: z.string() }).nullable(),
});
export const reviewListSchema = z.object({
  /** The newest first. */
  reviews: z.array(reviewViewSchema),
  /** There are more than are shown. */
  hasMore: z.boolean(),
  openCount: z.number(),
  excluded: z.array(reviewedVisitorSchema),
  withdrawn: z.array(z.string()),
});
export const reviewQuerySchema = z.strictObject({ state: reviewStateSchema.default("open") });
export const reviewBodySchema = z.strictObject({ state: z.enum(["dismissed", "upheld"]) });
export const visitorStandingBodySchema = z.strictObject({ isExcluded: z.boolean() });
export const withdrawalBodySchema = z.strictObject({
  model: modelNameSchema,
  isWithdrawn: z.boolean(),
});
/** What a decision did. */
export const boardChangeSchema = z.object({
  /** Votes that no longer count, or count again. */
  ballots: z.number(),
});

export const publicLogSchema = z.object({
  /** The newest first. */
  entries: z.array(
    z.object({
      id: z.uuid(),
      kind: z.enum([
        ...(["visitor-excluded", "visitor-restored"] as const),
        // Of the ledger of models.
        ...(["model-first-battle", "model-made-private"] as const),
        ...(["model-retired", "model-returned"] as const),
        ...(["model-withdrawn", "model-restored", "rules-changed"] as const),
        ...(["board-published", "board-removed", "votes-imported"] as const),
      ]),
      message: z.string(),
      ballots: z.number(),
      /** Of first battles and of what became of a private model the day alone, in UTC. */
      createdAt: z.string(),
    }),
  ),
  /** For older ones, as `?before=`; null: that was all. */
  next: z.uuid().nullable(),
});
export const publicLogQuerySchema = z.strictObject({ before: z.uuid().optional() });

export type ReviewView = z.infer<typeof reviewViewSchema>;
export type ReviewState = z.infer<typeof reviewStateSchema>;
export type ReviewList = z.infer<typeof reviewListSchema>;
export type ReviewedVisitor = z.infer<typeof reviewedVisitorSchema>;
export type BoardChange = z.infer<typeof boardChangeSchema>;
export type PublicLog = z.infer<typeof publicLogSchema>;
