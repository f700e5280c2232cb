import { type Database, database } from "@/lib/db/client";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import { type PairTable, pairTableSchema } from "@/lib/protocol/board-view";
import { readModelFacts } from "./model-facts";
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
  // Of another version, or of none.
  const pairs = pairTableSchema.safeParse(stored).data ?? NONE;
  const shown = pairs.models.flatMap((id, place) => {
    const facts = known.get(id);
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
