/**
 * Values of templates, with Python's meaning: `undefined` is Jinja's, `null` is None, an array is a list, a
 * Map a dict. JSON does not tell 1 from 1.0 once it is parsed, and so nothing here does.
 */
export type Kwargs = ReadonlyMap<string, unknown>;
export type Callable = (args: readonly unknown[], kwargs: Kwargs) => unknown;

/** What `namespace()` makes, and what `loop` is: fields, and none of a dict's methods. */
export class Fields {
  readonly values: Map<string, unknown>;

  constructor(entries: Iterable<readonly [string, unknown]> = []) {
    this.values = new Map(entries);
  }
}

export const isCallable = (value: unknown): value is Callable => typeof value === "function";
export const isMapping = (value: unknown): value is Map<unknown, unknown> => value instanceof Map;
export const isNumber = (value: unknown): value is number | boolean =>
  typeof value === "number" || typeof value === "boolean";

/** A list but for how it is written out: `(1, 2)`. */
export class Tuple extends Array<unknown> {}

/** A dict's keys and values in pairs. */
export const toPairs = (dict: ReadonlyMap<unknown, unknown>) =>
  [...dict].map((pair) => Tuple.from(pair));

/** JSON's objects as dicts, all the way down. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, it]) => [key, fromJson(it)]));
}

export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return value.size > 0;
  return value instanceof Fields || Boolean(value);
}

/** Python's name of a type, for messages. */
export function typeOf(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value === null) return "None";
  if (Array.isArray(value)) return "list";
  if (isMapping(value)) return "dict";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "string" ? "str" : "object";
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((it, index) => isEqual(it, b[index]));
  }
  if (isMapping(a) && isMapping(b)) {
    return a.size === b.size && [...a].every(([key, it]) => b.has(key) && isEqual(it, b.get(key)));
  }
  return a === b;
}

/** Below zero where `a` stands before `b`. */
export function compare(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    const at = a.findIndex((it, index) => index >= b.length || !isEqual(it, b[index]));
    if (at < 0) return a.length - b.length;
    return at >= b.length ? 1 : compare(a[at], b[at]);
  }
  throw new Error(`a value of the type ${typeOf(a)} cannot be compared with one of ${typeOf(b)}`);
}

/** Whether `value` is in a list, a dict's keys or a text; nothing is in what is not defined. */
export function contains(container: unknown, value: unknown): boolean {
  if (container === undefined) return false;
  if (Array.isArray(container)) return container.some((it) => isEqual(it, value));
  if (isMapping(container)) return container.has(value);
  if (typeof container === "string" && typeof value === "string") return container.includes(value);
  throw new Error(`\`in\` does not look for ${typeOf(value)} in ${typeOf(container)}`);
}

/** What a loop goes over: what is not defined has nothing in it, in a text are its characters. */
export function toItems(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  if (isMapping(value)) return [...value.keys()];
  if (typeof value === "string") return Array.from(value);
  throw new Error(`a value of the type ${typeOf(value)} cannot be gone through`);
}

/** Python's `str`: what `{{ … }}` writes. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : toRepr(value);
}

function toRepr(value: unknown): string {
  if (value === undefined) return "Undefined";
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return toNumberText(value);
  if (typeof value === "string") return quoteText(value);
  if (value instanceof Tuple) {
    return `(${Array.from(value, toRepr).join(", ")}${value.length === 1 ? "," : ""})`;
  }
  if (Array.isArray(value)) return `[${value.map(toRepr).join(", ")}]`;
  if (isMapping(value)) {
    return `{${[...value].map(([key, it]) => `${toRepr(key)}: ${toRepr(it)}`).join(", ")}}`;
  }
  throw new Error("the template writes a function, a loop or a namespace");
}

/** Python writes an exponent below 0.0001, and with two digits. */
function toNumberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const isSmall = value !== 0 && Math.abs(value) < 1e-4;
  return (isSmall ? value.toExponential() : String(value)).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Characters that stand for texts put in later are left as they are. */
function quoteText(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll(/[\\'"\p{Cc}]/gu, (it) => {
    if (it === "\\" || it === mark) return `\\${it}`;
    if (it === "'" || it === '"') return it;
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[it];
    return short ?? `\\x${it.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return mark + escaped + mark;
}

export type JsonForm = {
  indent?: number | string | undefined;
  isAscii?: boolean | undefined;
  isSorted?: boolean | undefined;
  separators?: readonly [item: string, key: string] | undefined;
};

/** Python's `json.dumps`, which writes a blank behind commas and colons. */
export function toJsonText(value: unknown, form: JsonForm = {}, depth = 0): string {
  if (typeof value === "string") return toJsonString(value, form);
  if (value === undefined || value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return toJsonNumber(value);
  const [comma, colon] = form.separators ?? [form.indent === undefined ? ", " : ",", ": "];
  const step = typeof form.indent === "number" ? " ".repeat(form.indent) : form.indent;
  const line = (levels: number) => (step === undefined ? "" : `\n${step.repeat(levels)}`);
  const wrap = (open: string, parts: readonly string[], close: string) =>
    parts.length === 0
      ? open + close
      : open + line(depth + 1) + parts.join(comma + line(depth + 1)) + line(depth) + close;
  if (Array.isArray(value)) {
    return wrap(
      "[",
      value.map((it) => toJsonText(it, form, depth + 1)),
      "]",
    );
  }
  if (isMapping(value)) {
    const entries = [...value].map(([key, it]) => [toJsonKey(key), it] as const);
    if (form.isSorted) entries.sort(([a], [b]) => compare(a, b));
    const parts = entries.map(
      ([key, it]) => toJsonString(key, form) + colon + toJsonText(it, form, depth + 1),
    );
    return wrap("{", parts, "}");
  }
  throw new Error(`a value of the type ${typeOf(value)} cannot be written as JSON`);
}

function toJsonKey(key: unknown): string {
  if (typeof key === "string") return key;
  return typeof key === "number" ? toNumberText(key) : toJsonText(key);
}

function toJsonNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return toNumberText(value);
}

function toJsonString(text: string, { isAscii }: JsonForm): string {
  const json = JSON.stringify(text);
  if (!isAscii) return json;
  return json.replaceAll(
    /[\x7f-\uffff]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
