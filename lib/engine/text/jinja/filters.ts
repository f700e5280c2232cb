import type { Arguments } from "./arguments";
import { capitalize, getItem, replaceText, strip } from "./methods";
import { toPredicate } from "./predicates";
import {
  compare,
  isEqual,
  isMapping,
  isNumber,
  isTrue,
  type JsonForm,
  toItems,
  toJsonText,
  toPairs,
  toText,
  typeOf,
} from "./values";

type Filter = (value: unknown, given: Arguments) => unknown;

/** What stands behind `|`. */
export function findFilter(name: string): Filter {
  const found = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (found) return found;
  throw new Error(`the template asks for a filter \`${name}\`, which is not known here`);
}

const same: Filter = (value) => value;
const length: Filter = (value) => (isMapping(value) ? value.size : toItems(value).length);
const orDefault: Filter = (value, given) => {
  const isMissing = value === undefined || (isTrue(given.any(1, "boolean")) && !isTrue(value));
  if (!isMissing) return value;
  return given.isGiven(0, "default_value") ? given.any(0, "default_value") : "";
};
const select = (given: Arguments, isWanted: boolean) => {
  const test = toPredicate(given);
  return (value: unknown) => test(value) === isWanted;
};
const selectAttribute = (value: unknown, given: Arguments, isWanted: boolean) => {
  const [attribute, test] = [given.any(0), select(given.after(1), isWanted)];
  return orNothing(value).filter((it) => test(getPath(it, attribute)));
};

