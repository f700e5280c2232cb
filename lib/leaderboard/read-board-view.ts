import { type Database, database } from "@/lib/db/client";
import { type BoardKey, boardKeyText, isStanding } from "@/lib/protocol/board-key";
import type { BoardRow, BoardView, ModelFacts } from "@/lib/protocol/board-view";
import { readRules } from "@/lib/rules/rules";
import { findProgress, touchRequestedBoard } from "./board-requests";
import { type KnownModel, readModelFacts } from "./model-facts";
import { findBoard } from "./stored-boards";

export type ReadOptions = {
  /** Names of the models that can be talked to now. */
  awake: readonly string[];
};

/**
 * A board as pages show it, from its stored row: what it costs grows with models, not with votes. Models that are
 * awake and that nobody has voted on yet stand at the end of boards of all times. A board that was never
 * computed has no moment; whether it is being computed tells its progress.
 */
export async function readBoardView(
  key: BoardKey,
  { awake }: ReadOptions,
  db: Database = database(),
): Promise<BoardView> {
  const text = boardKeyText(key);
  const [board, known, { ratings }] = await Promise.all([
    findBoard(db, text),
    readModelFacts({ awake }, db),
    readRules(db),
  ]);
  const progress = board === undefined ? await findProgress(db, key) : null;
  if (board?.requestedAt) await touchRequestedBoard(db, text);
  const entries = board?.body.entries ?? [];
  const rows = entries.flatMap(({ modelId, ...entry }): BoardRow[] => {
    const facts = known.get(modelId);
    // Withdrawn or hidden a moment ago: the computation that leaves it out is under way.
    if (facts === undefined || facts.isHidden || facts.isWithdrawn) return [];
    const isPreliminary = entry.status === "rated" && entry.votes <= ratings.preliminaryVotesMax;
    return [{ ...toFacts(facts), ...entry, isPreliminary }];
  });
  return {
    ...{ key, progress, rows: [...rows, ...(board ? toUnvoted(key, known, entries) : [])] },
    computedAt: board?.computedAt.toISOString() ?? null,
    voteCount: board?.voteCount ?? 0,
    ...{ fingerprint: board?.fingerprint ?? "", method: board?.method ?? "" },
    coefficients: board?.body.coefficients ?? [],
  };
}

/** What boards tell of a model. */
export function toFacts(known: KnownModel): ModelFacts {
  const { model, slug, organization, licence, hasOpenWeights, contextLength, price } = known;
  const { isRetired, isAwake, firstTokenMs, tokensPerSecond } = known;
  return {
    ...{ model, slug, organization, licence, hasOpenWeights, contextLength, price },
    ...{ isRetired, isAwake, firstTokenMs, tokensPerSecond },
  };
}

function toUnvoted(
  key: BoardKey,
  known: ReadonlyMap<string, KnownModel>,
  entries: readonly { modelId: string }[],
): BoardRow[] {
  if (!isStanding(key)) return [];
  const voted = new Set(entries.map(({ modelId }) => modelId));
  return [...known.values()]
    .filter((it) => it.isAwake && !it.isHidden && !it.isWithdrawn && !voted.has(it.modelId))
    .sort((one, other) => (one.model < other.model ? -1 : 1))
    .map((facts) => ({
      ...toFacts(facts),
      ...{ status: "too-few-votes", isPreliminary: false },
      ...{ rating: null, lower: null, upper: null, rank: null, rankBest: null, rankWorst: null },
      ...{ votes: 0, wins: 0, losses: 0, ties: 0 },
    }));
}
