import { StopMatcher } from "@/lib/engine/text/stop-matcher";
import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import { TOOL_CALLS_MAX } from "@/lib/limits";
import type { FinishReason, GenerateEvent, GenerationEnd } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ReadPiece } from "./read-piece";

/** The pieces of one answer → our events: counted, and cut at a stop string or at the length. */

export type ModuleAnswerOptions = {
  request: GenerateRequest;
  maxTokens: number;
  contextLength: number;
  /** Of the prompt: counted, or else guessed where the module does not say. */
  promptTokens: { counted: number | undefined; guessed: number };
};

/** Where reasoning is wanted in the text: the marks that most open models write themselves. */
const MARKS = { begin: "<think>\n", end: "\n</think>\n\n" };

type Usage = NonNullable<ReadPiece["usage"]>;

export class ModuleAnswer {
  readonly #options: ModuleAnswerOptions;
  readonly #matcher: StopMatcher;
  #isInMarks = false;
  #calls = 0;
  /** Tokens so far, and those of them that no event has told. */
  #tokens = 0;
  #untold = 0;
  /** Of pieces whose tokens nobody counted. */
  #guessed = { pieces: 0, characters: 0, tokens: 0 };
  #usage: Usage = {};
  #finishReason: ReadPiece["finishReason"];
  #stopString: string | undefined;
  #isFull = false;

  constructor(options: ModuleAnswerOptions) {
    this.#options = options;
    this.#matcher = new StopMatcher(options.request.stop);
  }

  /** Nothing that follows is told. */
  get isOver(): boolean {
    return this.#isFull || this.#stopString !== undefined;
  }

  /** As the module has told so far. */
  get promptTokens(): number | undefined {
    const { promptTokens, contextLength } = this.#options;
    const told = promptTokens.counted ?? this.#usage.promptTokens;
    return told === undefined ? undefined : Math.min(told, contextLength);
  }

  /** @throws AppError for a call that nobody offered. */
  take(piece: ReadPiece): GenerateEvent[] {
    const { text, reasoning, toolCall, usage, finishReason } = piece;
    if (usage !== undefined) this.#usage = { ...this.#usage, ...usage };
    if (finishReason !== undefined) this.#finishReason = finishReason;
    // The commonest piece by far.
    if (reasoning === undefined && toolCall === undefined) {
      return text === undefined ? [] : this.#say("text", text, piece.tokens);
    }
    return [
      ...(reasoning === undefined ? [] : this.#say("reasoning", reasoning, piece.tokens)),
      ...(text === undefined
        ? []
        : this.#say("text", text, reasoning === undefined ? piece.tokens : undefined)),
      ...(toolCall === undefined ? [] : this.#call(toolCall)),
    ];
  }

  /** What was withheld, and what is said of the end. */
  finish(): { rest: GenerateEvent[] } & Pick<
    GenerationEnd,
    "finishReason" | "stopString" | "usage"
  > {
    const rest = this.isOver ? [] : this.#rest();
    const stopString = this.#stopString;
    return {
      ...{ rest, finishReason: this.#toFinishReason(), usage: this.#toUsage() },
      ...(stopString !== undefined && { stopString }),
    };
  }

  #rest(): GenerateEvent[] {
    const open = this.#isInMarks ? this.#matcher.push(MARKS.end).text : "";
    return this.#toDelta("text-delta", open + this.#matcher.flush());
  }

  #say(kind: "text" | "reasoning", whole: string, told: number | undefined): GenerateEvent[] {
    if (this.isOver || whole === "") return [];
    const said = this.#withinLength(whole, told);
    if (kind === "reasoning" && this.#options.request.splitReasoning) {
      return this.#toDelta("reasoning-delta", said);
    }
    const { text, stopString } = this.#matcher.push(this.#withMarks(kind, said));
    this.#stopString = stopString;
    return this.#toDelta("text-delta", text);
  }

  /** Counts a piece, and cuts the one that would be more than was asked for. */
  #withinLength(text: string, told: number | undefined): string {
    const tokens = told ?? this.#guess(text);
    const left = this.#options.maxTokens - this.#tokens;
    if (tokens <= left && (tokens > 0 || left > 0)) {
      this.#count(tokens);
      return text;
    }
    this.#isFull = true;
    this.#count(left);
    return cut(text, (text.length * left) / Math.max(1, tokens));
  }

  /** One for each piece, as models write them; or by length, where pieces are longer than tokens are. */
  #guess(text: string): number {
    const guessed = this.#guessed;
    guessed.pieces += 1;
    guessed.characters += text.length;
    const sum = Math.max(guessed.pieces, Math.ceil(guessed.characters / CHARACTERS_A_TOKEN));
    const tokens = sum - guessed.tokens;
    guessed.tokens = sum;
    return tokens;
  }

  #count(tokens: number): void {
    this.#tokens += tokens;
    this.#untold += tokens;
  }

  #withMarks(kind: "text" | "reasoning", text: string): string {
    const isReasoning = kind === "reasoning";
    if (isReasoning === this.#isInMarks) return text;
    this.#isInMarks = isReasoning;
    return (isReasoning ? MARKS.begin : MARKS.end) + text;
  }

  #toDelta(type: "text-delta" | "reasoning-delta", text: string): GenerateEvent[] {
    if (text === "") return [];
    const tokens = this.#untold;
    this.#untold = 0;
    return [{ type, text, tokens }];
  }

  #call({ id, name, arguments: said }: NonNullable<ReadPiece["toolCall"]>): GenerateEvent[] {
    const { toolRequest } = this.#options.request;
    if (toolRequest === undefined || toolRequest.choice === "none") {
      throw new AppError("upstream-invalid", {
        message:
          "generate of the module behind this model yielded a toolCall that the request does not allow. Call only what request.toolRequest offers.",
      });
    }
    if (this.isOver) return [];
    if (this.#calls >= TOOL_CALLS_MAX) {
      const message = `The model asks for more than ${TOOL_CALLS_MAX} calls at once.`;
      throw new AppError("upstream-invalid", { message });
    }
    const index = this.#calls++;
    const text = typeof said === "string" ? said : JSON.stringify(said);
    this.#count(Math.min(this.#guess(text), this.#options.maxTokens - this.#tokens));
    const tokens = this.#untold;
    this.#untold = 0;
    return [
      // Unique within its conversation, in which the next answer begins at 0 again.
      { type: "tool-call-start", index, id: id ?? `call_${crypto.randomUUID()}`, name },
      { type: "tool-call-delta", index, text, tokens },
    ];
  }

  #toFinishReason(): FinishReason {
    if (this.#stopString !== undefined) return "stop";
    if (this.#isFull || this.#finishReason === "length") return "length";
    if (this.#calls > 0) return "tool-calls";
    if (this.#finishReason !== undefined) return this.#finishReason;
    return this.#tokens >= this.#options.maxTokens ? "length" : "stop";
  }

  #toUsage(): GenerationEnd["usage"] {
    const { maxTokens, contextLength, promptTokens } = this.#options;
    const prompt = this.promptTokens ?? Math.min(promptTokens.guessed, contextLength);
    const { completionTokens = 0, cachedPromptTokens: cached } = this.#usage;
    return {
      promptTokens: prompt,
      // What events have told stays told.
      completionTokens: Math.min(maxTokens, Math.max(this.#tokens, completionTokens)),
      ...(cached !== undefined && { cachedPromptTokens: Math.min(cached, prompt) }),
    };
  }
}

/** So many characters of a text, and no half of a pair at their end. */
function cut(text: string, length: number): string {
  const end = Math.floor(length);
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}
