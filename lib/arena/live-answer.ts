import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";
import type { PlannedAnswer } from "./plan-turn";
import type { AnswerEnd, MessageRow } from "./store";
import { TextPieces } from "./text-pieces";
import { type Sight, toBegunView, toTurnAnswer } from "./views";

/** `visitor`: whoever asked wants it ended. `unread`: nobody reads it any more. `exit`: this process ends. `gone`: its row is. */
export type StopCause = "visitor" | "unread" | "exit" | "gone";

/** An answer while it is written: what its readers were told of it, and what it comes to. */
export class LiveAnswer {
  readonly planned: PlannedAnswer;
  readonly id: string;
  /** Of the model that writes it now; a reserve model is another one. */
  modelName: string;
  /** Models whose place it took. */
  failed: readonly string[] = [];
  /** It has said or thought something. */
  hasBegun = false;
  content = "";
  /** Of the text that its model wrote; less of it may have been told. */
  writtenCharacters = 0;
  reasoning = "";
  stopCause: StopCause | undefined;
  /** What its model came to; its text may still be on its way to readers. */
  end: AnswerEnd | undefined;
  /** All that will be told of it is told. */
  isEnding = false;
  /** When `end` is known. */
  readonly whenGenerated: Promise<void>;
  /** `end` is known. */
  generated: () => void = () => {};
  readonly #abort = new AbortController();
  readonly #pieces: TextPieces | undefined;
  #row: MessageRow | undefined;

  constructor(planned: PlannedAnswer, sight: Sight) {
    this.planned = planned;
    this.id = planned.id;
    this.modelName = planned.modelName;
    this.whenGenerated = new Promise((resolve) => {
      this.generated = resolve;
    });
    // How a model cuts its text tells models apart.
    this.#pieces = sight === "blind" ? new TextPieces() : undefined;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Returns false where it was stopped before, or is at its end. */
  stop(cause: StopCause): boolean {
    if (this.stopCause !== undefined || this.isEnding) return false;
    this.stopCause = cause;
    this.#abort.abort(new DOMException("The answer was stopped.", "AbortError"));
    return true;
  }

  /** Takes text that may be told, and gives it as readers get it. */
  tell(text: string): string[] {
    if (text === "") return [];
    return this.#keep(this.#pieces ? this.#pieces.push(text) : [text]);
  }

  /** What is left to tell at its end. */
  tellRest(): string[] {
    return this.#keep(this.#pieces?.end() ?? []);
  }

  #keep(pieces: string[]): string[] {
    this.content += pieces.join("");
    return pieces;
  }

  /** What is written as its end, once all that will be told is told. */
  toEnd(): AnswerEnd & { content: string; reasoning: string } {
    const { content, reasoning, end, stopCause } = this;
    assert(end !== undefined, "a model came to its end before the answer does");
    const told = { content, reasoning };
    if (stopCause === undefined || end.status === "failed") return { ...end, ...told };
    // A model's count is of all that it wrote, and what a visitor judges by is what they saw of it.
    const isCut = content.length < this.writtenCharacters;
    const completionTokens = isCut ? null : end.completionTokens;
    const facts = { ...end, ...told, completionTokens, finishReason: null };
    // Its own visitor has seen enough to judge; what was cut off unseen is no answer.
    if (stopCause === "visitor" || content !== "") return { ...facts, status: "stopped" };
    const errorMessage = "The answer was cut off before its first word. Try it again.";
    return { ...facts, status: "failed", errorCode: "worker-lost", errorMessage };
  }

  ended(row: MessageRow): void {
    this.#row = row;
  }

  /** As a reader that comes now sees it. */
  view(sight: Sight): TurnAnswer {
    if (this.#row) return toTurnAnswer(this.#row, { sight, marks: [] });
    const { planned, modelName, content } = this;
    const reasoning = sight === "open" ? this.reasoning : "";
    return toBegunView({ ...planned, modelName, content, reasoning }, sight);
  }
}
