import type { Side } from "@/lib/protocol/arena-view";
import { assert } from "@/lib/util/assert";

export type Released = { side: Side; text: string; isEnd: boolean };

type Held = {
  text: string;
  releasedLength: number;
  firstMs: number | undefined;
  endedMs: number | undefined;
  isEndReleased: boolean;
};

/**
 * Holds both sides of a blind battle to the pace of the slower one, so that speed neither gives a model
 * away nor decides a vote. Both texts are released up to the same position, measured in UTF-16 units.
 *
 * - Nothing leaves before both sides have begun, or ended: the time to the first token is the slower one's.
 * - While both grow, the position is the length of the shorter of them.
 * - Once one has ended, what the other has in store leaves no faster than the slower side wrote, since a
 *   flood at that moment would say which one had long been done. It leaves no slower than
 *   `charactersPerSecondMin` either, which keeps a reader from waiting minutes for words that are there.
 * - A side's end is told with its last text, and not when its model came to it.
 *
 * Where words are cut says something of tokens and is hidden by `TextPieces`, behind this. Pure: the caller
 * brings the time, monotonic and in milliseconds.
 */
export class Pacer {
  readonly #charactersPerSecondMin: number;
  readonly #sides: Record<Side, Held> = { a: newHeld(), b: newHeld() };
  #position = 0;
  #takenMs: number | undefined;

  constructor({ charactersPerSecondMin }: { charactersPerSecondMin: number }) {
    assert(charactersPerSecondMin > 0, "what is ready leaves at some pace");
    this.#charactersPerSecondMin = charactersPerSecondMin;
  }

  add(side: Side, text: string, nowMs: number): void {
    const held = this.#sides[side];
    assert(held.endedMs === undefined, "a side that ended says nothing more");
    if (text === "") return;
    held.text += text;
    held.firstMs ??= nowMs;
  }

  /** The side's model has come to its end, or failed; its text is still released at the common pace. */
  end(side: Side, nowMs: number): void {
    this.#sides[side].endedMs ??= nowMs;
  }

  /** The side ends where it was released to; the rest of its text was never seen and is dropped. */
  cut(side: Side, nowMs: number): void {
    const held = this.#sides[side];
    held.text = held.text.slice(0, held.releasedLength);
    held.endedMs ??= nowMs;
  }

  /** What leaves now, by side; a side is named when it has text or its end to tell. */
  take(nowMs: number): Released[] {
    const { a, b } = this.#sides;
    const sinceMs = nowMs - (this.#takenMs ?? nowMs);
    this.#takenMs = nowMs;
    if (hasBegun(a) && hasBegun(b)) this.#advance(nowMs, sinceMs);
    return (["a", "b"] as const).flatMap((side) => this.#release(side));
  }

  get isDone(): boolean {
    return this.#sides.a.isEndReleased && this.#sides.b.isEndReleased;
  }

  #advance(nowMs: number, sinceMs: number): void {
    const held = [this.#sides.a, this.#sides.b];
    const growing = held.filter((it) => it.endedMs === undefined);
    const lengths = (growing.length > 0 ? growing : held).map((it) => it.text.length);
    const limit = growing.length > 0 ? Math.min(...lengths) : Math.max(...lengths);
    if (growing.length === held.length) {
      this.#position = Math.max(this.#position, limit);
      return;
    }
    const paces = held.flatMap((it) => toCharactersPerSecond(it, nowMs) ?? []);
    const pace = Math.max(Math.min(...paces), this.#charactersPerSecondMin);
    const step = Number.isFinite(pace) ? (pace * sinceMs) / 1_000 : limit;
    this.#position = Math.max(this.#position, Math.min(limit, this.#position + step));
  }

  #release(side: Side): Released[] {
    const held = this.#sides[side];
    const to = endOfCharacter(held.text, Math.min(held.text.length, Math.floor(this.#position)));
    const text = held.text.slice(held.releasedLength, to);
    held.releasedLength = Math.max(held.releasedLength, to);
    const isAllOut = held.endedMs !== undefined && held.releasedLength === held.text.length;
    const isEnd =
      isAllOut && !held.isEndReleased && hasBegun(this.#sides[side === "a" ? "b" : "a"]);
    if (isEnd) held.isEndReleased = true;
    return text === "" && !isEnd ? [] : [{ side, text, isEnd }];
  }
}

const newHeld = (): Held => ({
  ...{ text: "", releasedLength: 0, firstMs: undefined, endedMs: undefined, isEndReleased: false },
});

const hasBegun = (held: Held) => held.firstMs !== undefined || held.endedMs !== undefined;

/** In the mean since its first character; undefined of a side that has said too little to tell. */
function toCharactersPerSecond(
  { text, firstMs, endedMs }: Held,
  nowMs: number,
): number | undefined {
  if (firstMs === undefined) return undefined;
  const tookMs = (endedMs ?? nowMs) - firstMs;
  return tookMs > 0 ? (text.length * 1_000) / tookMs : undefined;
}

/** Not between the halves of a surrogate pair: the first half alone is no character, and none is shown twice. */
function endOfCharacter(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  const isHalved = at > 0 && at < text.length && before >= 0xd800 && before <= 0xdbff;
  return isHalved ? at - 1 : at;
}
