import { PUBLIC_LOG_PAGE_MAX, RETIRED_AFTER_DAYS } from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import type { PublicLog } from "@/lib/protocol/review-view";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import { type LogLine, readLog } from "./public-log-store";

/**
 * What was done to boards and what became of models, for everybody, the newest first.
 *
 * @param query.before an entry's id: those that are older.
 * @throws AppError `unavailable` while nobody can say which names are told: rather nothing than one of them.
 */
export async function readPublicLog(
  query: { before?: string | undefined },
  db: Database = database(),
): Promise<PublicLog> {
  const hidden = toHiddenModels(await readRules(db));
  const lines = await readLog(db, {
    ...{ before: query.before, hidden: [...hidden], limit: PUBLIC_LOG_PAGE_MAX + 1 },
  });
  const shown = lines.slice(0, PUBLIC_LOG_PAGE_MAX);
  return {
    entries: shown.map((line) => {
      const { id, kind, ballots, isDay } = line;
      const message = line.message ?? toMessage(line);
      const createdAt = line.createdAt.toISOString().slice(0, isDay ? 10 : undefined);
      return { id, kind, message, ballots, createdAt };
    }),
    next: lines.length > shown.length ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** An entry of the ledger as a sentence. What is private has its organization's name, and none of its own. */
function toMessage({ kind, model, organization, by, isPrivate }: LogLine): string {
  const of = organization ? ` of ${organization}` : "";
  const named = isPrivate ? `A private model${of}` : `The model ${model}`;
  switch (kind) {
    case "model-first-battle":
      return `${named} was in its first battle.`;
    case "model-made-private":
      return `${named} became private: it is in battles, and named nowhere.`;
    case "model-retired":
      return by === "absence"
        ? `${named} was retired: no worker had offered it for ${RETIRED_AFTER_DAYS} days. It keeps its place on the boards.`
        : `${named} was retired by the operator: it is drawn for no battle any more. It keeps its place on the boards.`;
    default:
      return by === "offer"
        ? `${named} is back: a worker offers it again.`
        : `${named} is back: the operator has it drawn for battles again.`;
  }
}
