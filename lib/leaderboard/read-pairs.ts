import { type Database, database } from "@/lib/db/client";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { PairTable } from "@/lib/protocol/board-view";
import { readModelFacts } from "./model-facts";
import { type PairCount, toExpected, unpackPairRow, unpackPairs } from "./packed-pairs";
import { findPairs } from "./stored-boards";

const NONE: PairTable = {
  ...{ models: [], votes: [], ties: [], wins: [], expected: [], averageWins: [] },
};

/** Each pair of a board's rated models, by their names; empty where the board is not computed yet. */
export async function readPairs(key: BoardKey, db: Database = database()): Promise<PairTable> {
  const [stored, known] = await Promise.all([
    findPairs(db, boardKeyText(key)),
    readModelFacts({ awake: [] }, db),
  ]);
  if (stored === undefined) return NONE;
  const { rated } = stored;
  const pairs = unpackPairs(
    stored.pairs,
    rated.map(({ rating }) => rating),
  );
  if (pairs === undefined) return NONE;
  const shown = rated.flatMap(({ modelId }, place) => {
    const facts = known.get(modelId);
    return facts && !facts.isHidden && !facts.isWithdrawn ? [{ place, name: facts.model }] : [];
  });
  const pick = <T>(from: readonly T[]) =>
    shown.flatMap(({ place }) => from.slice(place, place + 1));
  const pickBoth = <T>(from: readonly (readonly T[])[]) => pick(from).map((row) => pick(row));
  return {
    models: shown.map(({ name }) => name),
    ...{ votes: pickBoth(pairs.votes), ties: pickBoth(pairs.ties), wins: pickBoth(pairs.wins) },
    ...{ expected: pickBoth(pairs.expected), averageWins: pick(pairs.averageWins) },
  };
}

/** What a model did against one other of a board; `expected` is its probability of winning by the ratings. */
export type PairOfModel = PairCount & { modelId: string; expected: number };

/** A model's row of a board's pairs, itself left out; empty where it is not rated there. */
export async function readPairsOfModel(
  db: Database,
  key: string,
  modelId: string,
): Promise<PairOfModel[]> {
  const stored = await findPairs(db, key);
  const place = stored?.rated.findIndex((it) => it.modelId === modelId) ?? -1;
  const own = stored?.rated[place];
  if (stored === undefined || own === undefined) return [];
  const counts = unpackPairRow(stored.pairs, place) ?? [];
  return stored.rated.flatMap((other, column) => {
    const count = counts[column];
    if (column === place || count === undefined) return [];
    const expected = toExpected(own.rating, other.rating);
    return [{ ...count, modelId: other.modelId, expected }];
  });
}
