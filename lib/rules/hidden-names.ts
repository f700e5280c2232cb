import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { arenaSettings } from "@/lib/db/schema/arena";

/**
 * Whether only battles draw the model of this name, by the rules as the statement itself sees them. A model and
 * the rule that hides it may be written by one transaction: whoever reads names asks here in the same statement,
 * since the copy of the rules in memory is some milliseconds younger or older than what is read.
 */
export function isHiddenName(name: SQLWrapper): SQL<boolean> {
  // Not correlated, so that it is worked out once a statement, however many names there are.
  return sql<boolean>`${name} in (
    select rule #>> '{}' from (
      select ${arenaSettings.settings} as settings from ${arenaSettings}
      order by ${arenaSettings.createdAt} desc, ${arenaSettings.id} desc limit 1
    ) as newest, jsonb_path_query(newest.settings, '$.sampling.models[*] ? (@.isAnonymousOnly == true).model') as rule
  )`;
}
