import type { BattleView, Reveal, RevealedModel } from "@/lib/protocol/arena-view";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import type { Arena } from "./arena";
import { type BattleModel, type BattleRow, readPairTally, readStandings } from "./battle-store";
import { loadBattle } from "./load-battle";
import { toMessageViews } from "./views";

/**
 * A visitor's own battle, blind until its vote.
 *
 * @throws AppError `not-found`
 */
export async function readBattle(
  arena: Arena,
  by: { battleId: string; visitorId: string },
): Promise<BattleView> {
  const { battle, rows, vote, sight } = await loadBattle(arena.db, by);
  return {
    id: battle.id,
    conversationId: battle.conversationId,
    messages: toMessageViews(rows, sight),
    vote,
    reveal: sight === "open" ? await readReveal(arena, battle) : null,
  };
}

async function readReveal({ db }: Arena, { a, b }: BattleRow): Promise<Reveal> {
  const [standings, pair] = await Promise.all([
    readStandings(db, [a.id, b.id]),
    readPairTally(db, a.id, b.id),
  ]);
  const reveal = (model: BattleModel) =>
    toRevealed(
      model,
      standings.find((it) => it.modelId === model.id),
    );
  return { a: reveal(a), b: reveal(b), pair };
}

type Standing = Awaited<ReturnType<typeof readStandings>>[number];

function toRevealed({ name, description }: BattleModel, standing?: Standing): RevealedModel {
  const known = modelDescriptionSchema.safeParse(description).data;
  return {
    model: name,
    licence: known?.licence ?? null,
    parameters: known?.parameters ?? null,
    rating: standing
      ? { status: standing.status, rating: standing.rating, rank: standing.rank }
      : null,
  };
}
