import type { Column, RuleField } from "./rule-fields";

/** What stands in the fields of one section, as people type it. What is wrong with it the server says. */

/** A row of a table: `id` only tells one from another. */
export type RowDraft = { id: number; cells: Readonly<Record<string, string>> };
export type DraftValue = string | boolean | readonly RowDraft[];
/** By the fields' paths. */
export type RuleDraft = Readonly<Record<string, DraftValue>>;

type Values = Readonly<Record<string, unknown>>;

export function toDraft(fields: readonly RuleField[], section: object): RuleDraft {
  return Object.fromEntries(
    fields.map((field) => [field.path, toDraftValue(field, valueAt(section, field.path))]),
  );
}

/** The section as the server takes it: an empty field is left out, and so as by default. */
export function toSection(fields: readonly RuleField[], draft: RuleDraft): Values {
  let section: Values = {};
  for (const field of fields) {
    const value = toValue(field, draft[field.path]);
    if (value !== undefined) section = withValue(section, field.path.split("."), value);
  }
  return section;
}

export function valueAt(section: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((at, name) => (isValues(at) ? at[name] : undefined), section);
}

export function emptyRow(rows: readonly RowDraft[], columns: readonly Column[]): RowDraft {
  const id = Math.max(-1, ...rows.map((row) => row.id)) + 1;
  return { id, cells: Object.fromEntries(columns.map(({ name }) => [name, ""])) };
}

function toDraftValue(field: RuleField, value: unknown): DraftValue {
  if (field.kind === "switch") return value === true;
  if (field.kind !== "rows") return toText(value);
  const rows = Array.isArray(value) ? value : [];
  return rows.map((row: unknown, id) => ({
    id,
    cells: Object.fromEntries(
      field.columns.map(({ name }) => [name, toText(isValues(row) ? row[name] : undefined)]),
    ),
  }));
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join("\n") : String(value);
}

function toValue(field: RuleField, drafted: DraftValue | undefined): unknown {
  if (field.kind === "switch") return drafted === true;
  if (field.kind === "rows") {
    const rows = Array.isArray(drafted) ? (drafted as readonly RowDraft[]) : [];
    return rows.map(({ cells }) =>
      Object.fromEntries(
        field.columns.map(({ name, kind }) => [name, fromText(kind, cells[name] ?? "")]),
      ),
    );
  }
  const text = typeof drafted === "string" ? drafted : "";
  // A text may be emptied on purpose.
  if (text.trim() === "" && MAY_BE_EMPTY.has(field.path)) return "";
  return fromText(field.kind, text);
}

/** What an empty field says something with: nobody is asked. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(["version", "text", "siteKey"]);

function fromText(kind: RuleField["kind"], text: string): unknown {
  if (kind === "lines") return text.split("\n").flatMap((line) => line.trim() || []);
  if (text.trim() === "") return undefined;
  if (kind === "number") return Number(text);
  return kind === "text" ? text : text.trim();
}

function withValue(
  values: Values,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): Values {
  if (rest.length === 0) return { ...values, [name]: value };
  const inner = values[name];
  return { ...values, [name]: withValue(isValues(inner) ? inner : {}, rest, value) };
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}
