import { AppError } from "@/lib/errors";
import { COUNTED_BYTES_MAX } from "@/lib/limits";
import { StartError } from "@/lib/util/start-error";
import type { ToolRequest } from "./answer/answer-format";
import { offeredTools } from "./answer/create-format";
import type { ModelAnswerFormat } from "./answer/detect-answer-format";
import type { AnswerWish } from "./answer-plan";
import { BARE, joinTexts, readSpecialTokens, type TemplatePart } from "./encoder/special-tokens";
import type { LoadedModel } from "./load-model";
import type { ChatMessage } from "./text/chat-template";
import { quoteMessages, quoteTools } from "./text/quote-strings";
import { type ReasoningWish, toReasoningVariables } from "./text/reasoning-control";

/** A conversation; or a text to go on with, as it is; or the ids of one. */
export type EnginePrompt =
  | { messages: readonly ChatMessage[] }
  | { promptText: string }
  | { promptIds: readonly number[] };

/** What else of a request the chat template writes into the prompt. */
export type PromptWish = Pick<AnswerWish, "toolRequest"> &
  ReasoningWish & {
    /** The prompt ends where the assistant begins to speak; true unless told. */
    addGenerationPrompt?: boolean | undefined;
  };

/** `text`: as the template rendered it, quotes and all; undefined for a prompt of ids. */
export type ReadPrompt = { ids: readonly number[]; text: string | undefined };

/** Prompts to token ids, checked against what the model can read. */
export class PromptReader {
  readonly #model: LoadedModel;
  readonly #format: ModelAnswerFormat;
  /** What the tokenizer's own rule puts around a text. */
  readonly #frame: readonly TemplatePart[];
  /** Of that what stands before it (`<s>` of Llama's). */
  readonly #beginIds: readonly number[];

  constructor(model: LoadedModel, format: ModelAnswerFormat) {
    this.#model = model;
    this.#frame = readKnown(model.files.tokenizer.post_processor);
    this.#beginIds = listBeginIds(this.#frame);
    this.#format = format;
  }

  /**
   * Ids of the prompt that these messages make, be it longer than the model can read.
   *
   * @throws AppError as `read` does for what the template does not take, and for what is far too long.
   */
  encodeMessages(messages: readonly ChatMessage[], wish: PromptWish = {}): number[] {
    const written = JSON.stringify([messages, wish.toolRequest]);
    if (Buffer.byteLength(written) > COUNTED_BYTES_MAX)
      this.#expectRendersShort(messages, wish.toolRequest);
    return this.#encode(this.#render(messages, wish));
  }

