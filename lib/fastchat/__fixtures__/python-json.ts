/** JSON as Python's `json.dumps` writes it: a space after each comma and colon, nothing beyond ASCII. */
export function toPythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toPythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, it]) => `${quote(key)}: ${toPythonJson(it)}`);
    return `{${fields.join(", ")}}`;
  }
  return typeof value === "string" ? quote(value) : JSON.stringify(value);
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
