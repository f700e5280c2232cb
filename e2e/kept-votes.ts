import { connect } from "@/lib/db/connect";

export type KeptVotes = {
  /** Votes that opened a battle. */
  votes: number;
  /** Their rows for the ratings, and how many of those count. */
  ballots: number;
  counted: number;
  /** What ratings would be made of: the overall board's votes. */
  onBoard: number;
};

/** What the database of a platform holds, whatever its pages say. */
export async function readKeptVotes(databaseUrl: string): Promise<KeptVotes> {
  const sql = connect(databaseUrl, { connectionsMax: 1 });
  try {
    const [row] = await sql<KeptVotes[]>`
      select
        (select count(*)::int from votes where blind) as votes,
        (select count(*)::int from ballots) as ballots,
        (select count(*)::int from ballots where counted) as counted,
        coalesce(
          (select vote_count from boards where key = 'overall@all'), 0
        ) as "onBoard"`;
    if (row === undefined) throw new Error("The database counted nothing.");
    return row;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
