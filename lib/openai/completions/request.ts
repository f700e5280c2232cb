import * as z from "zod";
import { ALTERNATIVES_MAX, CHOICE_COUNT_MAX, COMPLETION_PROMPTS_MAX } from "@/lib/limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { refuse, reject } from "@/lib/util/refuse";
import { boundedList, isOfTexts } from "../bounded-list";
import { structuredOutputsSchema } from "../chat/answer-shape";
import {
  checkStreamOptions,
  SAMPLING_FIELDS,
  toSampledRequest,
  withoutAbsent,
} from "../sampling-fields";

/** OpenAI's "Create completion" body → one GenerateRequest for each prompt (API reference, Completions). */

/** What OpenAI gives to a request that does not say; what the model's keeper says comes before it. */
export const MAX_TOKENS_UNSAID = 16;

const textPrompt = textSchema.min(1);
const tokenPrompt = z.array(z.number().int().min(0).max(999_999_999)).min(1);

export const completionRequestSchema = z
  .strictObject({
    ...SAMPLING_FIELDS,
    prompt: boundedList((list) => (isOfTexts(list) ? COMPLETION_PROMPTS_MAX : undefined)).pipe(
      z.union([
        textPrompt,
        tokenPrompt,
        z.array(textPrompt).min(1).max(COMPLETION_PROMPTS_MAX),
        z.array(tokenPrompt).min(1).max(COMPLETION_PROMPTS_MAX),
      ]),
    ),
    /** 0 is for `echo`: the prompt alone. */
    max_tokens: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
    logprobs: z.number().int().min(0).max(ALTERNATIVES_MAX).nullish(),
    echo: z.boolean().nullish(),
    best_of: z.number().int().min(1).max(CHOICE_COUNT_MAX).nullish(),
    structured_outputs: structuredOutputsSchema.nullish(),
    suffix: z.string().nullish(),
    /** Says who the caller's caller is; it changes nothing. */
    user: z.string().nullish(),
  })
  .superRefine((body, context) => {
    const { n, best_of: bestOf, max_tokens: limit } = body;
    if (body.suffix) {
      const message = "is not supported: no model here fills in between two texts. Remove it.";
      refuse(context, { path: ["suffix"], message });
    }
    if (bestOf != null && bestOf < (n ?? 1)) {
      reject(context, ["best_of"], `is less than the ${n ?? 1} answers to give.`);
    }
    if (bestOf != null && bestOf > (n ?? 1) && body.stream) {
      reject(context, ["best_of"], "is known only at the end; leave out `stream`.");
    }
    if (limit === 0 && !body.echo) {
      reject(
        context,
        ["max_tokens"],
        "of 0 leaves nothing to say but the prompt; send `echo: true`.",
      );
    }
    if (limit != null && body.min_tokens != null && body.min_tokens > limit) {
      reject(context, ["min_tokens"], `is more than the ${limit} tokens the answer may have.`);
    }
    checkStreamOptions(body, context);
  });

export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** How many answers are given to each prompt, and of how many they are the best. */
export function toCounts({ n, best_of: bestOf }: CompletionRequest) {
  return { n: n ?? 1, made: Math.max(bestOf ?? 1, n ?? 1) };
}

/** One for each prompt, in order. */
export function toGenerateRequests(body: CompletionRequest, requestId: string): GenerateRequest[] {
  const { n, made } = toCounts(body);
  // Which answers are best is known by their log-probabilities, also when nobody asked to see them.
  const scores = body.logprobs ?? (made > n ? 0 : undefined);
  const shared = {
    ...toSampledRequest(body),
    ...withoutAbsent({
      maxTokens: body.max_tokens,
      logProbabilityCount: scores,
      grammar: body.structured_outputs,
    }),
    ...(body.echo && { reportPrompt: true }),
  };
  return toPrompts(body.prompt).map((prompt) => ({ requestId, messages: [], prompt, ...shared }));
}

function toPrompts(prompt: CompletionRequest["prompt"]): (string | number[])[] {
  if (typeof prompt === "string") return [prompt];
  // A list is of texts, of numbers, or of lists of numbers; the schema let no mixture pass.
  return (isOfTexts(prompt) ? prompt : [prompt]) as (string | number[])[];
}
