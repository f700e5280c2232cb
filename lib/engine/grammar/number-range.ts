import {
  anyOf,
  type Expression,
  NEVER,
  NOTHING,
  oneOf,
  optional,
  repeat,
  sequence,
  text,
} from "./expression";
import { FRACTION_DIGITS_MAX, INTEGER_DIGITS_MAX } from "./json-text";

/** A side of a range; undefined: numbers go as far as they are written at all. */
export type Bound = { value: number; isExclusive: boolean } | undefined;

const DIGITS = "0123456789";
const DIGIT = anyOf(DIGITS);
const LARGEST = 10n ** BigInt(INTEGER_DIGITS_MAX) - 1n;
const ANY_FRACTION = optional(sequence(text("."), repeat(DIGIT, 1, FRACTION_DIGITS_MAX)));

/**
 * Integers from `min` to `max`, without needless zeros, as JSON has them.
 *
 * @returns undefined for bounds beyond which there are none that we write.
 */
export function integersBetween(min: Bound, max: Bound): Expression | undefined {
  const first = min === undefined ? -LARGEST : toInteger(Math.ceil(min.value), min, 1n);
  const last = max === undefined ? LARGEST : toInteger(Math.floor(max.value), max, -1n);
  if (first > LARGEST || last < -LARGEST) return undefined;
  const from = first < -LARGEST ? -LARGEST : first;
  const to = last > LARGEST ? LARGEST : last;
  const negative = from < 0n ? digitsBetween(to < 0n ? -to : 1n, -from) : NEVER;
  return oneOf([
    negative === NEVER ? NEVER : sequence(text("-"), negative),
    to >= 0n ? digitsBetween(from > 0n ? from : 0n, to) : NEVER,
  ]);
}

/** The first integer inside of a bound that was rounded inwards. */
function toInteger(
  rounded: number,
  { value, isExclusive }: NonNullable<Bound>,
  step: 1n | -1n,
): bigint {
  const isAtBound = isExclusive && rounded === value;
  // Beyond 2^53 the neighbouring integer is read as the bound itself.
  const isExact = Math.abs(rounded) <= Number.MAX_SAFE_INTEGER;
  const at = isAtBound && !isExact ? neighbourOf(value, step === 1n) : rounded;
  // The largest double has none above it.
  const integer = BigInt(Number.isFinite(at) ? at : value);
  return isAtBound && isExact ? integer + step : integer;
}

/**
 * Decimals from `min` to `max` without exponents. Comparing digits is comparing doubles, since reading
 * a decimal as a double keeps the order (IEEE 754, rounding is monotonic); only what is to differ from
 * a bound must not be rounded to it.
 *
 * @returns undefined for bounds that have more digits than we write.
 */
export function decimalsBetween(min: Bound, max: Bound): Expression | undefined {
  const low = min === undefined ? undefined : toDecimal(min, true);
  const high = max === undefined ? undefined : toDecimal(max, false);
  if (low === null || high === null) return undefined;
  const isLowNegative = low === undefined || low.isNegative;
  const isHighNegative = high?.isNegative === true;
  const zero: Decimal = {
    isNegative: false,
    whole: 0n,
    fraction: "",
    isExclusive: false,
    room: FRACTION_DIGITS_MAX,
  };
  const aboveZero = { ...zero, isExclusive: true };
  const negative = isLowNegative ? positivesBetween(isHighNegative ? high : aboveZero, low) : NEVER;
  return oneOf([
    negative === NEVER ? NEVER : sequence(text("-"), negative),
    isHighNegative ? NEVER : positivesBetween(isLowNegative ? zero : (low ?? zero), high),
  ]);
}

/** The size of a bound, as digits; no zero at the end of `fraction`. */
type Decimal = {
  isNegative: boolean;
  whole: bigint;
  fraction: string;
  isExclusive: boolean;
  /** Digits after the point of numbers beside it. */
  room: number;
};

/** Decimals of so many digits are read as doubles that differ (DBL_DIG of C). */
const DISTINCT_DIGITS_MAX = 15;

/** Null where it has more digits than a number of ours. */
function toDecimal({ value, isExclusive }: NonNullable<Bound>, isLower: boolean): Decimal | null {
  const written = Math.abs(value).toString();
  const [whole = "", fraction = ""] = written.split(".");
  if (written.includes("e") || whole.length >= INTEGER_DIGITS_MAX) return null;
  const room = DISTINCT_DIGITS_MAX - (whole === "0" ? 0 : whole.length);
  if (isExclusive && fraction.length > room) {
    return toDecimal({ value: neighbourOf(value, isLower), isExclusive: false }, isLower);
  }
  if (fraction.length > FRACTION_DIGITS_MAX) return null;
  return {
    // −0 is 0: as a lower bound it lets no negative in that 0 would not.
    isNegative: value < 0,
    whole: BigInt(whole),
    fraction,
    isExclusive,
    room: isExclusive ? room : FRACTION_DIGITS_MAX,
  };
}

