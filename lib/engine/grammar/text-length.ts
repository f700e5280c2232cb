import { GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import { type Expression, repeat } from "./expression";

export type LengthRange = { min: number; max: number };

/** The fewest and the most characters that an expression without rules and free text matches. */
export function lengthOf(expression: Expression): LengthRange {
  switch (expression.type) {
    case "text": {
      const { length } = Array.from(expression.text);
      return { min: length, max: length };
    }
    case "characters":
      return { min: 1, max: 1 };
    case "sequence":
      return expression.parts.map(lengthOf).reduce(plus, { min: 0, max: 0 });
    case "one-of": {
      const parts = expression.parts.map(lengthOf);
      return {
        min: Math.min(...parts.map((it) => it.min)),
        max: Math.max(...parts.map((it) => it.max)),
      };
    }
    case "repeat": {
      const { min, max } = lengthOf(expression.part);
      // 0 × ∞ is NaN, and nothing repeated without end is still nothing.
      return { min: min * expression.min, max: max === 0 ? 0 : max * expression.max || 0 };
    }
    case "rule":
    case "without":
    case "network":
    case "free-text":
      return { min: 0, max: Number.POSITIVE_INFINITY };
  }
}

/**
 * `expression` with none but texts of `min` to `max` characters. Possible where it has them anyway, or
 * where its one part of varying length repeats something of fixed length, as in `^[A-Z][a-z]+$`.
 *
 * @returns undefined where that cannot be said by the expression alone.
 */
export function withLength(expression: Expression, asked: LengthRange): Expression | undefined {
  const has = lengthOf(expression);
  if (has.min >= asked.min && has.max <= asked.max) return expression;
  const parts = flatten(expression);
  const lengths = parts.map(lengthOf);
  const varying = lengths.findIndex(({ min, max }) => min !== max);
  if (varying < 0 || lengths.some(({ min, max }, index) => min !== max && index !== varying)) {
    return undefined;
  }
  const fixed = lengths.reduce((sum, { min }, index) => (index === varying ? sum : sum + min), 0);
  const part = parts[varying];
  if (part?.type !== "repeat") return undefined;
  const unit = lengthOf(part.part);
  if (unit.min !== unit.max || unit.min === 0) return undefined;
  const min = Math.max(part.min, Math.ceil((asked.min - fixed) / unit.min));
  const max = Math.min(part.max, Math.floor((asked.max - fixed) / unit.min));
  const kept = max < min ? { type: "one-of" as const, parts: [] } : repeat(part.part, min, max);
  return { type: "sequence", parts: parts.map((it, index) => (index === varying ? kept : it)) };
}

/**
 * Some of what `expression` matches, of at most `max` characters: all that it has where none of its
 * parts is repeated more often than so many times.
 *
 * @returns undefined where it is longer however little is repeated.
 */
export function withFewerRepetitions(expression: Expression, max: number): Expression | undefined {
  const fits = (count: number) => lengthOf(withRepetitions(expression, count)).max <= max;
  let most = 0;
  if (!fits(most)) return undefined;
  for (let tooMany = GRAMMAR_REPETITIONS_MAX + 1; tooMany - most > 1; ) {
    const middle = (most + tooMany) >> 1;
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return withRepetitions(expression, most);
}

function withRepetitions(expression: Expression, most: number): Expression {
  if (expression.type === "sequence" || expression.type === "one-of") {
    const parts = expression.parts.map((it) => withRepetitions(it, most));
    return { type: expression.type, parts };
  }
  if (expression.type !== "repeat") return expression;
  const max = Math.max(expression.min, Math.min(expression.max, most));
  return { ...expression, part: withRepetitions(expression.part, most), max };
}

function plus(a: LengthRange, b: LengthRange): LengthRange {
  return { min: a.min + b.min, max: a.max + b.max };
}

function flatten(expression: Expression): Expression[] {
  return expression.type === "sequence" ? expression.parts.flatMap(flatten) : [expression];
}
