import { Arguments } from "./arguments";
import {
  compare,
  contains,
  isCallable,
  isEqual,
  isMapping,
  isNumber,
  isTrue,
  typeOf,
} from "./values";

type Predicate = (value: unknown, given: Arguments) => boolean;

/** What stands behind `is`, and in the quotes of `selectattr` and its like. */
export function findPredicate(name: string): Predicate {
  const found = Object.hasOwn(PREDICATES, name) ? PREDICATES[name] : undefined;
  if (found) return found;
  throw new Error(`the template asks for a test \`${name}\`, which is not known here`);
}

const isText = (value: unknown) => typeof value === "string";
const isInteger = (value: unknown) => typeof value === "number" && Number.isInteger(value);
const isSequence = (value: unknown) => isText(value) || Array.isArray(value) || isMapping(value);
const eq: Predicate = (value, given) => isEqual(value, given.any(0));
const ne: Predicate = (value, given) => !isEqual(value, given.any(0));
const order =
  (holds: (order: number) => boolean): Predicate =>
  (value, given) =>
    holds(compare(value, given.any(0)));
const [gt, ge] = [order((it) => it > 0), order((it) => it >= 0)];
const [lt, le] = [order((it) => it < 0), order((it) => it <= 0)];

const PREDICATES: Readonly<Record<string, Predicate>> = {
  defined: (value) => value !== undefined,
  undefined: (value) => value === undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  string: isText,
  number: (value) => isNumber(value),
  integer: isInteger,
  float: (value) => typeof value === "number" && !Number.isInteger(value),
  mapping: isMapping,
  sequence: isSequence,
  iterable: (value) => value === undefined || isSequence(value),
  callable: isCallable,
  odd: (value) => toInteger(value) % 2 !== 0,
  even: (value) => toInteger(value) % 2 === 0,
  lower: (value) => isText(value) && value === String(value).toLowerCase(),
  upper: (value) => isText(value) && value === String(value).toUpperCase(),
  divisibleby: (value, given) => toInteger(value) % given.integerOr(1, 0, "num") === 0,
  sameas: (value, given) => value === given.any(0),
  in: (value, given) => contains(given.any(0), value),
  ...{ eq, equalto: eq, "==": eq, ne, "!=": ne, lt, lessthan: lt, "<": lt, le, "<=": le },
  ...{ gt, greaterthan: gt, ">": gt, ge, ">=": ge },
};

function toInteger(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new Error(`a value of the type ${typeOf(value)} is neither odd nor even`);
}

/** The test that `selectattr("a", "equalto", 1)` names, or whether a value is true where it names none. */
export function toPredicate(given: Arguments): (value: unknown) => boolean {
  const name = given.textOr(undefined, 0);
  if (name === undefined) return isTrue;
  const [test, rest] = [findPredicate(name), given.after(1)];
  return (value) => test(value, rest);
}

export const NOTHING_GIVEN = new Arguments([], new Map());