/** The next double, which has the next bits. */
function neighbourOf(value: number, isAbove: boolean): number {
  const bits = new BigInt64Array(1);
  const double = new Float64Array(bits.buffer);
  double[0] = value;
  const [at = 0n] = bits;
  bits[0] = value > 0 === isAbove ? at + 1n : at - 1n;
  return double[0];
}

function positivesBetween(low: Decimal, high: Decimal | undefined): Expression {
  const to = high?.whole ?? LARGEST;
  if (low.whole > to) return NEVER;
  const wholeLow = text(low.whole.toString());
  if (high && low.whole === high.whole) {
    const fraction = fractionsBetween(low, high);
    return fraction === NEVER ? NEVER : sequence(wholeLow, fraction);
  }
  const last = high ? to - 1n : to;
  const fractionHigh = high ? fractionsBetween(undefined, high) : NEVER;
  return oneOf([
    sequence(wholeLow, fractionsBetween(low, undefined)),
    low.whole + 1n <= last ? sequence(digitsBetween(low.whole + 1n, last), ANY_FRACTION) : NEVER,
    high && fractionHigh !== NEVER ? sequence(text(to.toString()), fractionHigh) : NEVER,
  ]);
}

function fractionsBetween(low: Decimal | undefined, high: Decimal | undefined): Expression {
  const rest: FractionRest = {
    low: low && { digits: low.fraction, isExclusive: low.isExclusive },
    high: high && { digits: high.fraction, isExclusive: high.isExclusive },
    room: Math.min(low?.room ?? FRACTION_DIGITS_MAX, high?.room ?? FRACTION_DIGITS_MAX),
  };
  const digits = fractionDigits(rest);
  return oneOf([
    mayStop(rest) ? NOTHING : NEVER,
    digits === NEVER ? NEVER : sequence(text("."), digits),
  ]);
}

/** Digits of the bounds that those written so far still agree with; undefined: beyond that bound already. */
type FractionRest = {
  low: { digits: string; isExclusive: boolean } | undefined;
  high: { digits: string; isExclusive: boolean } | undefined;
  room: number;
};

/** Whether what follows may be nothing, which is as much as zeros. */
function mayStop({ low, high }: FractionRest): boolean {
  const isAbove = low === undefined || (low.digits === "" && !low.isExclusive);
  return isAbove && (high === undefined || high.digits !== "" || !high.isExclusive);
}

/** One digit or more. */
function fractionDigits(rest: FractionRest): Expression {
  if (rest.room === 0) return NEVER;
  if (rest.low === undefined && rest.high === undefined) return repeat(DIGIT, 1, rest.room);
  const byRest = new Map<string, { digits: string; rest: FractionRest }>();
  for (const digit of DIGITS) {
    const next = afterDigit(rest, digit);
    if (!next) continue;
    const key = JSON.stringify([next.low?.digits, next.high?.digits]);
    byRest.set(key, { digits: (byRest.get(key)?.digits ?? "") + digit, rest: next });
  }
  return oneOf(
    [...byRest.values()].map(({ digits, rest: next }) => {
      const more = oneOf([mayStop(next) ? NOTHING : NEVER, fractionDigits(next)]);
      return more === NEVER ? NEVER : sequence(anyOf(digits), more);
    }),
  );
}

function afterDigit({ low, high, room }: FractionRest, digit: string): FractionRest | undefined {
  const lowDigit = low?.digits[0] ?? "0";
  const highDigit = high?.digits[0] ?? "0";
  if ((low && digit < lowDigit) || (high && digit > highDigit)) return undefined;
  const stays = (side: typeof low, at: string) =>
    side && digit === at ? { ...side, digits: side.digits.slice(1) } : undefined;
  return { low: stays(low, lowDigit), high: stays(high, highDigit), room: room - 1 };
}

/** Digits without a leading zero, from `from` to `to`, neither below 0. */
function digitsBetween(from: bigint, to: bigint): Expression {
  if (from > to) return NEVER;
  const low = from.toString();
  const high = to.toString();
  const parts: Expression[] = [];
  for (let length = low.length; length <= high.length; length++) {
    const first = length === low.length ? low : `1${"0".repeat(length - 1)}`;
    const last = length === high.length ? high : "9".repeat(length);
    parts.push(sameLengthBetween(first, last));
  }
  return oneOf(parts);
}

function sameLengthBetween(low: string, high: string): Expression {
  if (low === "") return NOTHING;
  if (/^0*$/.test(low) && /^9*$/.test(high)) return repeat(DIGIT, low.length, low.length);
  const first = low.slice(0, 1);
  const last = high.slice(0, 1);
  const below = low.slice(1);
  const above = high.slice(1);
  if (first === last) return sequence(text(first), sameLengthBetween(below, above));
  const between = DIGITS.slice(Number(first) + 1, Number(last));
  const rest = below.length;
  return oneOf([
    sequence(text(first), sameLengthBetween(below, "9".repeat(rest))),
    between === "" ? NEVER : sequence(anyOf(between), repeat(DIGIT, rest, rest)),
    sequence(text(last), sameLengthBetween("0".repeat(rest), above)),
  ]);
}
