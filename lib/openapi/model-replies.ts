import * as z from "zod";
import type { OpenAiModel } from "@/lib/openai/models";
import { formOf } from "./reply-schema";

const count = z.number().int().min(0);

export const modelObjectSchema = formOf<OpenAiModel>()(
  z.object({
    ...{ id: z.string(), object: z.literal("model"), owned_by: z.string() },
    created: count.describe("Unix time in seconds."),
    context_length: count.describe("Tokens that prompt and answer may have together."),
  }),
);

export const modelListSchema = z.object({
  object: z.literal("list"),
  data: z.array(modelObjectSchema),
});
