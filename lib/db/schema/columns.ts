import { timestamp, uuid } from "drizzle-orm/pg-core";
import { createId } from "@/lib/util/id";

/** A UUIDv7 made by the process, so that a row's id is known before it is written. */
export const idColumn = () => uuid().primaryKey().$defaultFn(createId);

/** A moment with its time zone; the database's clock is the one clock of all rows. */
export const momentColumn = () => timestamp({ withTimezone: true, mode: "date" });
