import { AppError } from "@/lib/errors";

/** OpenAI's word, Google's with its own behind it, Zhipu's. */
const WITHHELD = /^(content_filter|sensitive$)/;
/** vLLM's, OpenRouter's, DeepSeek's, Zhipu's, and Google's of a call that nobody could read. */
const GIVEN_UP = /^(abort|error|insufficient_system_resource|network_error|function_call_filter)\b/;
/** OpenAI's word, Anthropic's, Mistral's, Zhipu's. */
const LENGTHS = new Set(["length", "max_tokens", "model_length", "model_context_window_exceeded"]);

/**
 * What a `finish_reason` of OpenAI's wire means, as those say it who speak that wire.
 *
 * @throws AppError where a filter withheld the answer, or the server gave up on it.
 */
export function judgeReason(reason: string): "length" | "stop" {
  if (WITHHELD.test(reason)) {
    throw new AppError("invalid-request", {
      message: "The server behind this model withheld the answer by its content filter.",
    });
  }
  if (GIVEN_UP.test(reason)) {
    const cause = new Error(`It says ${reason}.`);
    throw new AppError("worker-lost", { message: "The server gave up on the answer.", cause });
  }
  return LENGTHS.has(reason) ? "length" : "stop";
}
