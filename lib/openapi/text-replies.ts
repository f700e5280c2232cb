import * as z from "zod";
import type { toWireClassifyReply } from "@/lib/openai/classify/classify";
import { CATEGORIES } from "@/lib/openai/moderations/categories";
import type { toModerationReply } from "@/lib/openai/moderations/moderation";
import { formOf } from "./reply-schema";

const count = z.number().int().min(0);
const share = z.number().min(0).max(1);
const text = z.string();

export const classifyReplySchema = formOf<ReturnType<typeof toWireClassifyReply>>()(
  z.object({
    ...{ id: text, object: z.literal("list"), created: count, model: text },
    data: z.array(
      z.object({
        ...{ index: count, label: text.describe("The likeliest."), num_classes: count },
        ...{ probs: z.array(share), labels: z.array(text) },
      }),
    ),
    usage: z.object({ prompt_tokens: count, total_tokens: count, completion_tokens: count }),
  }),
);

const categories = z.enum(CATEGORIES);

export const moderationReplySchema = formOf<ReturnType<typeof toModerationReply>>()(
  z.object({
    ...{ id: text, model: text },
    results: z.array(
      z.object({
        flagged: z.boolean(),
        categories: z.record(categories, z.boolean()),
        category_scores: z.record(categories, share),
        category_applied_input_types: z
          .record(categories, z.array(z.literal("text")))
          .describe("Empty for what the model has no word for: its score of 0 says nothing then."),
        label_scores: z.record(text, share).describe("What the model said, in its own words."),
      }),
    ),
  }),
);