  /** Templates of ours leave what stands before a prompt to the tokenizer's own rule, as FastChat's do. */
  #encode(rendered: string): number[] {
    const { tokenizer, chatTemplate } = this.#model;
    const ids = tokenizer.encodePrompt(rendered);
    const begin = chatTemplate.source === undefined ? this.#beginIds : [];
    return begin.every((id, at) => ids[at] === id) ? ids : [...begin, ...ids];
  }

  /** The ids of a text with those around them that the tokenizer's own rule adds. */
  addSpecialTokens(ids: readonly number[]): number[] {
    return joinTexts(this.#frame, [ids]).ids;
  }

  /** @throws AppError `context-length-exceeded` or `invalid-request` when the prompt cannot be answered. */
  read(request: EnginePrompt & PromptWish): ReadPrompt {
    if ("promptIds" in request) {
      this.expectTokenIds(request.promptIds, "promptIds");
      this.expectFits(request.promptIds, "promptIds");
      if (request.promptIds.length > 0) return { ids: request.promptIds, text: undefined };
      throw new AppError("invalid-request", {
        message: "The prompt is empty. Give it at least one token.",
        param: "promptIds",
      });
    }
    if ("promptText" in request) {
      this.expectMayFit([request.promptText], "promptText");
      const ids = [...this.#beginIds, ...this.#model.tokenizer.encodeText(request.promptText)];
      this.expectTokenIds(ids, "promptText");
      this.expectFits(ids, "promptText");
      return { ids, text: undefined };
    }
    this.#expectRendersShort(request.messages, request.toolRequest);
    const text = this.#render(request.messages, request);
    const ids = this.#encode(text);
    // A tokenizer can have tokens that the graph was not made for.
    this.expectTokenIds(ids, "messages");
    this.expectFits(ids, "messages");
    if (ids.length > 0) return { ids, text };
    throw new AppError("invalid-request", {
      message: "The model's chat template makes an empty prompt of these messages.",
      param: "messages",
    });
  }

  /** Refuses what is no id of the model's vocabulary. */
  expectTokenIds(ids: readonly number[], param: string): void {
    const { vocabularySize } = this.#model.runner.signature;
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
    if (wrong === undefined) return;
    throw new AppError("invalid-request", {
      message: `${wrong} is not a token of this model: its ids go from 0 to ${vocabularySize - 1}.`,
      param,
    });
  }

  /** Refuses what leaves no room for a single new token. Nothing is ever cut to fit. */
  expectFits(ids: readonly number[], param: string): void {
    if (ids.length >= this.#model.contextLength) throw this.#tooLong(`${ids.length}`, param);
  }

  /**
   * Refuses without counting what is too long however it is counted. Splitting a megabyte into tokens
   * takes up to 5 s (measured: spaces, unbroken letters), in which nobody else gets a token.
   */
  expectMayFit(texts: readonly string[], param: string): void {
    const { tokenBytes, contextLength } = this.#model;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const tokenCountMin = Math.ceil(bytes / tokenBytes.longestTokenBytes);
    if (tokenCountMin >= contextLength) throw this.#tooLong(`${tokenCountMin} or more`, param);
  }

  /** Whatever callers wrote goes in quoted, so that nothing of it can pass for a control token. */
  #render(messages: readonly ChatMessage[], wish: PromptWish): string {
    const { tokenizer, chatTemplate } = this.#model;
    const quote = (text: string) => tokenizer.quote(text);
    const tools = offeredTools(wish.toolRequest);
    const isReasoner = this.#format.reasoning !== undefined;
    const isAboutTools = tools || messages.some((it) => it.role === "tool" || it.toolCalls);
    // Where all text stands in marks, those of thoughts open turns.
    const marks = this.#format.needsParser ? undefined : this.#format.reasoning;
    const quoted = quoteMessages(messages, quote, marks);
    const options = {
      tools: tools && quoteTools(tools, quote),
      toolText: isAboutTools ? this.#format.toolText : undefined,
      variables: toReasoningVariables(wish, chatTemplate.reasoning, isReasoner),
      addGenerationPrompt: wish.addGenerationPrompt,
    };
    try {
      return chatTemplate.render(quoted, options);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // What a template says of a message may repeat it, quotes and all.
      const { code, param, cause } = error;
      throw new AppError(code, { message: tokenizer.unquote(error.message), param, cause });
    }
  }

  /** All that a caller wrote stands in the prompt in some form, spaces of tools' JSON apart. */
  #expectRendersShort(
    messages: readonly ChatMessage[],
    toolRequest: ToolRequest | undefined,
  ): void {
    const calls = messages.flatMap((it) => it.toolCalls ?? []);
    const contents = messages.map((message) => message.content);
    this.expectMayFit([...contents, ...calls.map((call) => call.arguments)], "messages");
    const tools = offeredTools(toolRequest) ?? [];
    this.expectMayFit(
      tools.map((tool) => JSON.stringify([tool.name, tool.description, tool.parameters])),
      "toolRequest",
    );
  }

  #tooLong(count: string, param: string): AppError {
    return new AppError("context-length-exceeded", {
      message: `This model's context holds ${this.#model.contextLength} tokens, the answer included; the prompt alone has ${count}. Shorten it or begin a new conversation.`,
      param,
    });
  }
}

function listBeginIds(parts: readonly TemplatePart[]): number[] {
  const textAt = parts.findIndex((part) => part.kind === "text");
  return parts.slice(0, textAt).flatMap((part) => (part.kind === "special" ? part.id : []));
}

/** A rule of a kind that is not known adds nothing: chat templates, which most requests take, write their own. */
function readKnown(postProcessor: unknown): readonly TemplatePart[] {
  try {
    return readSpecialTokens(postProcessor).single;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return BARE.single;
  }
}
