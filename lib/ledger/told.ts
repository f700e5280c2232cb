import { type SQL, sql } from "drizzle-orm";
import { modelLedger } from "@/lib/db/schema/boards";

/**
 * Whether an entry may be told that says of a model that it is in a battle, or what becomes of a private one: when
 * the whole day (UTC) after its own has ended. Whoever fights at this moment would otherwise read whom they are
 * looking at, and a battle that began a minute before midnight would be told a minute after. Such entries are told
 * by their day alone.
 */
export const isLongAgo: SQL<boolean> = sql<boolean>`(${modelLedger.createdAt} < date_trunc('day', now(), 'UTC') - interval '1 day')`;
