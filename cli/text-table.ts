/** What lists of a terminal have in common. */

/** Names are others' own words: none moves the cursor, or draws a line of its own. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** A line for each row, its columns as wide as their widest cell; one that is empty in every row is left out. */
export function textTable(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(plainLine));
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .filter((_, column) => widths?.[column] !== 0)
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** A moment in ISO 8601 to its minute: 2026-11-21 14:05Z. */
export function toMinute(moment: string): string {
  return `${moment.slice(0, 16).replace("T", " ")}Z`;
}
