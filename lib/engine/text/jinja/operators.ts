import { fillPercents, toNumber } from "./filters";
import { compare, contains, isEqual, isNumber, isTrue, toText, typeOf } from "./values";

/** `left op right`; `and` and `or`, which may leave the right side alone, are the interpreter's. */
export function applyOperator(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case "==":
      return isEqual(left, right);
    case "!=":
      return !isEqual(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    case "~":
      return toText(left) + toText(right);
    case "<":
      return compare(left, right) < 0;
    case "<=":
      return compare(left, right) <= 0;
    case ">":
      return compare(left, right) > 0;
    case ">=":
      return compare(left, right) >= 0;
    case "+":
      return add(left, right);
    case "*":
      return multiply(left, right);
    case "%":
      if (typeof left === "string")
        return fillPercents(left, Array.isArray(right) ? right : [right]);
      return calculate(operator, left, right);
    default:
      return calculate(operator, left, right);
  }
}

/** Texts and numbers are put together too, which Python refuses: some templates are written for that. */
function add(left: unknown, right: unknown): unknown {
  if (isNumber(left) && isNumber(right)) return Number(left) + Number(right);
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  const isText = (value: unknown) => typeof value === "string";
  const isWord = (value: unknown) => isText(value) || isNumber(value);
  if (isWord(left) && isWord(right)) return toText(left) + toText(right);
  throw new Error(`${typeOf(left)} and ${typeOf(right)} cannot be added`);
}

function multiply(left: unknown, right: unknown): unknown {
  if (isNumber(left) && !isNumber(right)) return multiply(right, left);
  if (typeof left === "string") return left.repeat(Math.max(toNumber(right), 0));
  if (Array.isArray(left)) {
    return Array.from({ length: Math.max(toNumber(right), 0) }, () => left).flat();
  }
  return toNumber(left) * toNumber(right);
}

function calculate(operator: string, left: unknown, right: unknown): number {
  const [a, b] = [toNumber(left), toNumber(right)];
  if (operator === "-") return a - b;
  if (operator === "**") return a ** b;
  if (b === 0) throw new Error("the template divides by zero");
  if (operator === "/") return a / b;
  // Both round down, also below zero.
  if (operator === "//") return Math.floor(a / b);
  if (operator === "%") return a - b * Math.floor(a / b);
  throw new Error(`the operator ${operator} is not known here`);
}

export function negate(operator: string, value: unknown): unknown {
  if (operator === "not") return !isTrue(value);
  return operator === "-" ? -toNumber(value) : toNumber(value);
}

/** `value[start:stop:step]`, of a list or of a text's characters. */
export function cutSlice(
  value: unknown,
  bounds: readonly [start: unknown, stop: unknown, step: unknown],
): unknown {
  if (typeof value !== "string" && !Array.isArray(value)) {
    throw new Error(`nothing can be cut out of ${typeOf(value)}`);
  }
  const items: readonly unknown[] = typeof value === "string" ? Array.from(value) : value;
  const [start, stop, step] = bounds.map((it) =>
    (it ?? undefined) === undefined ? undefined : toNumber(it),
  );
  const by = step ?? 1;
  if (by === 0) throw new Error("a slice cannot go in steps of 0");
  const [low, high] = by > 0 ? [0, items.length] : [-1, items.length - 1];
  const place = (bound: number | undefined, other: number) => {
    if (bound === undefined) return other;
    return Math.min(Math.max(bound < 0 ? bound + items.length : bound, low), high);
  };
  const [from, to] = [place(start, by > 0 ? low : high), place(stop, by > 0 ? high : low)];
  const cut: unknown[] = [];
  for (let at = from; by > 0 ? at < to : at > to; at += by) cut.push(items[at]);
  return typeof value === "string" ? cut.join("") : cut;
}
