import { type SQL, sql } from "drizzle-orm";
import { toldOrganization } from "@/lib/catalog/store";
import type { Database } from "@/lib/db/client";
import { publicLog } from "@/lib/db/schema/ballots";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { isLongAgo } from "@/lib/ledger/told";
import type { PublicLog } from "@/lib/protocol/review-view";
import { isHiddenName } from "@/lib/rules/hidden-names";

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
  /** Its day alone is told (UTC). */
  isDay: boolean;
};

/**
 * The newest lines, or those before one of them. First battles and entries of private models come when the day
 * after (UTC) has ended, at the beginning of their own and under another id: ids begin with their moment, and
 * whoever fights at this moment would know whom they may be looking at.
 */
export async function readLog(
  db: Database,
  query: { before: string | undefined; hidden: readonly string[]; limit: number },
): Promise<LogLine[]> {
  // As JSON, so that there may be none.
  const hidden = sql`${JSON.stringify(query.hidden)}::text::jsonb`;
  // By the rules as this statement sees them, too: a model that came with its rule since they were read is here.
  const isPrivate = sql`(${hidden} ? ${models.name} or ${isHiddenName(models.name)})`;
  const before = query.before
    ? sql`where ("createdAt", id) < (select "createdAt", id from lines where id = ${query.before})`
    : sql``;
  const rows = await db.execute<Omit<LogLine, "createdAt"> & { createdAt: string | Date }>(sql`
    with lines as (
      select id, kind, message, ${publicLog.ballots} as ballots, created_at as "createdAt",
        null as model, null as organization, null as by, false as "isPrivate", false as "isDay"
      from ${publicLog}
      union all
      select case when "isDay" then ${withoutMoment(sql`entry.id`)} else entry.id end, 'model-' || kind, null,
        coalesce((facts ->> 'votes')::int, 0),
        case when "isDay" then date_trunc('day', created_at, 'UTC') else created_at end,
        name, organization, facts ->> 'by', "isPrivate", "isDay"
      from (
        select ${modelLedger.id}, ${modelLedger.kind}, ${modelLedger.facts}, ${modelLedger.createdAt},
          ${models.name}, ${toldOrganization} as organization,
          ${isPrivate} as "isPrivate",
          ${isPrivate} or ${modelLedger.kind} = 'first-battle' as "isDay",
          ${isLongAgo} as "isLongAgo"
        from ${modelLedger} join ${models} on ${models.id} = ${modelLedger.modelId}
        where ${modelLedger.kind} in ('first-battle', 'made-private', 'retired', 'returned')
      ) as entry
      where not "isDay" or "isLongAgo"
    )
    select * from lines ${before} order by "createdAt" desc, id desc limit ${query.limit}`);
  return rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: new Date(createdAt) }));
}

/** An id that is always the same of another one, and no moment: a hash of it as a UUID of version 8 (RFC 9562 §5.8). */
function withoutMoment(id: SQL): SQL {
  const hash = sql`encode(sha256(convert_to(${id}::text, 'UTF8')), 'hex')`;
  return sql`overlay(overlay(left(${hash}, 32) placing '8' from 13) placing '8' from 17)::uuid`;
}