const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  string: toText,
  upper: (value) => toText(value).toUpperCase(),
  lower: (value) => toText(value).toLowerCase(),
  capitalize: (value) => capitalize(toText(value)),
  title: (value) => toText(value).replaceAll(/[^\s\-({[<]+/g, capitalize),
  trim: (value, given) => strip(toText(value), "both", given.textOr(undefined, 0, "chars")),
  replace: (value, given) =>
    replaceText(
      toText(value),
      toText(given.any(0, "old")),
      toText(given.any(1, "new")),
      given.integerOr(-1, 2, "count"),
    ),
  indent,
  center: (value, given) => {
    const text = toText(value);
    const width = given.integerOr(80, 0, "width");
    return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
  },
  wordcount: (value) => toText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
  format: (value, given) => fillPercents(toText(value), given.rest),
  escape: escapeMarkup,
  e: escapeMarkup,
  urlencode: (value) => encodeURIComponent(toText(value)).replaceAll("%2F", "/"),
  tojson: (value, given) => toJsonText(value, readJsonForm(given)),
};

const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  length,
  count: length,
  list: (value) => [...toItems(value)],
  first: (value) => toItems(value)[0],
  last: (value) => toItems(value).at(-1),
  reverse: (value) => {
    const items = [...toItems(value)].reverse();
    return typeof value === "string" ? items.join("") : items;
  },
  sort: (value, given) => {
    const isCased = isTrue(given.any(1, "case_sensitive"));
    const key = toKey(given.any(2, "attribute"), isCased);
    return toSorted(toItems(value), key, isTrue(given.any(0, "reverse")));
  },
  dictsort: (value, given) => {
    if (!isMapping(value)) throw new Error(`dictsort wants a dict, and was given ${typeOf(value)}`);
    const place = given.textOr("key", 1, "by") === "value" ? 1 : 0;
    const key = toKey(place, isTrue(given.any(0, "case_sensitive")));
    return toSorted(toPairs(value), key, isTrue(given.any(2, "reverse")));
  },
  unique: (value, given) => {
    const key = toKey(given.any(1, "attribute"), isTrue(given.any(0, "case_sensitive")));
    const items = toItems(value);
    const keys = items.map(key);
    return items.filter((_, at) => keys.findIndex((it) => isEqual(it, keys[at])) === at);
  },
  join: (value, given) => {
    const attribute = given.any(1, "attribute");
    const items = toItems(value).map((it) =>
      attribute === undefined ? it : getPath(it, attribute),
    );
    return items.map(toText).join(toText(given.any(0, "d")));
  },
  items: (value) => {
    if (value === undefined) return [];
    if (isMapping(value)) return toPairs(value);
    throw new Error(`items wants a dict, and was given ${typeOf(value)}`);
  },
  map: (value, given) => orNothing(value).map(toMapper(given)),
  select: (value, given) => orNothing(value).filter(select(given, true)),
  reject: (value, given) => orNothing(value).filter(select(given, false)),
  selectattr: (value, given) => selectAttribute(value, given, true),
  rejectattr: (value, given) => selectAttribute(value, given, false),
  batch: (value, given) => {
    const [items, size] = [toItems(value), Math.max(given.integerOr(1, 0, "linecount"), 1)];
    const count = Math.ceil(items.length / size);
    return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
  },
  groupby: (value, given) => {
    const key = toKey(given.any(0, "attribute"), isTrue(given.any(2, "case_sensitive")));
    const groups: [unknown, unknown[]][] = [];
    for (const item of toSorted(toItems(value), key, false)) {
      const last = groups.at(-1);
      if (last && isEqual(key(last[1][0]), key(item))) last[1].push(item);
      else groups.push([getPath(item, given.any(0, "attribute")), [item]]);
    }
    return groups;
  },
  min: (value, given) =>
    toSorted(toItems(value), toKey(given.any(1, "attribute"), false), false)[0],
  max: (value, given) => toSorted(toItems(value), toKey(given.any(1, "attribute"), false), true)[0],
  sum: (value, given) => {
    const attribute = given.any(0, "attribute");
    const items = toItems(value).map((it) =>
      attribute === undefined ? it : getPath(it, attribute),
    );
    return items.reduce((sum: number, it) => sum + toNumber(it), given.integerOr(0, 1, "start"));
  },
};

const FILTERS: Readonly<Record<string, Filter>> = {
  ...TEXT_FILTERS,
  ...LIST_FILTERS,
  safe: same,
  default: orDefault,
  d: orDefault,
  abs: (value) => Math.abs(toNumber(value)),
  bool: isTrue,
  round: (value, given) => {
    const scale = 10 ** given.integerOr(0, 0, "precision");
    const way = given.textOr("common", 1, "method");
    const round = way === "ceil" ? Math.ceil : way === "floor" ? Math.floor : Math.round;
    return round(toNumber(value) * scale) / scale;
  },
  int: (value, given) => {
    if (isNumber(value)) return Math.trunc(Number(value));
    const isOne = typeof value === "string" && /^\s*[+-]?\d+(\.\d*)?\s*$/.test(value);
    return isOne ? Math.trunc(Number(value)) : (given.any(0, "default") ?? 0);
  },
  float: (value, given) => {
    if (isNumber(value)) return Number(value);
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
    return Number.isNaN(number) ? (given.any(0, "default") ?? 0) : number;
  },
  attr: (value, given) => getItem(value, given.any(0, "name")),
};

/** As in Jinja, nothing is selected from what is none. */
const orNothing = (value: unknown) => (value === null ? [] : toItems(value));

/** `a.b` and `a.0`: as deep as the dots say. */
function getPath(value: unknown, path: unknown): unknown {
  if (typeof path !== "string") return getItem(value, path);
  return path
    .split(".")
    .reduce((it: unknown, key) => getItem(it, /^\d+$/.test(key) ? Number(key) : key), value);
}

function toKey(attribute: unknown, isCased: boolean): (item: unknown) => unknown {
  return (item) => {
    const key = (attribute ?? undefined) === undefined ? item : getPath(item, attribute);
    return typeof key === "string" && !isCased ? key.toLowerCase() : key;
  };
}

function toSorted(items: readonly unknown[], key: (item: unknown) => unknown, isDown: boolean) {
  const sign = isDown ? -1 : 1;
  return items.toSorted((a, b) => sign * compare(key(a), key(b)));
}

function toMapper(given: Arguments): (item: unknown) => unknown {
  const attribute = given.named.get("attribute");
  if (attribute === undefined) {
    const [filter, rest] = [findFilter(given.text(0)), given.after(1)];
    return (item) => filter(item, rest);
  }
  const other = given.named.get("default");
  return (item) => getPath(item, attribute) ?? other;
}

function indent(value: unknown, given: Arguments): string {
  const width = given.any(0, "width") ?? 4;
  const space = typeof width === "string" ? width : " ".repeat(Number(width));
  const [withFirst, withBlank] = [isTrue(given.any(1, "first")), isTrue(given.any(2, "blank"))];
  const lines = toText(value).split(/\r\n|[\n\r]/);
  const isSet = (line: string, at: number) => (at > 0 || withFirst) && (withBlank || line !== "");
  return lines.map((line, at) => (isSet(line, at) ? space + line : line)).join("\n");
}

function escapeMarkup(value: unknown): string {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
  return toText(value).replaceAll(/[&<>"']/g, (it) => names[it as keyof typeof names]); // The pattern takes these alone.
}

/** What of Python's `%` templates write: texts and numbers. */
export function fillPercents(text: string, values: readonly unknown[]): string {
  let next = 0;
  return text.replaceAll(/%(0?)(\d*)(?:\.(\d+))?([sdif%])/g, (...found) => {
    const [, zero, width, digits, kind]: (string | undefined)[] = found;
    if (kind === "%") return "%";
    const value = values[next++];
    const fill = zero === "0" ? "0" : " ";
    if (kind === "s") return toText(value).padStart(Number(width), " ");
    const number = toNumber(value);
    const written = kind === "f" ? number.toFixed(Number(digits ?? 6)) : `${Math.trunc(number)}`;
    return written.padStart(Number(width), fill);
  });
}

export function toNumber(value: unknown): number {
  if (isNumber(value)) return Number(value);
  throw new Error(`a number is wanted where ${typeOf(value)} stands`);
}

/** Named as the `tojson` of chat templates has them. */
function readJsonForm(given: Arguments): JsonForm {
  const indentation = given.any(1, "indent") ?? undefined;
  const separators = given.any(2, "separators");
  const [comma, colon]: unknown[] = Array.isArray(separators) ? separators : [];
  const isForm = typeof indentation === "number" || typeof indentation === "string";
  return {
    isAscii: isTrue(given.any(0, "ensure_ascii")),
    indent: isForm ? indentation : undefined,
    separators: typeof comma === "string" && typeof colon === "string" ? [comma, colon] : undefined,
    isSorted: isTrue(given.any(3, "sort_keys")),
  };
}
