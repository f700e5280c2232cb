import type {
  APICallError,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
} from "@ai-sdk/provider";
import { StopMatcher } from "@/lib/engine/text/stop-matcher";
import { AppError, isAppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN, TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { TOOL_CALLS_MAX } from "@/lib/limits";
import type { FinishReason, GenerateEvent } from "@/lib/protocol/generate-event";
import {
  UPSTREAM_TOKEN_CHARACTERS_MAX,
  UPSTREAM_UNCOUNTED_CHARACTERS_MAX,
} from "@/lib/upstream-limits";
import { fromToldError, toUpstreamError, type UpstreamAbout } from "../upstream-error";
import { toSeal } from "./thought-seal";

/** The SDK's parts of one answer → our events, counted. */

export type TellerOptions = {
  about: UpstreamAbout;
  splitsReasoning: boolean;
  /** Tokens that the answer may have, as its start has told. */
  maxTokens: number;
  contextLength: number;
  /** At which the answer is cut here. */
  stops: readonly string[];
  /** Of the prompt, for providers that count nothing. */
  promptCharacters: number;
};

/** Where reasoning is wanted in the text: the marks that most open models write themselves. */
const MARKS = { begin: "<think>\n", end: "\n</think>\n\n" };

/** Reasons of an end that the SDK's readers have no word for: Google's, and Cohere's of its older models. */
const WITHHELD = /^(LANGUAGE|ERROR_TOXIC)$/;
/** Google's, Cohere's, Bedrock's. */
const GIVEN_UP =
  /^(OTHER|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE|MALFORMED_\w+|malformed_\w+|TIMEOUT|ERROR)$/;
const LENGTHS = new Set(["ERROR_LIMIT", "model_context_window_exceeded"]);

type Piece = "text-delta" | "reasoning-delta";
type Call = { index: number; written: number };
type WithMetadata = { providerMetadata?: SharedV3ProviderMetadata };

export class AnswerTeller {
  readonly #options: TellerOptions;
  readonly #calls = new Map<string, Call>();
  #tokens = 0;
  #characters = 0;
  #isInMarks = false;
  readonly #matcher: StopMatcher;
  #stopString: string | undefined;
  #end: Extract<LanguageModelV3StreamPart, { type: "finish" }> | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.#matcher = new StopMatcher([...options.stops]);
  }

  /** A stop string has come: nothing that follows is told. */
  get isCut(): boolean {
    return this.#stopString !== undefined;
  }

  /**
   * What a part says; nothing for those that say nothing to a caller.
   *
   * @throws AppError for a part that tells of an error.
   */
  tell(part: LanguageModelV3StreamPart): GenerateEvent[] {
    switch (part.type) {
      case "text-delta":
        return this.#text(part.delta);
      case "reasoning-start":
        // Of a thought that is not told, all there is.
        return this.#seal(part.providerMetadata, ["redactedData"]);
      case "reasoning-delta":
        return [...this.#reasoning(part.delta), ...this.#seal(part.providerMetadata)];
      case "reasoning-end":
        return this.#seal(part.providerMetadata);
      case "tool-input-start":
        if (part.providerExecuted) return [];
        return [...this.#sealCall(part.id, part), ...this.#begin(part.id, part.toolName)];
      case "tool-input-delta":
        return this.#input(part.id, part.delta);
      case "tool-call":
        if (part.providerExecuted) return [];
        return [...this.#sealCall(part.toolCallId, part), ...this.#wholeCall(part)];
      case "finish":
        this.#end = part;
        return [];
      case "raw":
        throwException(part.rawValue, this.#options.about);
        return [];
      case "error":
        throw this.#toError(part.error);
      default:
        return [];
    }
  }

  /**
   * What is to be said of the end.
   *
   * @throws AppError where there was none.
   */
  finish(): Finished {
    if (this.isCut) {
      const usage = this.#toUsage(NOTHING_COUNTED);
      return { finishReason: "stop", stopString: this.#stopString, ...usage, rest: [] };
    }
    return this.#finish();
  }

  #finish(): Finished {
    const end = this.#end;
    const { unified, raw } = end?.finishReason ?? { unified: "other", raw: undefined };
    if (end === undefined || (raw === undefined && (unified === "other" || unified === "error"))) {
      throw lost();
    }
    // A refusal of OpenAI's models, which the SDK's reader counts among what filters do, is what they answer.
    const isRefusal = raw === undefined && this.#characters > 0;
    if ((unified === "content-filter" && !isRefusal) || WITHHELD.test(raw ?? "")) {
      throw new AppError("invalid-request", {
        message: "The provider's filter withheld this answer. Ask otherwise, or another model.",
        param: "messages",
      });
    }
    if (unified === "error" || GIVEN_UP.test(raw ?? "")) {
      const message = "The server behind this model could not finish the answer.";
      throw new AppError("upstream-invalid", { message, cause: new Error(`It says ${raw}.`) });
    }
    const rest = this.#isInMarks ? this.#piece("text-delta", MARKS.end) : [];
    rest.push(...this.#piece("text-delta", this.#matcher.flush()));
    const hasCalls = this.#calls.size > 0;
    const isLong = unified === "length" || LENGTHS.has(raw ?? "");
    const finishReason = isLong ? "length" : hasCalls ? "tool-calls" : "stop";
    const stopString = end.providerMetadata?.anthropic?.stopSequence;
    return {
      ...{ finishReason, ...this.#toUsage(end.usage), rest },
      ...(typeof stopString === "string" && { stopString }),
    };
  }

  #text(whole: string): GenerateEvent[] {
    if (this.isCut) return [];
    const { text, stopString } = this.#matcher.push(whole);
    this.#stopString = stopString;
    if (!this.#isInMarks) return this.#piece("text-delta", text);
    this.#isInMarks = false;
    return this.#piece("text-delta", MARKS.end + text);
  }

  #reasoning(text: string): GenerateEvent[] {
    if (this.#options.splitsReasoning) return this.#piece("reasoning-delta", text);
    if (text === "") return [];
    const begin = this.#isInMarks ? "" : MARKS.begin;
    this.#isInMarks = true;
    return this.#piece("text-delta", begin + text);
  }

  /** What is to come back of the thought that ends here. */
  #seal(metadata: SharedV3ProviderMetadata | undefined, only?: readonly string[]): GenerateEvent[] {
    const told = Object.values(metadata ?? {}).flatMap((it) => Object.keys(it));
    if (only && !told.some((it) => only.includes(it))) return [];
    return this.#toSealed(toSeal(metadata, { upstreamModel: this.#upstreamModel }));
  }

  /** Before its call: a caller that keeps the parts of an answer keeps them in their order. */
  #sealCall(callId: string, { providerMetadata }: WithMetadata): GenerateEvent[] {
    if (this.#calls.has(callId)) return [];
    return this.#toSealed(toSeal(providerMetadata, { upstreamModel: this.#upstreamModel, callId }));
  }

  #toSealed(seal: string | undefined): GenerateEvent[] {
    const isWanted = seal !== undefined && this.#options.splitsReasoning && !this.isCut;
    return isWanted ? [{ type: "thought-seal", seal }] : [];
  }

  get #upstreamModel(): string {
    const { upstreamModel, model } = this.#options.about;
    return upstreamModel ?? model;
  }

  #piece(type: Piece, text: string): GenerateEvent[] {
    return text === "" ? [] : [{ type, text, tokens: this.#count(text) }];
  }

  /** One a piece, since no provider says how many; never more than the answer may have. */
  #count(text: string): number {
    this.#characters += text.length;
    const { maxTokens: most } = this.#options;
    if (
      this.#characters >
      UPSTREAM_UNCOUNTED_CHARACTERS_MAX + most * UPSTREAM_TOKEN_CHARACTERS_MAX
    ) {
      const message = "The server behind this model does not end its answer where it was told to.";
      throw new AppError("upstream-invalid", { message });
    }
    if (this.#tokens >= this.#options.maxTokens) return 0;
    this.#tokens += 1;
    return 1;
  }

  #begin(id: string, name: string): GenerateEvent[] {
    if (this.#calls.has(id)) return [];
    if (this.#calls.size >= TOOL_CALLS_MAX) {
      const message = `The model asks for more than ${TOOL_CALLS_MAX} calls at once.`;
      throw new AppError("upstream-invalid", { message });
    }
    const index = this.#calls.size;
    this.#calls.set(id, { index, written: 0 });
    return [{ type: "tool-call-start", index, id, name }];
  }

  #input(id: string, text: string): GenerateEvent[] {
    const call = this.#calls.get(id);
    if (call === undefined || text === "") return [];
    call.written += text.length;
    return [{ type: "tool-call-delta", index: call.index, text, tokens: this.#count(text) }];
  }

  /** Some providers tell a call in one piece only; all tell it whole in the end. */
  #wholeCall({
    toolCallId,
    toolName,
    input,
  }: {
    toolCallId: string;
    toolName: string;
    input: string;
  }) {
    const begun = this.#begin(toolCallId, toolName);
    const isTold = (this.#calls.get(toolCallId)?.written ?? 0) > 0;
    return isTold ? begun : [...begun, ...this.#input(toolCallId, input)];
  }

  #toUsage({ inputTokens, outputTokens }: LanguageModelV3Usage): {
    usage: Usage;
    isGuessed: boolean;
  } {
    const { maxTokens, contextLength, promptCharacters } = this.#options;
    const bound = (count: number, most: number) => Math.min(count, most, TOKEN_COUNT_MAX);
    const guess = (characters: number) => Math.ceil(characters / CHARACTERS_A_TOKEN);
    // Some of the SDK's readers tell 0 of what was not counted; no prompt has none.
    const read = inputTokens.total || guess(promptCharacters);
    const written = outputTokens.total || guess(this.#characters);
    const promptTokens = bound(read, contextLength);
    const cached = inputTokens.cacheRead;
    return {
      usage: {
        promptTokens,
        completionTokens: bound(Math.max(written, this.#tokens), maxTokens),
        ...(cached !== undefined && { cachedPromptTokens: bound(cached, promptTokens) }),
      },
      isGuessed: !inputTokens.total || outputTokens.total === undefined,
    };
  }

  #toError(error: unknown): AppError {
    return toToldError(error, this.#options.about);
  }
}

type Finished = {
  finishReason: FinishReason;
  stopString?: string | undefined;
  usage: Usage;
  isGuessed: boolean;
  rest: GenerateEvent[];
};
/** What a provider has counted of an answer that it was not let finish. */
const NOTHING_COUNTED: LanguageModelV3Usage = {
  inputTokens: {
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
  },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
type Usage = { promptTokens: number; completionTokens: number; cachedPromptTokens?: number };

function lost(cause?: unknown): AppError {
  const message =
    "The connection to the server behind this model broke in the middle of the answer.";
  return new AppError("worker-lost", { message, cause });
}

/** Amazon's in the middle of a stream, of which the SDK's reader tells the sentence and not the kind. */
const EXCEPTIONS = {
  throttlingException: 429,
  serviceUnavailableException: 503,
  validationException: 400,
};

function throwException(raw: unknown, about: UpstreamAbout): void {
  if (typeof raw !== "object" || raw === null) return;
  for (const [name, status] of Object.entries(EXCEPTIONS)) {
    // Of an object every field is something.
    const body = (raw as Record<string, unknown>)[name];
    if (body != null) throw toUpstreamError({ status, body }, about);
  }
}

/** An error in the middle of a stream: the SDK's of what it could not read, or the provider's own words. */
function toToldError(error: unknown, about: UpstreamAbout): AppError {
  if (!(error instanceof Error))
    return fromToldError(typeof error === "string" ? { error } : error, about);
  if (/without a finish reason/.test(error.message)) return lost(nameOnly(error));
  if (isAppError(error)) return error;
  // Of a call: what the provider said is in it.
  const { data } = error as Partial<APICallError>;
  if (error.name === "AI_APICallError" && data !== undefined) return fromToldError(data, about);
  const message = "The server behind this model sent what is not expected.";
  return new AppError("upstream-invalid", { message, cause: nameOnly(error) });
}

/** The SDK's errors hold what was sent and what came, which no log is to hold. */
export function nameOnly(error: Error): Error {
  return new Error(`The provider's SDK says ${error.name}.`);
}
