import { AppError } from "@/lib/errors";
import { isContinuable } from "@/lib/protocol/continuable";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { expectHonoured } from "@/lib/protocol/request-fields";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import { generateByWire, toStart, type WireGeneration } from "./generate";

export type WireContinuation = WireGeneration & {
  /** Tokens of the server's own reading, with its chat template; absent: it tells none. */
  tokenize: ((request: TokenizeRequest, signal: AbortSignal) => Promise<TokenizeReply>) | undefined;
};

/**
 * The rest of an answer that another worker began, by a server that takes the ids of a prompt's tokens: it goes
 * on after those of the conversation, as it reads one itself, and those that were told. A text in the answer's
 * place would be read anew, into other tokens than were drawn, and through a chat template that may trim it,
 * close it or leave it out.
 *
 * @throws AppError `unsupported-parameter` for an answer that more than its tokens decides, and as `generateByWire`.
 */
export async function* continueByWire({
  tokenize,
  ...asked
}: WireContinuation): AsyncGenerator<GenerateEvent> {
  const { model, request, signal } = asked;
  expectHonoured(request, model.dialect.honoured, model.dialect.title);
  const told = request.resume?.tokenIds ?? [];
  if (tokenize === undefined || !isContinuable(request)) throw notContinuable();
  let prompt: readonly number[];
  try {
    prompt = await readPrompt(request, (wish) => tokenize(wish, signal));
  } catch (error) {
    // The contract: after an abort the events just end.
    if (signal.aborted) return;
    throw error;
  }
  const maxTokens = request.maxTokens ?? model.contextLength;
  const left = Math.min(maxTokens, model.contextLength - prompt.length) - told.length;
  if (left <= 0) {
    // It had said its last token, and not yet that it was the last.
    yield toStart({ model, request });
    const usage = { promptTokens: prompt.length, completionTokens: told.length };
    yield { type: "generation-end", finishReason: "length", usage, timing: NO_TIME };
    return;
  }
  const { resume: _, reasoningEffort: _effort, thinking: _thinking, ...shared } = request;
  const rest: GenerateRequest = {
    ...shared,
    ...{ messages: [], prompt: [...prompt, ...told], splitReasoning: false },
    maxTokens: left,
    minTokens: Math.max(0, (request.minTokens ?? 0) - told.length),
  };
  for await (const event of generateByWire({ ...asked, request: rest })) {
    if (event.type === "generation-start") yield { ...event, maxTokens };
    else if (event.type !== "generation-end") yield event;
    else {
      const { completionTokens, cachedPromptTokens } = event.usage;
      const usage = {
        promptTokens: prompt.length,
        completionTokens: told.length + completionTokens,
        ...(cachedPromptTokens !== undefined && {
          cachedPromptTokens: Math.min(cachedPromptTokens, prompt.length),
        }),
      };
      yield { ...event, usage };
    }
  }
}

const NO_TIME = { queuedMs: 0, firstTokenMs: 0, durationMs: 0 };

type Tokenize = (request: TokenizeRequest) => Promise<TokenizeReply>;

async function readPrompt(
  { model, messages, prompt, reasoningEffort, thinking }: GenerateRequest,
  tokenize: Tokenize,
): Promise<readonly number[]> {
  if (Array.isArray(prompt)) return prompt;
  const wish =
    prompt === undefined
      ? { model, messages, reasoningEffort, thinking }
      : { model, text: prompt, addSpecialTokens: true };
  return (await tokenize(wish)).ids;
}

function notContinuable(): AppError {
  return new AppError("unsupported-parameter", {
    message:
      "An answer with a seed, a form, tools, log-probabilities, images or penalties on what was said cannot be gone on with at this model's server.",
    param: "resume",
  });
}
