import { GRAMMAR_DEPTH_MAX, GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import {
  ANY_CHARACTER,
  type CodePoints,
  charactersOf,
  codePointOf,
  complementOf,
  toCodePoints,
} from "./code-points";
import { characters, type Expression, NOTHING, oneOf, repeat, sequence } from "./expression";
import { expectRoomForProperty, expectTimeLeft } from "./reading-limits";
import { refuse } from "./refusal";

/**
 * The regular expressions of ECMAScript (ECMA-262, section 22.2) in Unicode mode, as far as they are
 * regular: neither look-around nor back-references nor word boundaries. A lazy quantifier matches the
 * same texts as a greedy one where the whole text has to match, so both are read.
 */
export type RegexOptions = {
  /** Whether it need only occur in the text, as in a schema's `pattern`, where no anchor says otherwise. */
  isSearch: boolean;
  /** How a character of a set is written; unless given, as it is. */
  write?: ((set: CodePoints) => Expression) | undefined;
  /** What messages call it. */
  name: string;
};

/** @throws AppError that says at which character which construct cannot be kept to. */
export function parseRegex(pattern: string, options: RegexOptions): Expression {
  return new RegexParser(pattern, options).parse();
}

const DIGITS = toCodePoints([[0x30, 0x39]]);
const WORD: CodePoints = toCodePoints([
  ...([
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ] as const),
]);
/** WhiteSpace and LineTerminator (ECMA-262, sections 12.2 and 12.3). */
const SPACE = toCodePoints([
  ...([
    [0x09, 0x0d],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
  ] as const),
  ...([
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
  ] as const),
  [0xfeff, 0xfeff],
]);
const LINE_ENDS = charactersOf("\n\r\u2028\u2029");
const CONTROLS: Record<string, number> = { f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };
const CLASSES: Record<string, CodePoints> = {
  d: DIGITS,
  D: complementOf(DIGITS),
  w: WORD,
  W: complementOf(WORD),
  s: SPACE,
  S: complementOf(SPACE),
};
const SYNTAX_CHARACTERS = "^$\\.*+?()[]{}|/";

class RegexParser {
  readonly #characters: readonly string[];
  readonly #options: RegexOptions;
  readonly #write: (set: CodePoints) => Expression;
  readonly #anything: Expression;
  #at = 0;
  #depth = 0;

  constructor(pattern: string, options: RegexOptions) {
    this.#characters = Array.from(pattern);
    this.#options = options;
    this.#write = options.write ?? characters;
    this.#anything = repeat(this.#write(ANY_CHARACTER), 0);
  }

  parse(): Expression {
    const parts = [this.#parseAlternative(true)];
    while (this.#take("|")) parts.push(this.#parseAlternative(true));
    if (this.#peek() === ")") throw this.#fail("has a ) without a (");
    return oneOf(parts);
  }

  #parseGroup(): Expression {
    if (++this.#depth > GRAMMAR_DEPTH_MAX) {
      throw this.#fail(`has groups more than ${GRAMMAR_DEPTH_MAX} deep`);
    }
    if (this.#take("?")) this.#expectPlainGroup();
    const parts = [this.#parseAlternative(false)];
    while (this.#take("|")) parts.push(this.#parseAlternative(false));
    if (!this.#take(")")) throw this.#fail("has a ( without a )");
    this.#depth--;
    return oneOf(parts);
  }

  /** After `(?`. */
  #expectPlainGroup(): void {
    if (this.#take(":")) return;
    const isBehind = this.#peek() === "<";
    const following = this.#characters[this.#at + (isBehind ? 1 : 0)];
    if (following === "=" || following === "!") {
      throw this.#fail(`has look-${isBehind ? "behind" : "ahead"}, which cannot be kept to`);
    }
    if (!isBehind) throw this.#fail("has flags in a group, which cannot be kept to");
    this.#at++;
    const end = this.#characters.indexOf(">", this.#at);
    const name = this.#characters.slice(this.#at, end).join("");
    if (end < 0 || !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) {
      throw this.#fail("has a group with a name that is none");
    }
    this.#at = end + 1;
  }

  #parseAlternative(isOutermost: boolean): Expression {
    const parts: Expression[] = [];
    const isFromStart = isOutermost && this.#takeAnchor("^");
    let isToEnd = false;
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === "|" || next === ")") break;
      if (isOutermost && this.#takeAnchor("$")) {
        isToEnd = true;
        const after = this.#peek();
        if (after !== undefined && after !== "|" && after !== ")") {
          throw this.#fail("has a $ before its end, which cannot be kept to");
        }
        break;
      }
      parts.push(this.#parseTerm());
    }
    const { isSearch } = this.#options;
    return sequence(
      isSearch && !isFromStart && isOutermost ? this.#anything : NOTHING,
      ...parts,
      isSearch && !isToEnd && isOutermost ? this.#anything : NOTHING,
    );
  }

  #takeAnchor(anchor: string): boolean {
    if (!this.#take(anchor)) return false;
    if (/^[*+?{]$/.test(this.#peek() ?? "")) throw this.#fail("repeats an anchor");
    return true;
  }

  #parseTerm(): Expression {
    const atom = this.#parseAtom();
    const bounds = this.#parseQuantifier();
    if (!bounds) return atom;
    this.#take("?");
    if (/^[*+?]$/.test(this.#peek() ?? "")) throw this.#fail("repeats a repetition");
    if (bounds.max < bounds.min) throw this.#fail("has a repetition whose bounds are out of order");
    return repeat(atom, bounds.min, bounds.max);
  }

  #parseQuantifier(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#peek() !== "{") return undefined;
    const end = this.#characters.indexOf("}", this.#at);
    const inside = this.#characters.slice(this.#at + 1, Math.max(end, this.#at)).join("");
    const match = /^(\d+)(,(\d*))?$/.exec(inside);
    if (!match) throw this.#fail("has a { that begins no repetition; write \\{");
    this.#at = end + 1;
    const min = Number(match[1]);
    const open = match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3] ?? min);
    if (
      min > GRAMMAR_REPETITIONS_MAX ||
      (open > GRAMMAR_REPETITIONS_MAX && open !== Number.POSITIVE_INFINITY)
    ) {
      throw this.#fail(`repeats more than ${GRAMMAR_REPETITIONS_MAX} times`);
    }
    return { min, max: open };
  }

  #parseAtom(): Expression {
    expectTimeLeft();
    const next = this.#next();
    if (next === "(") return this.#parseGroup();
    if (next === "[") return this.#write(this.#parseClass());
    if (next === ".") return this.#write(complementOf(LINE_ENDS));
    if (next === "\\") return this.#write(this.#parseEscape(false));
    if (next === "^" || next === "$") {
      throw this.#fail(`has a ${next} inside of it, which cannot be kept to`, -1);
    }
    if ("*+?{".includes(next)) throw this.#fail(`has a ${next} with nothing to repeat`, -1);
    if ("]}".includes(next)) throw this.#fail(`has a lone ${next}; write \\${next}`, -1);
    return this.#write(charactersOf(next));
  }

  /** After `\`. */
  #parseEscape(isInClass: boolean): CodePoints {
    const next = this.#next();
    const known = CLASSES[next];
    if (known) return known;
    const control = CONTROLS[next];
    if (control !== undefined) return [[control, control]];
    if (next === "p" || next === "P") return this.#parseProperty(next === "P");
    if (next === "x" || next === "u") return this.#parseHex(next);
    if (next === "0" && !/^\d$/.test(this.#peek() ?? "")) return [[0, 0]];
    if (next === "c" && /^[A-Za-z]$/.test(this.#peek() ?? "")) {
      const code = codePointOf(this.#next()) % 32;
      return [[code, code]];
    }
    if (isInClass && next === "b") return [[8, 8]];
    if (isInClass && next === "-") return charactersOf("-");
    if (next === "b" || next === "B") {
      throw this.#fail("has a word boundary, which cannot be kept to", -2);
    }
    if (next === "k" || /^\d$/.test(next)) {
      throw this.#fail("has a back-reference, which cannot be kept to", -2);
    }
    if (SYNTAX_CHARACTERS.includes(next) || /^[^A-Za-z0-9]$/u.test(next)) return charactersOf(next);
    throw this.#fail(`has the escape \\${next}, which is none`, -2);
  }

  #parseHex(kind: string): CodePoints {
    const rest = this.#characters.slice(this.#at, this.#at + 10).join("");
    const match =
      kind === "x"
        ? /^([0-9A-Fa-f]{2})/.exec(rest)
        : /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))/.exec(rest);
    const code = Number.parseInt(match?.[1] ?? match?.[2] ?? "", 16);
    if (!match || Number.isNaN(code) || code > 0x10ffff) {
      throw this.#fail(`has an escape \\${kind} without its digits`);
    }
    this.#at += match[0].length;
    if (code >= 0xd800 && code <= 0xdfff) {
      throw this.#fail("has half of a surrogate pair; write the character or \\u{…}");
    }
    return [[code, code]];
  }

  #parseProperty(isNegated: boolean): CodePoints {
    const end = this.#characters.indexOf("}", this.#at);
    const name = this.#characters.slice(this.#at + 1, Math.max(end, this.#at)).join("");
    if (this.#peek() !== "{" || !/^[\w=]+$/.test(name)) {
      throw this.#fail("has a \\p without the name of a property");
    }
    expectRoomForProperty(name);
    const set = findProperty(name);
    if (!set) throw this.#fail(`names a property of characters that is not known (${name})`);
    this.#at = end + 1;
    return isNegated ? complementOf(set) : set;
  }

  /** After `[`. */
  #parseClass(): CodePoints {
    const isNegated = this.#take("^");
    const found: (readonly [number, number])[] = [];
    while (!this.#take("]")) {
      const from = this.#parseClassAtom();
      const isRange = this.#peek() === "-" && this.#characters[this.#at + 1] !== "]";
      if (!isRange) {
        found.push(...from);
        continue;
      }
      this.#at++;
      const to = this.#parseClassAtom();
      const first = singleOf(from);
      const last = singleOf(to);
      if (first === undefined || last === undefined || first > last) {
        throw this.#fail("has a range in brackets whose ends are no characters in order");
      }
      found.push([first, last]);
    }
    const set = toCodePoints(found);
    return isNegated ? complementOf(set) : set;
  }

  #parseClassAtom(): CodePoints {
    expectTimeLeft();
    const next = this.#next();
    return next === "\\" ? this.#parseEscape(true) : charactersOf(next);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const next = this.#peek();
    if (next === undefined) throw this.#fail("ends too early");
    this.#at++;
    if (next.length === 1 && /[\ud800-\udfff]/.test(next)) {
      throw this.#fail("has half of a surrogate pair");
    }
    return next;
  }

  #fail(what: string, offset = 0) {
    return refuse(`${this.#options.name} ${what} (at character ${this.#at + offset + 1}).`);
  }
}

function singleOf(set: CodePoints): number | undefined {
  const [only, ...more] = set;
  return only && more.length === 0 && only[0] === only[1] ? only[0] : undefined;
}

const PROPERTIES = new Map<string, CodePoints>();
/** Some 400 sets of a kilobyte; beyond it the one found first is looked up again. */
const PROPERTIES_MAX = 64;

/** The characters of a Unicode property, by asking JavaScript's own tables about each (30 ms). */
function findProperty(name: string): CodePoints | undefined {
  const known = PROPERTIES.get(name);
  if (known) return known;
  let isIn: RegExp;
  try {
    isIn = new RegExp(`^\\p{${name}}$`, "u");
  } catch {
    // The name is the caller's; that it is unknown is the answer.
    return undefined;
  }
  const found: [number, number][] = [];
  for (const [from, to] of ANY_CHARACTER) {
    for (let code = from; code <= to; code++) {
      if (!isIn.test(String.fromCodePoint(code))) continue;
      const last = found.at(-1);
      if (last && last[1] === code - 1) last[1] = code;
      else found.push([code, code]);
    }
  }
  const [oldest] = PROPERTIES.keys();
  if (PROPERTIES.size >= PROPERTIES_MAX && oldest !== undefined) PROPERTIES.delete(oldest);
  PROPERTIES.set(name, found);
  return found;
}
