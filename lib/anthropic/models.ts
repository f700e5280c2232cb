import * as z from "zod";
import { AppError } from "@/lib/errors";
import { MODELS_PAGE_DEFAULT, MODELS_PAGE_MAX } from "@/lib/limits";

/** What is asked of a model to show it. */
export type ShownModel = { name: string; contextLength: number; createdAt: Date };

/** Anthropic's `ModelInfo`, as its client's types have it. */
export type AnthropicModel = {
  type: "model";
  id: string;
  display_name: string;
  /** RFC 3339. */
  created_at: string;
  /** Tokens that prompt and answer may have together bound both. */
  max_input_tokens: number;
  max_tokens: number;
  capabilities: null;
  lifecycle: "active";
  deprecated_at: null;
  line: null;
};

export type AnthropicModelPage = {
  data: AnthropicModel[];
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
};

const LIMIT_WORDS = `must be a whole number from 1 to ${MODELS_PAGE_MAX}.`;

/** Their beta client says `beta=true` at every path. */
const beta = z.literal("true").optional();
const cursor = z.string().min(1).optional();

export const modelQuerySchema = z.strictObject({ beta });

export const modelPageQuerySchema = z.strictObject({
  limit: z
    .string()
    .refine((it) => /^\d{1,4}$/.test(it) && isPageSize(Number(it)), LIMIT_WORDS)
    .transform(Number)
    .default(MODELS_PAGE_DEFAULT),
  ...{ after_id: cursor, before_id: cursor, beta },
});

const isPageSize = (it: number) => it >= 1 && it <= MODELS_PAGE_MAX;

export function toAnthropicModel({ name, contextLength, createdAt }: ShownModel): AnthropicModel {
  return {
    ...{ type: "model", id: name, display_name: name, created_at: createdAt.toISOString() },
    ...{ max_input_tokens: contextLength, max_tokens: contextLength, capabilities: null },
    ...{ lifecycle: "active", deprecated_at: null, line: null },
  };
}

/**
 * The models behind or before one of them, in their order.
 *
 * @throws AppError `invalid-request` where both are asked for, or one that is not there.
 */
export function toAnthropicModelPage(
  models: readonly ShownModel[],
  query: z.output<typeof modelPageQuerySchema>,
): AnthropicModelPage {
  const { limit, after_id: after, before_id: before } = query;
  if (after !== undefined && before !== undefined) {
    const message = "`before_id` contradicts `after_id`; send one of them.";
    throw new AppError("invalid-request", { message, param: "before_id" });
  }
  const from = after === undefined ? 0 : placeOf(models, "after_id", after) + 1;
  const to = before === undefined ? models.length : placeOf(models, "before_id", before);
  const rest = models.slice(from, to);
  const data = (before === undefined ? rest.slice(0, limit) : rest.slice(-limit)).map(
    toAnthropicModel,
  );
  return {
    ...{ data, has_more: data.length < rest.length },
    ...{ first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null },
  };
}

function placeOf(models: readonly ShownModel[], param: string, id: string): number {
  const place = models.findIndex(({ name }) => name === id);
  if (place >= 0) return place;
  const message = `\`${param}\` is the id of no model that answers now; begin again without it.`;
  throw new AppError("invalid-request", { message, param });
}
