import type { BoardFile } from "./board-file";

/** Differences that are told one by one; of more, how many there are. */
const DIFFERENCES_TOLD_MAX = 20;

const FIGURES = [
  ...(["status", "rating", "lower", "upper", "rank", "rankBest", "rankWorst"] as const),
  ...(["votes", "wins", "losses", "ties"] as const),
] as const;

/** What a board says otherwise than another one, in sentences; empty where both say the same. */
export function compareBoardFiles(published: BoardFile, computed: BoardFile): string[] {
  const found: string[] = [];
  if (published.voteCount !== computed.voteCount) {
    found.push(
      `votes on the board: published ${published.voteCount}, computed ${computed.voteCount}`,
    );
  }
  const other = new Map(computed.rows.map((row) => [row.model, row]));
  for (const row of published.rows) {
    const twin = other.get(row.model);
    if (twin === undefined) found.push(`${row.model}: published, and not among the computed ones`);
    else
      found.push(
        ...FIGURES.flatMap((name) => tell(`${row.model}, ${name}`, row[name], twin[name])),
      );
    other.delete(row.model);
  }
  for (const model of other.keys())
    found.push(`${model}: computed, and not among the published ones`);
  const coefficients = new Map(computed.coefficients.map((it) => [it.name, it]));
  for (const it of published.coefficients) {
    for (const name of ["value", "lower", "upper"] as const) {
      found.push(
        ...tell(`${it.name}, ${name}`, it[name], coefficients.get(it.name)?.[name] ?? null),
      );
    }
  }
  const order = (file: BoardFile) => file.rows.map(({ model }) => model).join("\n");
  if (found.length === 0 && order(published) !== order(computed)) {
    found.push("the order of the models");
  }
  const rest = found.length - DIFFERENCES_TOLD_MAX;
  return rest > 0 ? [...found.slice(0, DIFFERENCES_TOLD_MAX), `and ${rest} more`] : found;
}

type Value = string | number | null;

function tell(what: string, published: Value, computed: Value): string[] {
  return published === computed ? [] : [`${what}: published ${published}, computed ${computed}`];
}
