import * as z from "zod";

/**
 * Marks of where a prompt's cache is to begin, in two wires' forms. Prompts that begin alike share that
 * beginning here unasked, so that a mark changes nothing: it is taken where it stands, in its right form.
 */

/** Anthropic's; OpenRouter's and LiteLLM's clients put it on OpenAI's messages, parts and tools as well. */
export const cacheControlSchema = z.strictObject({
  type: z.literal("ephemeral"),
  ttl: z.enum(["5m", "1h"]).nullish(),
});

/** OpenAI's, on the parts of a prompt. */
export const cacheBreakpointSchema = z.strictObject({ mode: z.literal("explicit") });
