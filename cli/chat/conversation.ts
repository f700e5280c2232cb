import { assert } from "@/lib/util/assert";
import type { ChatMessage } from "./chat-source";

export const OUTCOMES = ["a", "b", "tie", "both-bad"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A prompt and what came back: one answer, or those of both sides of a comparison. */
export type Turn = {
  prompt: string;
  answers: readonly string[];
  /** Who answered, in the answers' order. */
  models: readonly string[];
  vote?: Outcome;
};

/** What was said so far. After a comparison the conversation goes on with the answer that was preferred. */
export class Conversation {
  system: string | undefined;
  roles: readonly [string, string];
  /** Examples before the conversation, which are told to the model and never shown. */
  examples: readonly ChatMessage[] = [];
  #turns: Turn[] = [];

  constructor({
    system,
    roles,
  }: { system?: string | undefined; roles: readonly [string, string] }) {
    this.system = system;
    this.roles = roles;
  }

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** All but the rules that the next one shares with it: its system prompt stays. */
  reset(): void {
    this.#turns = [];
    this.examples = [];
  }

  restore(turns: readonly Turn[]): void {
    this.#turns = [...turns];
  }

  add(turn: Turn): void {
    assert(turn.answers.length === turn.models.length, "each answer has its model");
    this.#turns.push(turn);
  }

  /** The last turn, taken out; undefined where there is none. */
  remove(): Turn | undefined {
    return this.#turns.pop();
  }

  /** @returns false where the last turn compared nothing. */
  vote(outcome: Outcome): boolean {
    const last = this.#turns.at(-1);
    if (last === undefined || last.answers.length < 2) return false;
    this.#turns.splice(-1, 1, { ...last, vote: outcome });
    return true;
  }

  /** What a model is asked with; of compared turns `side` is its own, absent: the one that was preferred. */
  toMessages(prompt: string, side?: number): ChatMessage[] {
    const said = this.#turns.flatMap((turn): ChatMessage[] => [
      { role: "user", content: turn.prompt },
      { role: "assistant", content: pickAnswer(turn, side) },
    ]);
    const system: ChatMessage[] =
      this.system === undefined ? [] : [{ role: "system", content: this.system }];
    return [...system, ...this.examples, ...said, { role: "user", content: prompt }];
  }
}

export function pickAnswer({ answers, vote }: Turn, side?: number): string {
  const preferred = vote === "b" ? 1 : 0;
  const text = answers[Math.min(side ?? preferred, answers.length - 1)];
  assert(text !== undefined, "a turn has an answer");
  return text;
}
