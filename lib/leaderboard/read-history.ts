import { and, asc, desc, eq, gte, inArray, max, sql } from "drizzle-orm";
import { type Database, database } from "@/lib/db/client";
import { boardDays } from "@/lib/db/schema/boards";
import { AppError } from "@/lib/errors";
import { BOARD_HISTORY_DAYS_MAX, BOARD_HISTORY_MODELS_MAX } from "@/lib/job-limits";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { RatingHistory } from "@/lib/protocol/board-view";
import { readModelFacts } from "./model-facts";
import { findBoard } from "./stored-boards";

/**
 * Where models stood at the end of each day (UTC) on which their board changed, and where they stand today. Only
 * boards of all times have a history: the others move with the day.
 *
 * @param models their names; undefined: the best ones of today.
 * @throws AppError `invalid-request`
 */
export async function readHistory(
  key: BoardKey,
  models: readonly string[] | undefined,
  db: Database = database(),
): Promise<RatingHistory> {
  if (key.period !== "all") {
    throw new AppError("invalid-request", {
      message: "Only boards of all times have a history. Leave `period` out.",
      param: "period",
    });
  }
  if (models !== undefined && models.length > BOARD_HISTORY_MODELS_MAX) {
    throw new AppError("invalid-request", {
      message: `\`model\` names ${models.length} models; name ${BOARD_HISTORY_MODELS_MAX} at most.`,
      param: "model",
    });
  }
  const text = boardKeyText(key);
  const known = await readModelFacts({ awake: [] }, db);
  const chosen = models === undefined ? await readBest(db, text) : toIds(known, models);
  const shown = chosen.flatMap((id) => {
    const facts = known.get(id);
    return facts && !facts.isHidden && !facts.isWithdrawn ? [facts] : [];
  });
  if (shown.length === 0) return { days: [], laterUntil: null, models: [] };
  const days = await readDays(db, text);
  const rows = await readRows(
    db,
    text,
    shown.map(({ modelId }) => modelId),
    days[0],
  );
  return {
    ...{ days, laterUntil: await readLaterUntil(db, text) },
    models: shown.map(({ modelId, model }) => {
      const points = new Map(
        rows
          .filter((row) => row.modelId === modelId)
          .map(({ day, rating, lower, upper }) => [day, { rating, lower, upper }]),
      );
      return { model, points: days.map((day) => points.get(day) ?? null) };
    }),
  };
}

/** In the order asked for; one that nobody knows is told by name. */
function toIds(
  known: Awaited<ReturnType<typeof readModelFacts>>,
  names: readonly string[],
): string[] {
  const idOf = new Map(
    [...known.values()].filter((it) => !it.isHidden).map((it) => [it.model, it.modelId]),
  );
  return [...new Set(names)].map((name) => {
    const id = idOf.get(name);
    if (id !== undefined) return id;
    throw new AppError("invalid-request", {
      message: `\`model\` names \`${name}\`, which is no model here.`,
      param: "model",
    });
  });
}

async function readBest(db: Database, key: string): Promise<string[]> {
  const entries = (await findBoard(db, key))?.body.entries ?? [];
  return entries
    .filter(({ status }) => status === "rated")
    .slice(0, BOARD_HISTORY_MODELS_MAX)
    .map(({ modelId }) => modelId);
}

/** The last days on which the board has rows, the earliest first. */
async function readDays(db: Database, key: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ day: boardDays.day })
    .from(boardDays)
    .where(eq(boardDays.key, key))
    .orderBy(desc(boardDays.day))
    .limit(BOARD_HISTORY_DAYS_MAX);
  return rows.map(({ day }) => day).reverse();
}

async function readLaterUntil(db: Database, key: string): Promise<string | null> {
  const [row] = await db
    .select({ day: max(boardDays.day) })
    .from(boardDays)
    .where(and(eq(boardDays.key, key), boardDays.isLater));
  return row?.day ?? null;
}

async function readRows(db: Database, key: string, ids: readonly string[], from = "1970-01-01") {
  return db
    .select({
      ...{ modelId: boardDays.modelId, day: boardDays.day, rating: boardDays.rating },
      ...{ lower: boardDays.lower, upper: boardDays.upper },
    })
    .from(boardDays)
    .where(
      and(
        eq(boardDays.key, key),
        inArray(boardDays.modelId, [...ids]),
        gte(boardDays.day, sql`${from}::date`),
      ),
    )
    .orderBy(asc(boardDays.day));
}
