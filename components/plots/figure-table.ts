export type FigureCell = string | number | null;

export type FigureColumn = {
  /** With its unit. */
  label: string;
  /** How a number of this column reads in the table. The file has the number itself. */
  format?: (value: number) => string;
  /** Names of models are set as code. */
  isModel?: boolean;
};

/** What a figure shows, as a table: the same for a reader who does not see it, and for the file. */
export type FigureTable = {
  columns: readonly FigureColumn[];
  /** The first cell names its row. */
  rows: readonly (readonly FigureCell[])[];
};

/**
 * The table as RFC 4180 has it, with its names in the first line. Numbers are written as they are and names
 * stay untouched: a mark against formulas would change names such as "@cf/model" for every program that
 * reads the file, and the names are those that operators gave.
 */
export function toCsv({ columns, rows }: FigureTable): string {
  const lines = [columns.map((it) => it.label), ...rows];
  return lines.map((line) => `${line.map(toField).join(",")}\r\n`).join("");
}

function toField(cell: FigureCell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As a cell reads. */
export function formatCell(cell: FigureCell, column: FigureColumn | undefined): string {
  if (cell === null) return "–";
  return typeof cell === "number" ? (column?.format?.(cell) ?? String(cell)) : cell;
}

/** For files: three decimals of points and shares are more than votes can tell. */
export function toRounded(value: number, decimals = 3): number {
  const power = 10 ** decimals;
  return Math.round(value * power) / power;
}
