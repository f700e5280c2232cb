import { sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { publicLog } from "@/lib/db/schema/ballots";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import type { PublicLog } from "@/lib/protocol/review-view";

/** SQL about the public log: its own lines, and those of the ledger of models that it has none for. */

export type LogLine = {
  id: string;
  kind: PublicLog["entries"][number]["kind"];
  /** Null of an entry of the ledger. */
  message: string | null;
  ballots: number;
  createdAt: Date;
  model: string | null;
  organization: string | null;
  by: string | null;
  isPrivate: boolean;
};

/**
 * The newest lines, or those before one of them. Entries of private models come the day after (UTC): whoever
 * fights at this moment would know whom they may be looking at.
 */
export async function readLog(
  db: Database,
  query: { before: string | undefined; hidden: readonly string[]; limit: number },
): Promise<LogLine[]> {
  // As JSON, so that there may be none.
  const hidden = sql`${JSON.stringify(query.hidden)}::text::jsonb`;
  const before = query.before
    ? sql`where ("createdAt", id) < (select "createdAt", id from lines where id = ${query.before})`
    : sql``;
  const rows = await db.execute<Omit<LogLine, "createdAt"> & { createdAt: string | Date }>(sql`
    with lines as (
      select id, kind, message, ${publicLog.ballots} as ballots, created_at as "createdAt",
        null as model, null as organization, null as by, false as "isPrivate"
      from ${publicLog}
      union all
      select ${modelLedger.id}, 'model-' || ${modelLedger.kind}, null,
        coalesce((${modelLedger.facts} ->> 'votes')::int, 0), ${modelLedger.createdAt},
        ${models.name}, ${models.description} ->> 'organization', ${modelLedger.facts} ->> 'by',
        ${hidden} ? ${models.name}
      from ${modelLedger} join ${models} on ${models.id} = ${modelLedger.modelId}
      where ${modelLedger.kind} in ('first-battle', 'made-private', 'retired', 'returned')
        and (not ${hidden} ? ${models.name}
          or ${modelLedger.createdAt} < date_trunc('day', now(), 'UTC'))
    )
    select * from lines ${before} order by "createdAt" desc, id desc limit ${query.limit}`);
  return rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: new Date(createdAt) }));
}
