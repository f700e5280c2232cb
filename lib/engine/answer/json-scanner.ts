/** `whole`: one value was read to its end; `broken`: what came is no JSON. Neither changes any more. */
export type ScanState = "open" | "whole" | "broken";

/** What may come next. Inside of strings and words `STRING` and the following; else between tokens. */
type Expected =
  | "value"
  | "first-element"
  | "first-key"
  | "key"
  | "colon"
  | "comma"
  | "string"
  | "escape"
  | "hex"
  | "number"
  | "word";

/** No arguments are nested deeper; a reader of JSON that calls itself would run out of stack before long. */
const DEPTH_MAX = 256;
const WORDS: Record<string, string> = { t: "true", f: "false", n: "null" };
/** RFC 8259 §6, by what has been read of a number: which characters may follow, and what they make of it. */
const NUMBER_STEPS: Record<string, readonly (readonly [RegExp, string])[]> = {
  minus: [
    [/0/, "zero"],
    [/[1-9]/, "integer"],
  ],
  zero: [
    [/\./, "point"],
    [/[eE]/, "exponent"],
  ],
  integer: [
    [/\d/, "integer"],
    [/\./, "point"],
    [/[eE]/, "exponent"],
  ],
  point: [[/\d/, "fraction"]],
  fraction: [
    [/\d/, "fraction"],
    [/[eE]/, "exponent"],
  ],
  exponent: [
    [/[+-]/, "sign"],
    [/\d/, "power"],
  ],
  sign: [[/\d/, "power"]],
  power: [[/\d/, "power"]],
};
const NUMBER_ENDS: ReadonlySet<string> = new Set(["zero", "integer", "fraction", "power"]);

/**
 * Finds the end of one JSON value in text that comes in pieces cut anywhere, by RFC 8259, in one pass.
 * It differs in one point: control characters in strings, which models write as they are (line breaks
 * above all), are taken and spelled as escapes, the only way in which JSON can have them.
 */
export class JsonScanner {
  state: ScanState = "open";
  /** What the last `feed` took, with control characters spelled out. */
  taken = "";
  #expected: Expected = "value";
  /** The open containers, outermost first: `{` and `[`. */
  #open = "";
  /** Inside of a string: whether it is a key. */
  #isKey = false;
  #hexDigitsLeft = 0;
  #number = "";
  /** What is left of `true`, `false` or `null`. */
  #wordRest = "";

  /**
   * Reads on in `text` from `start`, at most to `end`.
   *
   * @returns where it stopped: at `end`, behind the value, or at the character that broke it.
   */
  feed(text: string, start = 0, end = text.length): number {
    let at = start;
    let written = start;
    this.taken = "";
    while (at < end && this.state === "open") {
      const character = text.charAt(at);
      if (this.#expected === "string" && character < " ") {
        this.taken += text.slice(written, at) + escapeControl(character);
        written = ++at;
      } else if (this.#take(character)) at++;
    }
    this.taken += text.slice(written, at);
    return at;
  }

  /** Whether `character` belongs to the value. A number is whole only at the character behind it. */
  #take(character: string): boolean {
    switch (this.#expected) {
      case "string":
        if (character === "\\") this.#expected = "escape";
        else if (character === '"') this.#endString();
        return true;
      case "escape":
        if (character === "u") {
          this.#expected = "hex";
          this.#hexDigitsLeft = 4;
          return true;
        }
        this.#expected = "string";
        return this.#check(/["\\/bfnrt]/.test(character));
      case "hex":
        if (--this.#hexDigitsLeft === 0) this.#expected = "string";
        return this.#check(/[\dA-Fa-f]/.test(character));
      case "number":
        return this.#takeInNumber(character);
      case "word":
        if (!this.#check(this.#wordRest.startsWith(character))) return false;
        this.#wordRest = this.#wordRest.slice(1);
        if (this.#wordRest === "") this.#endValue();
        return true;
      default:
        return isSpace(character) || this.#takeToken(character);
    }
  }

  #takeToken(character: string): boolean {
    switch (this.#expected) {
      case "first-element":
        return character === "]" ? this.#close("[") : this.#beginValue(character);
      case "value":
        return this.#beginValue(character);
      case "first-key":
        return character === "}" ? this.#close("{") : this.#beginKey(character);
      case "key":
        return this.#beginKey(character);
      case "colon":
        this.#expected = "value";
        return this.#check(character === ":");
      default: {
        if (character === "}") return this.#close("{");
        if (character === "]") return this.#close("[");
        this.#expected = this.#open.endsWith("{") ? "key" : "value";
        return this.#check(character === ",");
      }
    }
  }

  #beginKey(character: string): boolean {
    this.#isKey = true;
    this.#expected = "string";
    return this.#check(character === '"');
  }

  #beginValue(character: string): boolean {
    const word = WORDS[character];
    if (character === "{" || character === "[") {
      this.#open += character;
      this.#expected = character === "{" ? "first-key" : "first-element";
      return this.#check(this.#open.length <= DEPTH_MAX);
    }
    if (character === '"') {
      this.#isKey = false;
      this.#expected = "string";
    } else if (word !== undefined) {
      this.#expected = "word";
      this.#wordRest = word.slice(1);
    } else {
      this.#expected = "number";
      this.#number = character === "0" ? "zero" : character === "-" ? "minus" : "integer";
      return this.#check(/[-\d]/.test(character));
    }
    return true;
  }

  #takeInNumber(character: string): boolean {
    const step = NUMBER_STEPS[this.#number]?.find(([pattern]) => pattern.test(character));
    if (step) {
      this.#number = step[1];
      return true;
    }
    if (!this.#check(NUMBER_ENDS.has(this.#number))) return false;
    this.#endValue();
    // The character behind a number is looked at once more, as one between tokens.
    return this.state === "open" && this.#take(character);
  }

  #endString(): void {
    if (this.#isKey) this.#expected = "colon";
    else this.#endValue();
  }

  #close(opened: string): boolean {
    if (!this.#check(this.#open.endsWith(opened))) return false;
    this.#open = this.#open.slice(0, -1);
    this.#endValue();
    return true;
  }

  #endValue(): void {
    this.#expected = "comma";
    if (this.#open === "") this.state = "whole";
  }

  #check(isRight: boolean): boolean {
    if (!isRight) this.state = "broken";
    return isRight;
  }
}

/** White space between tokens of JSON. */
export function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}

function escapeControl(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}
