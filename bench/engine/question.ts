import * as z from "zod";

const count = z.number().int().positive();

/** What a request asks of the sampler; see `SAMPLINGS` in `engine-subject.ts`. */
export const SAMPLING_KINDS = [
  "greedy",
  "temperature",
  "top-p",
  "flat top-p",
  "log-probabilities",
  "penalties",
] as const;
export type SamplingKind = (typeof SAMPLING_KINDS)[number];

/** Draws under a grammar's mask; see `DRAWS` in `engine-breadth/grammar-subject.ts`. */
export const DRAW_KINDS = ["greedy", "temperature 1", "top-p 0.9, temperature 0.7"] as const;
export type DrawKind = (typeof DRAW_KINDS)[number];

/** What a measured process can be asked; each answers the kinds that it knows. */
export const questionSchema = z.discriminatedUnion("kind", [
  /** So many sequences, each with so much context, make so many tokens side by side. */
  z.object({
    kind: z.literal("decode"),
    batch: count,
    stepCount: count,
    contextLength: count,
    sampling: z.enum(SAMPLING_KINDS).default("greedy"),
    /** Whether each answer is held to a JSON schema. */
    isConstrained: z.boolean().default(false),
  }),
  /** One prompt of so many tokens, of which nothing is known yet, until its first new token. */
  z.object({ kind: z.literal("prefill"), tokenCount: count, salt: z.number().int() }),
  /** The same, then once more with other tokens in its last tenth. */
  z.object({ kind: z.literal("prefix"), tokenCount: count, salt: z.number().int() }),
  /** While so many sequences decode: how late a timer is, and how long an aborted one keeps its slot. */
  z.object({ kind: z.literal("latency"), batch: count, durationMs: count }),
  /** So many clients ask, each again as soon as it is answered, until so many requests are done. */
  z.object({ kind: z.literal("clients"), clientCount: count, requestCount: count }),
  /** Memory is read for so long with each way of reading it. */
  z.object({ kind: z.literal("stream"), durationMs: count }),
  /** A schema that nobody has seen is compiled, then others, then one of them again. */
  z.object({ kind: z.literal("grammar-compile"), salt: z.number().int() }),
  /** So many tokens are drawn under a schema's masks, and the same ones without. */
  z.object({
    kind: z.literal("grammar-tokens"),
    draw: z.enum(DRAW_KINDS),
    tokenCount: count,
    salt: z.number().int(),
  }),
  /** So many texts of mixed length become vectors. */
  z.object({ kind: z.literal("embed"), textCount: count, salt: z.number().int() }),
]);
export type Question = z.input<typeof questionSchema>;
export type ParsedQuestion = z.infer<typeof questionSchema>;

/** Figures by name: tokens a second, milliseconds, cores. Which there are depends on the question. */
export const answerSchema = z.record(z.string(), z.number());
export type Answer = z.infer<typeof answerSchema>;

/** Answers one question after the other; what it returns travels as JSON. */
export type Answerer = (question: ParsedQuestion) => Promise<Answer>;
/** Loads what is to be measured. */
export type Opener = (settings: unknown) => Promise<Answerer>;

/** For the kinds of question that a process does not know. */
export function refuse(question: ParsedQuestion): never {
  throw new Error(`This process does not answer "${question.kind}".`);
}
