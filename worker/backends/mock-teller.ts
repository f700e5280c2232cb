import { AppError } from "@/lib/errors";
import type { TextDelta } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { toId } from "./mock-tokens";

/** Tells the mock's text with the tokens it stands for, but for what another worker has told of the answer. */
export class MockTeller {
  readonly #namesTokens: boolean;
  /** Those with which the answer began elsewhere. */
  readonly #told: readonly number[];
  #count = 0;
  #untold: string[] = [];

  constructor({ reportTokenIds = false, resume }: GenerateRequest) {
    this.#namesTokens = reportTokenIds;
    this.#told = resume?.tokenIds ?? [];
  }

  /**
   * Whether the next token has been said elsewhere.
   *
   * @throws AppError `invalid-request` when something else was said there.
   */
  isReplay(piece: string): boolean {
    const said = this.#told[this.#count];
    if (said === undefined) return false;
    if (said !== toId(piece)) throw unlikeThis();
    return true;
  }

  count(piece: string): void {
    this.#count += 1;
    this.#untold.push(piece);
  }

  /** Undefined where nothing is left to tell. */
  tell(text: string): TextDelta | undefined {
    if (text === "") return undefined;
    const before = this.#count - this.#untold.length;
    const pieces = this.#untold.slice(Math.max(0, this.#told.length - before));
    this.#untold = [];
    if (before < this.#told.length && this.#count <= this.#told.length) return undefined;
    const delta: TextDelta = { type: "text-delta", text, tokens: pieces.length };
    if (this.#namesTokens) delta.tokenIds = pieces.map(toId);
    return delta;
  }

  /** @throws AppError `invalid-request` when more was said elsewhere than there is. */
  expectDone(): void {
    if (this.#count < this.#told.length) throw unlikeThis();
  }
}

function unlikeThis(): AppError {
  return new AppError("invalid-request", {
    message: "The tokens are not those with which this model begins its answer.",
    param: "resume.tokenIds",
  });
}
