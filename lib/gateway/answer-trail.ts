import { RESUMED_TOKENS_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";

/** Events that may wait for the token they belong to. A worker tells all of a token at once: more is none of ours. */
const HELD_MAX = 4_096;

/**
 * What a reader has heard of an answer, as another worker needs it to go on. A worker counts a token with
 * the last event that it makes: what comes before that is held, and told with it, so that the reader has
 * heard all of a token or nothing.
 */
export class AnswerTrail {
  #ids: number[] | undefined;
  #held: GenerateEvent[] = [];
  readonly #isOfTextAlone: boolean;
  #isReasoning = false;

  /**
   * @param ids of the answer before this; undefined for one that nobody else could go on with, of which
   * nothing is held
   * @param isOfTextAlone who goes on does not tell reasoning from text
   */
  constructor(ids: readonly number[] | undefined, isOfTextAlone = false) {
    this.#ids = ids && [...ids];
    this.#isOfTextAlone = isOfTextAlone;
  }

  /** Tokens that the reader has heard all of; undefined where nobody could go on. */
  get ids(): readonly number[] | undefined {
    return this.#isReasoning && this.#isOfTextAlone ? undefined : this.#ids;
  }

  /** Whether the event is kept back; else it may be told, after what `release` gives. */
  holds(event: GenerateEvent): boolean {
    if (this.#ids === undefined || event.type === "generation-end") return false;
    const isDelta = "tokens" in event && event.type !== "prompt-tokens";
    if (!isDelta || event.tokens === 0) {
      if (this.#held.length >= HELD_MAX) return this.#giveUp();
      this.#held.push(event);
      return true;
    }
    const { tokenIds = [], tokens } = event;
    const isComplete = tokenIds.length === tokens;
    if (!isComplete || this.#ids.length + tokens > RESUMED_TOKENS_MAX) return this.#giveUp();
    for (const id of tokenIds) this.#ids.push(id);
    this.#isReasoning = event.type === "reasoning-delta";
    return false;
  }

  /** What was kept back, in order. */
  release(): readonly GenerateEvent[] {
    if (this.#held.length === 0) return NOTHING;
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** Another worker goes on: it tells anew what was kept back. */
  moveOn(): void {
    this.#held = [];
  }

  #giveUp(): false {
    this.#ids = undefined;
    return false;
  }
}

const NOTHING: readonly GenerateEvent[] = [];
