import type { RatedBoard, RatedEntry } from "@/lib/rating/rated-board";
import type { RatingOptions } from "@/lib/rating/rating-options";
import { plainLine } from "./text-table";

/** Boards of a command as text and as JSON. */

const HEADS = ["Rank", "Spread", "Model", "Rating", "95 % interval", "Votes"];

const STATUS_WORDS: Record<Exclude<RatedEntry["status"], "rated">, string> = {
  "too-few-votes": "too few votes",
  unbeaten: "never beaten",
  winless: "never won",
  unconnected: "not connected",
};

export function boardTable({ entries, coefficients }: RatedBoard): string {
  const rows = entries.map((it) => {
    if (it.status !== "rated") {
      return ["–", "–", it.model, "–", STATUS_WORDS[it.status], String(it.votes)];
    }
    const interval = `${it.lower.toFixed(1)} – ${it.upper.toFixed(1)}`;
    const spread = `${it.rankBest}–${it.rankWorst}`;
    return [String(it.rank), spread, it.model, it.rating.toFixed(1), interval, String(it.votes)];
  });
  const table = aligned([HEADS, ...rows]);
  if (coefficients.length === 0) return table;
  const effects = coefficients.map(({ name, value, lower, upper }) => [
    ...[name, value.toFixed(4), `${lower.toFixed(4)} – ${upper.toFixed(4)}`],
  ]);
  return `${table}\n${aligned([["Effect", "Log-odds", "95 % interval"], ...effects])}`;
}

/** Names to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(plainLine));
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  const isName = (column: number) =>
    clean[0]?.[column] === "Model" || clean[0]?.[column] === "Effect";
  const lines = clean.map((row) =>
    row
      .map((cell, column) =>
        isName(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

export function boardJson(
  { entries, coefficients }: RatedBoard,
  { options, voteCount }: { options: RatingOptions; voteCount: number },
): string {
  const models = entries.map((it) => ({
    name: it.model,
    rating: it.rating,
    lower: it.lower,
    upper: it.upper,
    rank: it.rank,
    rank_spread: it.status === "rated" ? [it.rankBest, it.rankWorst] : null,
    votes: it.votes,
    wins: it.wins,
    losses: it.losses,
    ties: it.ties,
    status: it.status,
  }));
  const said = {
    models,
    ...(coefficients.length > 0 && { coefficients }),
    votes: voteCount,
    system: options.system,
    ...(options.system === "bt" && { preset: options.preset }),
    ...(options.system === "bt" && {
      intervals: options.bootstrap > 0 ? "bootstrap" : options.intervals,
    }),
  };
  return `${JSON.stringify(said)}\n`;
}

/** Why some models have no rating, a sentence for each reason. */
export function statusNotes({ entries }: RatedBoard, votesMin: number): string[] {
  const names = (status: RatedEntry["status"]) =>
    namesOf(entries.filter((it) => it.status === status));
  const notes: [RatedEntry["status"], (which: string) => string][] = [
    ["too-few-votes", (which) => `Fewer than ${votesMin} votes, hence no rating: ${which}.`],
    [
      "unbeaten",
      (which) =>
        `Never lost or tied against the rated models, so that no finite rating fits: ${which}.`,
    ],
    [
      "winless",
      (which) =>
        `Never won or tied against the rated models, so that no finite rating fits: ${which}.`,
    ],
    [
      "unconnected",
      (which) =>
        `No chain of votes leads to the rated models, so that they cannot be compared: ${which}.`,
    ],
  ];
  return notes.flatMap(([status, toNote]) => {
    const which = names(status);
    return which === "" ? [] : [toNote(which)];
  });
}

/**
 * Models whose votes differ in nothing from what the ratings expect, as where all are ties: intervals that are read from
 * that difference have no width, and would be taken for certainty.
 */
export function widthNotes({ entries }: RatedBoard, options: RatingOptions): string[] {
  const found = entries.filter(
    (it) =>
      it.status === "rated" && it.upper - it.lower < 1e-6 && it.model !== options.anchor?.model,
  );
  if (found.length === 0) return [];
  const remedy =
    options.system === "bt" ? " --intervals few-votes takes each vote for a coin's instead." : "";
  return [
    `An interval without a width is no certainty, since all votes came out as expected: ${namesOf(found)}.${remedy}`,
  ];
}

function namesOf(found: readonly RatedEntry[]): string {
  const shown = found
    .slice(0, NAMES_TOLD_MAX)
    .map(({ model }) => plainLine(model))
    .join(", ");
  return found.length > NAMES_TOLD_MAX
    ? `${shown} and ${found.length - NAMES_TOLD_MAX} more`
    : shown;
}

const NAMES_TOLD_MAX = 10;
