import {
  ANY_CHARACTER,
  type CodePoints,
  charactersOf,
  codePointOf,
  intersectionOf,
  without,
} from "./code-points";
import {
  anyOf,
  characters,
  type Expression,
  NEVER,
  oneOf,
  repeat,
  sequence,
  text,
} from "./expression";
import { expectTimeLeft } from "./reading-limits";

/** What a JSON string may hold as it is: all but controls, the quote and the backslash (RFC 8259, section 7). */
export const PLAIN_CHARACTERS: CodePoints = without(ANY_CHARACTER, [
  [0, 0x1f],
  ...charactersOf('"\\'),
]);

const HEX = "0123456789abcdefABCDEF";

/** One character of a JSON string in each way that it can be written; half of a surrogate pair alone is none. */
export const JSON_CHARACTER: Expression = oneOf([
  characters(PLAIN_CHARACTERS),
  sequence(
    text("\\"),
    oneOf([
      anyOf('"\\/bfnrt'),
      sequence(
        text("u"),
        oneOf([
          sequence(anyOf(HEX.replaceAll("d", "").replaceAll("D", "")), hexDigits(3)),
          sequence(anyOf("dD"), anyOf("01234567"), hexDigits(2)),
          sequence(
            ...[anyOf("dD"), anyOf("89abAB"), hexDigits(2), text("\\u")],
            ...[anyOf("dD"), anyOf("cdefCDEF"), hexDigits(2)],
          ),
        ]),
      ),
    ]),
  ),
]);

/** At most one space after a comma or colon, as in most JSON that people write; no other blank, or an answer could fill its length with them. */
export const COMMA: Expression = sequence(text(","), repeat(text(" "), 0, 1));
export const COLON: Expression = sequence(text(":"), repeat(text(" "), 0, 1));

export function quoted(content: Expression): Expression {
  return sequence(text('"'), content, text('"'));
}

export const JSON_STRING: Expression = quoted(repeat(JSON_CHARACTER, 0));

const DIGIT = anyOf("0123456789");
const NONZERO_DIGIT = anyOf("123456789");
/** Of a number without bounds: the longest 64-bit integers have 19. */
export const INTEGER_DIGITS_MAX = 19;
/** As many as tell any two doubles apart (IEEE 754, 17 significant digits). */
export const FRACTION_DIGITS_MAX = 17;

/** Up to a bounded count of digits: a model that likes digits must not fill its length with them, and none may overflow. */
export const JSON_INTEGER: Expression = sequence(
  repeat(text("-"), 0, 1),
  oneOf([text("0"), sequence(NONZERO_DIGIT, repeat(DIGIT, 0, INTEGER_DIGITS_MAX - 1))]),
);

/** Exponents of two digits: 19 digits and e99 stay far below where doubles become infinite, which no schema takes. */
export const JSON_NUMBER: Expression = sequence(
  JSON_INTEGER,
  repeat(sequence(text("."), repeat(DIGIT, 1, FRACTION_DIGITS_MAX)), 0, 1),
  repeat(sequence(anyOf("eE"), repeat(anyOf("+-"), 0, 1), repeat(DIGIT, 1, 2)), 0, 1),
);

/** `set` as it stands in a JSON string: what need not be escaped is not. */
export function toJsonCharacters(set: CodePoints): Expression {
  expectTimeLeft();
  const plain = intersectionOf(set, PLAIN_CHARACTERS);
  const escaped = without(set, PLAIN_CHARACTERS);
  const escapes = escaped.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => {
      const written = JSON.stringify(String.fromCodePoint(from + index));
      return text(written.slice(1, -1));
    }),
  );
  return oneOf([plain.length > 0 ? characters(plain) : NEVER, ...escapes]);
}

/** The one way in which we have a value written. */
export function toJsonText(value: unknown): Expression {
  return text(JSON.stringify(value));
}

/** A key, without escapes, that is none of `names`: a name that came twice would count with its last value. */
export function keyOtherThan(names: readonly string[]): Expression {
  // A name that needs an escape cannot be written by a key without any.
  const plain = names.filter((name) => JSON.stringify(name).length === name.length + 2);
  return sequence(text('"'), restOtherThan([...new Set(plain)].map((it) => Array.from(it))));
}

function restOtherThan(names: readonly (readonly string[])[]): Expression {
  const following = new Map<string, string[][]>();
  for (const [first, ...rest] of names) {
    if (first === undefined) continue;
    const others = following.get(first);
    if (others) others.push(rest);
    else following.set(first, [rest]);
  }
  const taken: CodePoints = [...following.keys()].map((it) => [codePointOf(it), codePointOf(it)]);
  const isName = names.some((name) => name.length === 0);
  return oneOf([
    sequence(characters(without(PLAIN_CHARACTERS, taken)), ANY_REST),
    ...[...following].map(([first, rest]) => sequence(text(first), restOtherThan(rest))),
    isName ? NEVER : text('"'),
  ]);
}

const ANY_REST = sequence(repeat(characters(PLAIN_CHARACTERS), 0), text('"'));

function hexDigits(count: number): Expression {
  return repeat(anyOf(HEX), count, count);
}
