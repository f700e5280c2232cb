import { stripSpace } from "@/lib/adapters/python-space";
import { Arguments } from "./arguments";
import {
  type Callable,
  Fields,
  isEqual,
  isMapping,
  Tuple,
  toItems,
  toPairs,
  toText,
  typeOf,
} from "./values";

/**
 * `value.name`: a method goes before a key, so that `schema.items()` works on a schema with a key `items`.
 * What is not there is undefined, and so is what would be in that.
 */
export function getAttribute(value: unknown, name: string): unknown {
  if (value instanceof Fields) return value.values.get(name);
  return findMethod(value, name) ?? (isMapping(value) ? value.get(name) : undefined);
}

/** `value[key]`: a key goes before a method. */
export function getItem(value: unknown, key: unknown): unknown {
  if (isMapping(value) && value.has(key)) return value.get(key);
  if (typeof key === "string") return getAttribute(value, key);
  if (typeof key !== "number" && typeof key !== "boolean") return undefined;
  if (Array.isArray(value)) return value.at(Number(key));
  return typeof value === "string" ? Array.from(value).at(Number(key)) : undefined;
}

type Methods<T> = Readonly<Record<string, (value: T, given: Arguments) => unknown>>;

function findMethod(value: unknown, name: string): Callable | undefined {
  const bind = <T>(methods: Methods<T>, self: T): Callable | undefined => {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return method && ((args, kwargs) => method(self, new Arguments(args, kwargs)));
  };
  if (typeof value === "string") return bind(TEXT_METHODS, value);
  if (isMapping(value)) return bind(DICT_METHODS, value);
  return Array.isArray(value) ? bind(LIST_METHODS, value) : undefined;
}

const DICT_METHODS: Methods<Map<unknown, unknown>> = {
  get: (dict, given) => (dict.has(given.any(0)) ? dict.get(given.any(0)) : (given.any(1) ?? null)),
  items: toPairs,
  keys: (dict) => [...dict.keys()],
  values: (dict) => [...dict.values()],
  copy: (dict) => new Map(dict),
};

const LIST_METHODS: Methods<unknown[]> = {
  // Refused by the sandbox that templates are made for, and used by some all the same.
  append: (list, given) => {
    list.push(given.any(0));
    return null;
  },
  pop: (list, given) => {
    if (list.length === 0) throw new Error("`pop` finds an empty list");
    return list.splice(given.integerOr(-1, 0), 1)[0];
  },
  count: (list, given) => list.filter((it) => isEqual(it, given.any(0))).length,
  index: (list, given) => {
    const at = list.findIndex((it) => isEqual(it, given.any(0)));
    if (at < 0) throw new Error("what `index` looks for is not in the list");
    return at;
  },
  copy: (list) => [...list],
};

const TEXT_METHODS: Methods<string> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase(),
  capitalize,
  title: (text) => text.toLowerCase().replaceAll(/\p{L}+/gu, capitalize),
  swapcase: (text) =>
    Array.from(text, (it) => (it === it.toUpperCase() ? it.toLowerCase() : it.toUpperCase())).join(
      "",
    ),
  strip: (text, given) => strip(text, "both", given.textOr(undefined, 0)),
  lstrip: (text, given) => strip(text, "left", given.textOr(undefined, 0)),
  rstrip: (text, given) => strip(text, "right", given.textOr(undefined, 0)),
  startswith: (text, given) => toAffixes(given).some((it) => text.startsWith(it)),
  endswith: (text, given) => toAffixes(given).some((it) => text.endsWith(it)),
  removeprefix: (text, given) =>
    text.startsWith(given.text(0)) ? text.slice(given.text(0).length) : text,
  removesuffix: (text, given) =>
    text.endsWith(given.text(0)) ? text.slice(0, text.length - given.text(0).length) : text,
  replace: (text, given) =>
    replaceText(text, given.text(0), given.text(1), given.integerOr(-1, 2, "count")),
  split: (text, given) =>
    splitText(text, given.textOr(undefined, 0, "sep"), given.integerOr(-1, 1, "maxsplit")),
  rsplit: (text, given) =>
    splitRight(text, given.textOr(undefined, 0, "sep"), given.integerOr(-1, 1, "maxsplit")),
  splitlines: (text) => {
    const lines = text.split(/\r\n|[\n\r\v\f\x85\u2028\u2029]/);
    return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  },
  partition: (text, given) => {
    const at = text.indexOf(given.text(0));
    return at < 0 ? Tuple.of(text, "", "") : cut(text, at, given.text(0));
  },
  rpartition: (text, given) => {
    const at = text.lastIndexOf(given.text(0));
    return at < 0 ? Tuple.of("", "", text) : cut(text, at, given.text(0));
  },
  find: (text, given) => countCharacters(text, text.indexOf(given.text(0))),
  rfind: (text, given) => countCharacters(text, text.lastIndexOf(given.text(0))),
  index: (text, given) => {
    const at = text.indexOf(given.text(0));
    if (at < 0) throw new Error("what `index` looks for is not in the text");
    return countCharacters(text, at);
  },
  count: (text, given) =>
    given.text(0) === "" ? Array.from(text).length + 1 : text.split(given.text(0)).length - 1,
  join: (text, given) => toItems(given.any(0)).map(toText).join(text),
  format: fillBraces,
  zfill: (text, given) => {
    const sign = /^[+-]?/.exec(text)?.[0] ?? "";
    return sign + text.slice(sign.length).padStart(given.integerOr(0, 0) - sign.length, "0");
  },
  ljust: (text, given) => text.padEnd(given.integerOr(0, 0), given.textOr(" ", 1)),
  rjust: (text, given) => text.padStart(given.integerOr(0, 0), given.textOr(" ", 1)),
  isdigit: (text) => /^\p{Nd}+$/u.test(text),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isspace: (text) => text !== "" && stripSpace(text) === "",
  islower: (text) => text !== text.toUpperCase() && text === text.toLowerCase(),
  isupper: (text) => text !== text.toLowerCase() && text === text.toUpperCase(),
};

