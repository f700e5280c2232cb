/** Lines of a table in plain text: the first column to the left, figures to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  leftColumnCount = 1,
): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        return column < leftColumnCount ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
