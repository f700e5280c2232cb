import * as z from "zod";
import { AppError } from "@/lib/errors";
import type { Chunk } from "../openai-wire/wire";
import { fromToldError, type UpstreamAbout } from "../upstream-error";

/** An event of TGI's `/generate_stream`: a token, and with the last one how the answer ended. */
const eventSchema = z.object({
  token: z.object({ text: z.string(), special: z.boolean().catch(false) }),
  details: z
    .object({
      finish_reason: z.string(),
      generated_tokens: z.number().int().min(0),
      /** Of the prompt; later versions tell it. */
      input_length: z.number().int().min(0).nullish().catch(undefined),
    })
    .nullish(),
});
const toldSchema = z.looseObject({ error: z.unknown() });

/**
 * As a chunk of OpenAI's completions.
 *
 * @throws AppError the error that it tells of, or `upstream-invalid`.
 */
export function toCompletionChunk(value: unknown, about: UpstreamAbout): Chunk {
  const told = toldSchema.safeParse(value);
  if (told.success && told.data.error != null) throw fromToldError(value, about);
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) {
    throw new AppError("upstream-invalid", {
      message: "The server behind this model sent what is no token of an answer.",
      cause: parsed.error,
    });
  }
  const { token, details } = parsed.data;
  return {
    choices: [
      {
        text: token.special ? "" : token.text,
        finish_reason: details && (details.finish_reason === "length" ? "length" : "stop"),
      },
    ],
    usage: details && {
      prompt_tokens: details.input_length,
      completion_tokens: details.generated_tokens,
    },
  };
}
