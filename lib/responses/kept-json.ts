/**
 * A value as Postgres can keep it: its JSON type takes neither NUL nor half of a surrogate pair, and a
 * client may have written both. What stands in their place is U+FFFD, as wherever text is shown.
 */
export function toKeptJson<T>(value: T): T {
  // Only texts change, and each stays one.
  return keep(value) as T;
}

function keep(value: unknown): unknown {
  if (typeof value === "string") return keepText(value);
  if (Array.isArray(value)) return value.map(keep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [keepText(key), keep(it)]));
}

function keepText(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