/** The first letter large, all others small. */
export function capitalize(text: string): string {
  const [first = "", ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Without what stands at the ends: white space, or any of `characters`. */
export function strip(
  text: string,
  sides: "both" | "left" | "right",
  characters: string | undefined,
): string {
  if (characters === undefined) return stripSpace(text, sides);
  const all = Array.from(text);
  const set = new Set(characters);
  const has = (at: number) => set.has(all[at] ?? "");
  let [from, to] = [0, all.length];
  if (sides !== "right") while (from < to && has(from)) from += 1;
  if (sides !== "left") while (to > from && has(to - 1)) to -= 1;
  return all.slice(from, to).join("");
}

/** @param count below zero: all of them. */
export function replaceText(text: string, from: string, to: string, count: number): string {
  if (count < 0) return text.replaceAll(from === "" ? /(?:)/gu : from, () => to);
  let left = count;
  return text.replaceAll(from === "" ? /(?:)/gu : from, (found) => {
    left -= 1;
    return left >= 0 ? to : found;
  });
}

function toAffixes(given: Arguments): string[] {
  const value = given.any(0);
  const affixes: unknown[] = Array.isArray(value) ? value : [value];
  return affixes.map((it) => {
    if (typeof it === "string") return it;
    throw new Error(`startswith and endswith look for texts, and were given ${typeOf(it)}`);
  });
}

const SPACES = /(?:(?!\uFEFF)\s|\x85)+/;

function splitText(text: string, separator: string | undefined, splitMax: number): string[] {
  if (separator === "") throw new Error("split was given an empty separator");
  const parts: string[] = [];
  let rest = separator === undefined ? stripSpace(text, "left") : text;
  while (splitMax < 0 || parts.length < splitMax) {
    const found = separator === undefined ? SPACES.exec(rest) : undefined;
    const at = separator === undefined ? (found?.index ?? -1) : rest.indexOf(separator);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + (found?.[0] ?? separator ?? "").length);
  }
  return separator === undefined && rest === "" ? parts : [...parts, rest];
}

function splitRight(text: string, separator: string | undefined, splitMax: number): string[] {
  if (splitMax < 0 || separator === undefined) {
    if (splitMax < 0) return splitText(text, separator, splitMax);
    throw new Error("rsplit with a number of splits needs a separator");
  }
  const parts = splitText(text, separator, -1);
  const keep = Math.max(parts.length - splitMax, 1);
  return [parts.slice(0, keep).join(separator), ...parts.slice(keep)];
}

const cut = (text: string, at: number, mark: string) =>
  Tuple.of(text.slice(0, at), mark, text.slice(at + mark.length));

/** Places in Python's texts are counted in characters. */
const countCharacters = (text: string, at: number) =>
  at < 0 ? -1 : Array.from(text.slice(0, at)).length;

/** Python's `str.format`, without format words behind a colon. */
function fillBraces(text: string, given: Arguments): string {
  let next = 0;
  return text.replaceAll(/\{\{|\}\}|\{([^{}]*)\}/g, (found, field: string | undefined) => {
    if (field === undefined) return found.charAt(0);
    if (field === "") return toText(given.any(next++));
    if (/^\d+$/.test(field)) return toText(given.any(Number(field)));
    if (/^\w+$/.test(field)) return toText(given.named.get(field));
    throw new Error(`format words as in {${field}} are not known here`);
  });
}
