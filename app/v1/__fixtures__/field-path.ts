/**
 * Every field of a request type as a path, down to the last one: `messages[]{user}.content[]{text}.text`.
 * Brackets stand for the elements of a list; braces tell the forms of a union apart by their `role` or
 * `type`; an equals sign precedes each word of a closed list.
 */
export type FieldPath<Request> = Walk<Request, "">;

type Walk<Value, Path extends string> = Value extends null | undefined | number | boolean
  ? never
  : Value extends string
    ? WordsOf<Value, Path>
    : Value extends readonly (infer Element)[]
      ? Walk<Element, `${Path}[]`>
      : string extends keyof Value
        ? never
        : FieldsOf<Value, `${Path}${FormOf<Value>}`>;

type WordsOf<Text extends string, Path extends string> = string extends Text
  ? never
  : `${Path}=${Text}`;

type FieldsOf<Value, Path extends string> = {
  [Name in keyof Value & string]-?:
    | `${Path}.${Name}`
    | Walk<Exclude<Value[Name], undefined>, `${Path}.${Name}`>;
}[keyof Value & string];

type FormOf<Value> = Value extends { role: infer Form extends string }
  ? `{${Form}}`
  : Value extends { type: infer Form extends string }
    ? `{${Form}}`
    : "";

/** The paths that a value has, as `FieldPath` writes them. */
export function listPaths(value: unknown, path = ""): string[] {
  if (typeof value === "string") return [`${path}=${value}`];
  if (Array.isArray(value)) return value.flatMap((element) => listPaths(element, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  const fields = Object.entries(value);
  const form = fields.find(([name, it]) => FORMS.includes(name) && typeof it === "string")?.[1];
  return [...(form === undefined ? [] : [`${path}{${form}}`]), path].flatMap((own) =>
    fields.flatMap(([name, it]) => [`${own}.${name}`, ...listPaths(it, `${own}.${name}`)]),
  );
}

/** By which the forms of a union are told apart, the first that there is. */
const FORMS = ["role", "type"];
