import * as z from "zod";
import { AppError, isAppError } from "@/lib/errors";
import { EMBED_INPUTS_MAX, MODERATION_PARTS_MAX } from "@/lib/limits";
import type { ClassifyReply, ClassifyRequest } from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { refuse } from "@/lib/util/refuse";
import { boundedList } from "../bounded-list";
import { inWireWords } from "../wire-param";
import { CATEGORIES, type Category, findCategory } from "./categories";

/** OpenAI's "Create moderation" (API reference, Moderations), answered by a classifier of this server. */

const text = textSchema.min(1);

const partSchema = z
  .looseObject({ type: z.string() })
  .superRefine(({ type }, context) => {
    if (type === "text") return;
    const message = `names a type of part that is not supported ("${type.slice(0, 40)}"): the moderator reads text. Send text alone.`;
    refuse(context, { path: ["type"], message });
  })
  .pipe(z.strictObject({ type: z.literal("text"), text }));

const boundedSchema = boundedList((list) =>
  isOfParts(list) ? MODERATION_PARTS_MAX : EMBED_INPUTS_MAX,
);
const textsSchema = z.union([text, z.array(text).min(1)]);
const partsSchema = z.array(partSchema).min(1);

export const moderationBodySchema = z.strictObject({
  /** Texts with a result each, or the parts of one. */
  input: boundedSchema.transform((input, context): string[][] => {
    const issues = (found: z.ZodError) => {
      // The issues of an inner schema, whose places are those of this one.
      for (const issue of found.issues) context.issues.push(issue as z.core.$ZodRawIssue);
      return z.NEVER;
    };
    if (isOfParts(input)) {
      const parts = partsSchema.safeParse(input, { reportInput: true });
      return parts.success ? [parts.data.map((part) => part.text)] : issues(parts.error);
    }
    const texts = textsSchema.safeParse(input, { reportInput: true });
    if (!texts.success) return issues(texts.error);
    return typeof texts.data === "string" ? [[texts.data]] : texts.data.map((it) => [it]);
  }),
  model: textSchema.min(1).max(256).nullish(),
});

function isOfParts(input: unknown): input is unknown[] {
  return Array.isArray(input) && typeof input[0] === "object";
}

export type ModerationBody = z.infer<typeof moderationBodySchema>;

/** OpenAI's own names stand for whatever moderates here: their clients send one unasked. */
const ANY_MODERATOR = /^(omni|text)-moderation-/;

/** @throws AppError `not-found` without a moderator, `model-not-found` for another model than that. */
export function getModerator(configured: string | undefined, asked: string | null | undefined) {
  if (configured === undefined) {
    throw new AppError("not-found", {
      message:
        "This server has no moderator. Whoever runs it names one in PARLEY_MODERATION_MODEL: a model with the feature `classify`.",
    });
  }
  if (asked == null || asked === configured || ANY_MODERATOR.test(asked)) return configured;
  throw new AppError("model-not-found", {
    message: `Texts are moderated by \`${configured}\` here, and by no other model. Leave out \`model\`.`,
    param: "model",
  });
}

export function toClassifyRequest(
  { input }: ModerationBody,
  { model, requestId }: { model: string; requestId: string },
): ClassifyRequest {
  return { requestId, model, inputs: input.flat() };
}

type Categorized<Value> = Record<Category, Value>;

export type ModerationResult = {
  flagged: boolean;
  categories: Categorized<boolean>;
  category_scores: Categorized<number>;
  /** Empty for what the model has no word for: its score of 0 says nothing then. */
  category_applied_input_types: Categorized<"text"[]>;
  /** No field of OpenAI's: what the model said, in its own words. */
  label_scores: Record<string, number>;
};

/**
 * A category has the score of its likeliest label, and a text of several parts that of its worst.
 *
 * @param threshold the score from which a category counts.
 * @throws AppError `not-found` when no label of the model is of any category: it would never flag.
 */
export function toModerationReply(
  { results }: ClassifyReply,
  body: ModerationBody,
  { model, requestId, threshold }: { model: string; requestId: string; threshold: number },
) {
  const left = results.values();
  const grouped = body.input.map((parts) => parts.map(() => left.next().value ?? []));
  return {
    id: `modr-${requestId}`,
    model,
    results: grouped.map((labels) => toResult(labels.flat(), { model, threshold })),
  };
}

function toResult(
  labels: readonly { label: string; score: number }[],
  { model, threshold }: { model: string; threshold: number },
): ModerationResult {
  const scores = new Map<Category, number>();
  const own = new Map<string, number>();
  for (const { label, score } of labels) {
    own.set(label, Math.max(score, own.get(label) ?? 0));
    const category = findCategory(label);
    if (category !== undefined) scores.set(category, Math.max(score, scores.get(category) ?? 0));
  }
  if (scores.size === 0) {
    throw new AppError("not-found", {
      message: `This server has no moderator that could flag anything: the labels of ${model} are none of moderation's (${[...own.keys()].slice(0, 8).join(", ")}); whoever runs this server has to name another model in PARLEY_MODERATION_MODEL.`,
    });
  }
  const categorize = <Value>(toValue: (category: Category) => Value) =>
    // One entry for each category, by what it iterates over.
    Object.fromEntries(CATEGORIES.map((it) => [it, toValue(it)])) as Categorized<Value>;
  const score = (category: Category) => scores.get(category) ?? 0;
  return {
    flagged: CATEGORIES.some((it) => score(it) >= threshold),
    categories: categorize((it) => score(it) >= threshold),
    category_scores: categorize(score),
    category_applied_input_types: categorize((it) => (scores.has(it) ? ["text"] : [])),
    label_scores: Object.fromEntries(own),
  };
}

/** What a classifier refused, under the place that the caller gave the text. */
export function toModerationError(error: unknown, { input }: ModerationBody): unknown {
  const known = inWireWords(error);
  const index = isAppError(known) ? /^input\.(\d+)$/.exec(known.param ?? "")?.[1] : undefined;
  if (!isAppError(known) || index === undefined) return known;
  const isOne = input.length === 1 && input[0]?.length === 1;
  const { code, message, retryAfterSeconds } = known;
  const param = isOne ? "input" : input.length === 1 ? `input.${index}.text` : `input.${index}`;
  return new AppError(code, { message, param, retryAfterSeconds, cause: error });
}
