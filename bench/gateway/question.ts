import * as z from "zod";

/** Where a request goes and what a whole answer has, so that one that was cut short is told from it. */
export const targetSchema = z.object({
  name: z.string(),
  port: z.number().int(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  /** Line feeds of a whole answer; undefined where they say nothing. */
  lineFeeds: z.number().int().optional(),
  /** Of an answer whose length nobody knows before: it may have any multiple of these more. */
  lineFeedStep: z.number().int().positive().optional(),
  /** Bytes of a whole answer's body, in the place of line feeds: binary streams have none that count. */
  bodyBytes: z.number().int().optional(),
  /** The first byte is waited for that comes after so many line feeds or bytes; absent: the first at all. */
  firstAfter: z.object({ lineFeeds: z.number().int(), bodyBytes: z.number().int() }).optional(),
  /** Tokens of a whole answer. */
  tokens: z.number().int(),
});

const count = z.number().int().positive();

/** What the process that makes load can be asked. */
export const loadQuestionSchema = z.discriminatedUnion("kind", [
  /**
   * One request at a time: so many of each target in a row, then of the next, so many times. Whoever else is
   * busy slows all alike, and none is asked in its sleep: a process that waited while three others were asked
   * takes several times as long for the next request, and that would be measured. The first of a row are
   * asked and not counted.
   */
  z.object({ kind: z.literal("turns"), targets: z.array(targetSchema), rows: count, row: count }),
  /** So many clients that each ask again as soon as they are answered. */
  z.object({ kind: z.literal("rate"), target: targetSchema, clients: count, durationMs: count }),
  /**
   * So many streams that end only when they are released: which they are a while after the last one has said
   * something, or when that takes too long. With a pause between two openings of some.
   */
  z.object({
    ...{ kind: z.literal("hold"), target: targetSchema, clients: count },
    ...{ releasePort: count, holdMs: count },
  }),
]);

export const turnsSchema = z.array(
  z.object({
    name: z.string(),
    wholeMs: z.array(z.number()),
    firstMs: z.array(z.number()),
    broken: z.number(),
  }),
);

export const rateSchema = z.object({
  /** Within the time. */
  requestsPerSecond: z.number(),
  tokensPerSecond: z.number(),
  /** Whole answers and others, those that ended after the time too. */
  whole: z.number(),
  broken: z.number(),
  /** What the first one was that was not whole. */
  fault: z.string().optional(),
});

export const holdSchema = z.object({
  /** Under way at the same time, at most. */
  heldMax: z.number(),
  whole: z.number(),
  broken: z.number(),
  fault: z.string().optional(),
});

export type Target = z.infer<typeof targetSchema>;
export type LoadQuestion = z.infer<typeof loadQuestionSchema>;
export type Turns = z.infer<typeof turnsSchema>;
export type Rate = z.infer<typeof rateSchema>;
export type Hold = z.infer<typeof holdSchema>;
