import * as z from "zod";
import { AppError } from "@/lib/errors";
import { parseBoardKey } from "@/lib/protocol/board-key";
import { boardEntrySchema, coefficientSchema } from "@/lib/protocol/board-view";
import { frozenOptionsSchema } from "@/lib/protocol/published-view";
import type { RatedBoard, RatedCoefficient, RatedEntry } from "@/lib/rating/rated-board";
import type { RatingOptions } from "@/lib/rating/rating-options";

/**
 * A frozen board as a file: what was asked for, which votes it was computed from, by which code, and what came
 * of it. Whoever has the votes computes the figures again and writes the same bytes. So they are canonical:
 * keys in a fixed order, a line for each model, no moment and no name of a machine, and numbers rounded to what
 * every machine agrees on.
 */

/** Decimals of points. Two fits that stop at their tolerance differ by 1e-7 points at most. */
const POINT_DECIMALS = 3;
/** Of coefficients, which are some tenths of a logit. */
const COEFFICIENT_DECIMALS = 6;

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256 in hex");

export const boardFileSchema = z.strictObject({
  format: z.literal("parley-board"),
  version: z.literal(1),
  /** protocol/board-key.ts; its period never moves. */
  key: z
    .string()
    .refine((text) => isFrozen(text), "names no board, or one whose period moves with the days"),
  options: frozenOptionsSchema satisfies z.ZodType<RatingOptions>,
  /** All votes of the snapshot; those on this board are picked from them by its key. */
  votes: z.strictObject({ sha256: hashSchema, count: z.int().min(0) }),
  code: z.string().max(256),
  /** Votes on this board. */
  voteCount: z.int().min(0),
  rows: z.array(boardEntrySchema.extend({ model: z.string() }).strict()),
  coefficients: z.array(coefficientSchema.strict()),
});
export type BoardFile = z.infer<typeof boardFileSchema>;
/** What a board is computed from, which computing it again takes over. */
export type BoardHead = Pick<BoardFile, "key" | "options" | "votes" | "code">;

/** A key whose board stays the same as days go by. */
export function isFrozen(text: string): boolean {
  const key = parseBoardKey(text);
  return key !== undefined && (key.period === "all" || key.period.includes(".."));
}

/** The one spelling of a computed board. */
export function writeBoardFile(
  { key, options, votes, code }: BoardHead,
  { voteCount, board }: { voteCount: number; board: RatedBoard },
): string {
  const head = {
    ...{ format: "parley-board", version: 1, key, options: inOrder(options) },
    ...{ votes: { sha256: votes.sha256, count: votes.count }, code, voteCount },
  };
  const rows = board.entries.filter((it) => it.votes > 0).map(toRow);
  const coefficients = board.coefficients.map(toCoefficient);
  const start = JSON.stringify(head).slice(0, -1);
  return `${start},"rows":[${toLines(rows)}],"coefficients":[${toLines(coefficients)}]}\n`;
}

/** @throws AppError `invalid-request` that says what is wrong with the file. */
export function parseBoardFile(text: string): BoardFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid-request", { message: "The board's file is no JSON.", cause });
  }
  const parsed = boardFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") || "the file";
  throw new AppError("invalid-request", {
    message: `The file holds no board that this version knows: ${place}: ${issue?.message}.`,
  });
}

function inOrder(options: RatingOptions): RatingOptions {
  const { system, preset, styleControl, position, bootstrap, seed, anchor, votesMin } = options;
  const { intervals } = options;
  return {
    ...{ system, preset, styleControl, position, bootstrap, ...(intervals && { intervals }), seed },
    ...(anchor && { anchor: { model: anchor.model, rating: anchor.rating } }),
    votesMin,
  };
}

function toRow(entry: RatedEntry) {
  const { model, status, rank, rankBest, rankWorst, votes, wins, losses, ties } = entry;
  const [rating, lower, upper] = [entry.rating, entry.lower, entry.upper].map((points) =>
    points === null ? null : rounded(points, POINT_DECIMALS),
  );
  return {
    ...{ model, status, rating, lower, upper, rank, rankBest, rankWorst },
    ...{ votes, wins, losses, ties },
  };
}

function toCoefficient({ name, value, lower, upper }: RatedCoefficient) {
  const [middle, from, to] = [value, lower, upper].map((it) => rounded(it, COEFFICIENT_DECIMALS));
  return { name, value: middle, lower: from, upper: to };
}

/** Halves go by the number's exact value, so the same number is the same text everywhere; no "-0". */
const rounded = (value: number, decimals: number) => Number(value.toFixed(decimals)) + 0;

const toLines = (values: readonly object[]) =>
  values.length === 0 ? "" : `\n${values.map((it) => JSON.stringify(it)).join(",\n")}\n`;
