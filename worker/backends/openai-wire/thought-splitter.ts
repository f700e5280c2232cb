const OPEN = "<think>";
const CLOSE = "</think>";

export type Said = { kind: "text" | "reasoning"; text: string };

/**
 * Tells reasoning from text where a server leaves both in one: an answer that begins with `<think>` reasons
 * until `</think>`, as DeepSeek-R1, Qwen and those that were taught by them write it. Where a server's template
 * has put the first mark into the prompt, nothing tells that the answer begins within.
 */
export class ThoughtSplitter {
  #state: "begins" | "reasons" | "trims" | "speaks" = "begins";
  #held = "";
  /** Nothing of the reasoning was told yet: the line's end after the mark is no part of it. */
  #isFresh = true;

  /** Some text is held back. */
  get isHolding(): boolean {
    return this.#held !== "";
  }

  push(text: string): Said[] {
    if (this.#state === "speaks") return [{ kind: "text", text }];
    this.#held += text;
    const said: Said[] = [];
    if (this.#state === "begins") this.#begin(said);
    if (this.#state === "reasons") this.#reason(said);
    if (this.#state === "trims") this.#trim(said);
    return said;
  }

  /** What was held back, when nothing follows. */
  flush(): Said[] {
    const text = this.#state === "trims" ? "" : this.#held;
    const kind = this.#state === "reasons" ? "reasoning" : "text";
    this.#held = "";
    return text === "" ? [] : [{ kind, text }];
  }

  #begin(said: Said[]): void {
    const start = this.#held.trimStart();
    if (start.startsWith(OPEN)) {
      this.#state = "reasons";
      this.#held = start.slice(OPEN.length);
    } else if (!OPEN.startsWith(start)) {
      this.#speak(said);
    }
  }

  #reason(said: Said[]): void {
    if (this.#isFresh && this.#held !== "") {
      this.#isFresh = false;
      this.#held = this.#held.replace(/^\n/, "");
    }
    const at = this.#held.indexOf(CLOSE);
    const keep = at === -1 ? beginningAtEnd(this.#held) : this.#held.length - at;
    const text = this.#held.slice(0, this.#held.length - keep);
    if (text !== "") said.push({ kind: "reasoning", text });
    this.#held = this.#held.slice(this.#held.length - keep);
    if (at === -1) return;
    this.#held = this.#held.slice(CLOSE.length);
    this.#state = "trims";
  }

  /** The empty lines between reasoning and answer are no part of either. */
  #trim(said: Said[]): void {
    this.#held = this.#held.replace(/^\n+/, "");
    if (this.#held !== "") this.#speak(said);
  }

  #speak(said: Said[]): void {
    this.#state = "speaks";
    said.push({ kind: "text", text: this.#held });
    this.#held = "";
  }
}

/** Length of the longest end of `text` that is a beginning of the closing mark. */
function beginningAtEnd(text: string): number {
  for (let length = Math.min(text.length, CLOSE.length - 1); length > 0; length--) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}
