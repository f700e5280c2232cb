import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { OpponentView } from "@/lib/protocol/board-view";
import { type KnownModel, readModelFacts } from "./model-facts";
import { type PairOfModel, readPairsOfModel } from "./read-pairs";

/**
 * Against whom a model was on a board: one row of its table of pairs, since all two hundred are 600 kB. The most
 * votes first; empty where it is not rated there.
 *
 * @throws AppError `invalid-request`, alike for a name that nobody has and for one that nobody is told.
 */
export async function readOpponents(
  key: BoardKey,
  model: string,
  db: Database = database(),
): Promise<OpponentView[]> {
  const known = await readModelFacts({ awake: [] }, db);
  const found = [...known.values()].find((it) => it.model === model && !it.isHidden);
  if (found === undefined) {
    throw new AppError("invalid-request", {
      message: `\`model\` names \`${model}\`, which is no model here.`,
      param: "model",
    });
  }
  return toOpponents(await readPairsOfModel(db, boardKeyText(key), found.modelId), known);
}

/** Those it has met, the most votes first. */
export function toOpponents(
  pairs: readonly PairOfModel[],
  known: ReadonlyMap<string, KnownModel>,
): OpponentView[] {
  return pairs
    .flatMap(({ modelId, won, tied, lost, expected }) => {
      const votes = won + tied + lost;
      const opponent = known.get(modelId);
      // A model that was hidden or withdrawn since the board was computed.
      if (votes === 0 || opponent === undefined || opponent.isHidden || opponent.isWithdrawn) {
        return [];
      }
      const { model, slug } = opponent;
      return [{ model, slug, votes, wins: won, losses: lost, ties: tied, expected }];
    })
    .sort((one, other) => other.votes - one.votes);
}
