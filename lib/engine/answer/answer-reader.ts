import { randomBytes } from "node:crypto";
import type { AnswerPart, Tool } from "./answer-format";
import { isSpace, JsonScanner, type ScanState } from "./json-scanner";

/** Reads an answer as it comes: pauses (yields) where it needs text that is not there yet. */
export type Reading<Result> = Generator<undefined, Result, undefined>;

export type AnswerReaderOptions = {
  tools: readonly Tool[];
  createId: () => string;
};

/**
 * Of what might become a call no more than this is withheld; what is longer is text. Names, keys and
 * white space are far shorter: this bounds the memory of an answer that never gets to the point, and of
 * arguments that come before the name they belong to.
 */
export const HELD_CHARACTERS_MAX = 16_384;
/** White space around marks and inside of a call's frame; more of it is text. */
const SPACE_CHARACTERS_MAX = 256;

/**
 * What a format's rules read from and tell their parts to. What is taken while something is held counts
 * as withheld: `giveUp` makes text of it and `drop` forgets it (it was a call's frame). Every character is
 * looked at once, those of a mark as often as the mark is long.
 */
export class AnswerReader {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #createId: () => string;
  #text = "";
  #at = 0;
  #isEnded = false;
  #held: string | undefined;
  #parts: AnswerPart[] = [];
  #callCount = 0;

  constructor(options: AnswerReaderOptions) {
    this.#tools = new Map(options.tools.map((tool) => [tool.name, tool]));
    this.#createId = options.createId;
  }

  feed(text: string): void {
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
  }

  end(): void {
    this.#isEnded = true;
  }

  /** What was told since the last time. */
  drain(): AnswerPart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  findTool(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  tellText(text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    if (last?.type === "text") last.text += text;
    else this.#parts.push({ type: "text", text });
  }

  tellReasoning(text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    if (last?.type === "reasoning") last.text += text;
    else this.#parts.push({ type: "reasoning", text });
  }

  /** Begins a call; what was withheld is its frame. */
  tellCall(name: string): void {
    this.drop();
    const id = this.#createId();
    this.#parts.push({ type: "tool-call-start", index: this.#callCount++, id, name });
  }

  /** More of the arguments of the call begun last. */
  tellArguments(text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    if (last?.type === "tool-call-arguments") last.text += text;
    else {
      this.#parts.push({ type: "tool-call-arguments", index: this.#callCount - 1, text });
    }
  }

  /** Withholds what is taken from now on. */
  hold(): void {
    this.#held ??= "";
  }

  drop(): void {
    this.#held = undefined;
  }

  giveUp(): void {
    this.tellText(this.#held ?? "");
    this.#held = undefined;
  }

  get held(): string {
    return this.#held ?? "";
  }

  /** Takes the next characters, which are known to be there. */
  take(count: number): string {
    const taken = this.#text.slice(this.#at, this.#at + count);
    this.#at += count;
    if (this.#held !== undefined) this.#held += taken;
    return taken;
  }

  /** The next character without taking it; empty at the end. */
  *peek(): Reading<string> {
    while (this.#at === this.#text.length) {
      if (this.#isEnded) return "";
      yield;
    }
    return this.#text.charAt(this.#at);
  }

  /** Whether `literal` comes next; takes nothing. */
  *isNext(literal: string): Reading<boolean> {
    for (;;) {
      if (this.#text.startsWith(literal, this.#at)) return true;
      const isOpen = literal.startsWith(this.#text.slice(this.#at, this.#at + literal.length));
      if (!isOpen || this.#isEnded) return false;
      yield;
    }
  }

  /** Takes `literal` if it comes next. */
  *accept(literal: string): Reading<boolean> {
    if (!(yield* this.isNext(literal))) return false;
    this.take(literal.length);
    return true;
  }

  /** Takes white space. */
  *skipSpace(): Reading<void> {
    for (let count = 0; count < SPACE_CHARACTERS_MAX; count++) {
      if (!isSpace(yield* this.peek())) return;
      this.take(1);
    }
  }

  /** Takes characters that `pattern` matches, one by one, `max` at most. */
  *takeWhile(pattern: RegExp, max: number): Reading<string> {
    let taken = "";
    while (taken.length < max && pattern.test(yield* this.peek())) taken += this.take(1);
    return taken;
  }

  /** Tells what comes before one of `marks` as it comes; returns that mark, not taken, or undefined at the end. */
  *until(marks: readonly string[], tell: (text: string) => void): Reading<string | undefined> {
    for (;;) {
      const { start, mark } = this.#findMark(marks);
      if (start > this.#at) tell(this.take(start - this.#at));
      if (mark !== undefined) return mark;
      if (this.#isEnded) {
        tell(this.take(this.#text.length - this.#at));
        return undefined;
      }
      yield;
    }
  }

  /** The rest of the answer, as text. */
  *restAsText(): Reading<void> {
    this.giveUp();
    yield* this.until([], (text) => this.tellText(text));
  }

  /**
   * Takes a value's text as far as it goes and tells it, as JSON and as it came; `open` when the answer
   * ends inside of it or too much is held.
   */
  *scan(scanner: JsonScanner, tell: (json: string, raw: string) => void): Reading<ScanState> {
    while (scanner.state === "open") {
      if ((yield* this.peek()) === "") break;
      const room = this.#held === undefined ? Infinity : HELD_CHARACTERS_MAX - this.held.length;
      if (room <= 0) break;
      const end = scanner.feed(this.#text, this.#at, Math.min(this.#text.length, this.#at + room));
      tell(scanner.taken, this.take(end - this.#at));
    }
    return scanner.state;
  }

  /**
   * What is held turned out to be no call: it is text, and so is the rest of the object or array that
   * begins `offset` characters into it, if one does, whatever marks its strings hold.
   */
  *giveUpValue(offset: number): Reading<void> {
    const first = this.held.charAt(offset) || (yield* this.peek());
    if (first !== "{" && first !== "[") return this.giveUp();
    const scanner = new JsonScanner();
    scanner.feed(this.held, offset);
    this.giveUp();
    yield* this.scan(scanner, (_, raw) => this.tellText(raw));
  }

  /** Where the first of `marks` begins, whole or (then without `mark`) in part; else the end of what is there. */
  #findMark(marks: readonly string[]): { start: number; mark?: string } {
    for (let start = this.#at; start < this.#text.length; start++) {
      for (const mark of marks) {
        if (mark.charCodeAt(0) !== this.#text.charCodeAt(start)) continue;
        if (this.#text.startsWith(mark, start)) return { start, mark };
        const left = this.#text.length - start;
        if (left < mark.length && mark.startsWith(this.#text.slice(start))) return { start };
      }
    }
    return { start: this.#text.length };
  }
}

const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Letters and digits. No secret: that 62 does not divide 256 makes some a little likelier. */
export function randomId(length: number): string {
  return [...randomBytes(length)].map((byte) => ID_ALPHABET.charAt(byte % 62)).join("");
}
