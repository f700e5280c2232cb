import { type Database, database } from "@/lib/db/client";
import type { LeaderboardEntry, LeaderboardView } from "@/lib/protocol/arena-view";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import { findNewestSnapshot, readEntries, readModels } from "./store";

/**
 * The newest board: the models of any counted battle, and of those named in `awake` the ones nobody
 * has voted on yet. Best first, then by votes.
 */
export async function readSnapshot(
  options: { awake: readonly string[] },
  db: Database = database(),
): Promise<LeaderboardView> {
  const snapshot = await findNewestSnapshot(db);
  const rows = snapshot ? await readEntries(db, snapshot.id) : [];
  const listed = rows.map(({ entry, model, description }): LeaderboardEntry => {
    const { status, rating, lower, upper, rank, votes, wins, losses, ties } = entry;
    return {
      ...{ model, licence: toLicence(description), status, rating, lower, upper, rank },
      ...{ votes, wins, losses, ties },
    };
  });
  const names = new Set(listed.map((entry) => entry.model));
  const waiting = (await readModels(db))
    .filter(({ name }) => options.awake.includes(name) && !names.has(name))
    .map(({ name, description }) => toUnvoted(name, toLicence(description)));
  return {
    computedAt: snapshot?.createdAt.toISOString() ?? null,
    voteCount: snapshot?.voteCount ?? 0,
    entries: [...listed, ...waiting].sort(compareEntries),
  };
}

function toLicence(description: unknown): string | null {
  return modelDescriptionSchema.safeParse(description).data?.licence ?? null;
}

function toUnvoted(model: string, licence: string | null): LeaderboardEntry {
  return {
    ...{ model, licence, status: "too-few-votes" },
    ...{ rating: null, lower: null, upper: null, rank: null },
    ...{ votes: 0, wins: 0, losses: 0, ties: 0 },
  };
}

function compareEntries(left: LeaderboardEntry, right: LeaderboardEntry): number {
  if (left.rating !== null && right.rating !== null) return right.rating - left.rating;
  if (left.rating !== null) return -1;
  if (right.rating !== null) return 1;
  return right.votes - left.votes || (left.model < right.model ? -1 : 1);
}
