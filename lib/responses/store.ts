import { and, asc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Owner } from "@/lib/auth/api-caller";
import type { Database } from "@/lib/db/client";
import { responses } from "@/lib/db/schema/responses";
import {
  ANSWER_STALE_AFTER_MS,
  RESPONSE_CHAIN_CHARACTERS_MAX,
  RESPONSE_CHAIN_MAX,
  RESPONSE_DAYS,
  RESPONSE_PRUNE_BATCH,
} from "@/lib/limits";
import type { Item, OutputItem } from "@/lib/openai/responses/item";
import {
  type ResponseBody,
  type ResponseEnd,
  toFailure,
} from "@/lib/openai/responses/response-object";
import type { LogEntry } from "./event-log";
import { toKeptJson } from "./kept-json";

/** The statements over stored responses. Every one that answers a caller names the owner. */

export type StoredResponse = {
  id: string;
  body: ResponseBody;
  input: Item[];
  output: OutputItem[];
  previousId: string | null;
  isBackground: boolean;
  events: LogEntry[];
};

const COLUMNS = {
  id: responses.id,
  body: responses.body,
  input: responses.input,
  output: responses.output,
  previousId: responses.previousId,
  isBackground: responses.isBackground,
  events: responses.events,
};

const OPEN = ["queued", "in_progress"] as const;
const isOpen = inArray(responses.status, [...OPEN]);
/**
 * The sweep may have held a process for dead that only could not reach the database. What that process
 * still has to say is the truth, so its own writes mind no failure that the sweep wrote.
 */
const isWritable = inArray(responses.status, [...OPEN, "failed"]);
const staleMoment = sql`now() - make_interval(secs => ${ANSWER_STALE_AFTER_MS / 1000})`;

export type NewResponse = {
  id: string;
  owner: Owner;
  body: ResponseBody;
  input: readonly Item[];
  events: readonly LogEntry[];
};

export async function insertResponse(db: Database, response: NewResponse): Promise<void> {
  const { id, owner, body, input, events } = response;
  await db.insert(responses).values({
    ...{ id, owner, status: body.status, previousId: body.previous_response_id },
    ...{ body: toKeptJson(body), input: toKeptJson(input), output: [] },
    ...{ isBackground: body.background, events: toKeptJson(events) },
  });
}

export type Progress = {
  /** Undefined where it is kept already, since it holds all that was asked. */
  body: ResponseBody | undefined;
  /** All of it. */
  log: readonly LogEntry[];
  /** So many of the log's entries are kept already; 0 where that is not sure. */
  keptCount: number;
};

/** More of a response that is under way. Returns false when it is not wanted any more: cancelled or deleted. */
export async function saveProgress(
  db: Database,
  { id, body, ...log }: { id: string } & Progress,
): Promise<boolean> {
  const saved = await db
    .update(responses)
    .set({
      ...(body && { status: body.status, body: toKeptJson(body) }),
      ...{ events: toKeptLog(log), updatedAt: sql`now()` },
    })
    .where(and(eq(responses.id, id), isWritable))
    .returning({ id: responses.id });
  return saved.length > 0;
}

export type WrittenEnd = Progress & {
  id: string;
  body: ResponseBody;
  output: readonly OutputItem[];
};

/** The end of a response. Returns false when it ended otherwise, or is deleted. */
export async function saveEnd(
  db: Database,
  { id, body, output, ...log }: WrittenEnd,
): Promise<boolean> {
  const saved = await db
    .update(responses)
    .set({
      ...{ status: body.status, body: toKeptJson(body), output: toKeptJson(output) },
      events: toKeptLog(log),
      updatedAt: sql`now()`,
    })
    .where(and(eq(responses.id, id), isWritable))
    .returning({ id: responses.id });
  return saved.length > 0;
}

function toKeptLog({ log, keptCount }: Pick<Progress, "log" | "keptCount">) {
  const added = JSON.stringify(toKeptJson(log.slice(keptCount)));
  return keptCount === 0 ? sql`${added}::jsonb` : sql`${responses.events} || ${added}::jsonb`;
}

/** Writes that these are still under way here. Returns those of them that are wanted. */
export async function touchResponses(db: Database, ids: readonly string[]): Promise<Set<string>> {
  const touched = await db
    .update(responses)
    .set({ updatedAt: sql`now()` })
    .where(and(inArray(responses.id, [...ids]), isWritable))
    .returning({ id: responses.id });
  return new Set(touched.map(({ id }) => id));
}

/** Which of these are still wanted: neither cancelled nor deleted. */
export async function findWanted(db: Database, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db
    .select({ id: responses.id })
    .from(responses)
    .where(and(inArray(responses.id, [...ids]), isWritable));
  return new Set(rows.map(({ id }) => id));
}

export async function findResponse(
  db: Database,
  owner: Owner,
  id: string,
): Promise<StoredResponse | undefined> {
  const [row] = await db
    .select(COLUMNS)
    .from(responses)
    .where(and(eq(responses.id, id), eq(responses.owner, owner)));
  return row && toStored(row);
}

export async function findResponses(
  db: Database,
  owner: Owner,
  ids: readonly string[],
): Promise<StoredResponse[]> {
  const rows = await db
    .select(COLUMNS)
    .from(responses)
    .where(and(inArray(responses.id, [...ids]), eq(responses.owner, owner)));
  return rows.map(toStored);
}

/** Cancels a background response that is under way; what it was until then is kept. */
export async function markCancelled(db: Database, owner: Owner, id: string): Promise<void> {
  const cancelled: Partial<ResponseEnd> = { status: "cancelled" };
  await db
    .update(responses)
    .set({
      status: "cancelled",
      body: sql`${responses.body} || ${JSON.stringify(cancelled)}::jsonb`,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(responses.id, id),
        eq(responses.owner, owner),
        eq(responses.isBackground, true),
        isOpen,
      ),
    );
}

/** @returns whether there was one. */
export async function deleteResponse(db: Database, owner: Owner, id: string): Promise<boolean> {
  const deleted = await db
    .delete(responses)
    .where(and(eq(responses.id, id), eq(responses.owner, owner)))
    .returning({ id: responses.id });
  return deleted.length > 0;
}

/** A response and those before it, the oldest first, as far as the limits go. */
export async function findChain(
  db: Database,
  owner: Owner,
  id: string,
): Promise<{ chain: StoredResponse[]; isTooLong: boolean; missing: string | undefined }> {
  // One link beyond the limits tells that they are passed.
  const found = await db.execute<{ id: string; depth: number; characters: string }>(sql`
    with recursive chain as (
      select id, previous_id, 1 as depth,
        (length(input::text) + length(output::text) + length(events::text))::bigint as characters
      from ${responses} where id = ${id} and owner = ${owner}
      union all
      select it.id, it.previous_id, chain.depth + 1,
        chain.characters + length(it.input::text) + length(it.output::text)
      from ${responses} it join chain on it.id = chain.previous_id
      where it.owner = ${owner} and chain.depth <= ${RESPONSE_CHAIN_MAX}
        and chain.characters <= ${RESPONSE_CHAIN_CHARACTERS_MAX}
    ) select id, depth, characters from chain order by depth desc`);
  const [oldest] = found;
  if (oldest === undefined) return { chain: [], isTooLong: false, missing: id };
  if (
    oldest.depth > RESPONSE_CHAIN_MAX ||
    Number(oldest.characters) > RESPONSE_CHAIN_CHARACTERS_MAX
  ) {
    return { chain: [], isTooLong: true, missing: undefined };
  }
  const rows = await db
    .select(COLUMNS)
    .from(responses)
    .where(
      and(
        inArray(
          responses.id,
          found.map((row) => row.id),
        ),
        eq(responses.owner, owner),
      ),
    );
  const byId = new Map(rows.map((row) => [row.id, toStored(row)]));
  // One that was deleted between the two statements is missing as any other is.
  const chain = found.flatMap((row) => byId.get(row.id) ?? []);
  const missing = chain.length < found.length ? id : chain[0]?.previousId;
  return { chain, isTooLong: false, missing: missing ?? undefined };
}

/** Ends responses whose process died. Returns how many. */
export async function failStale(db: Database, message: string): Promise<number> {
  const end = toFailure({ code: "worker-lost", message });
  const swept = await db
    .update(responses)
    .set({
      status: "failed",
      body: sql`${responses.body} || ${JSON.stringify(end)}::jsonb`,
      updatedAt: sql`now()`,
    })
    .where(and(isOpen, lt(responses.updatedAt, staleMoment)))
    .returning({ id: responses.id });
  return swept.length;
}

/** Deletes some of those that are too old. Returns how many. */
export async function pruneResponses(db: Database): Promise<number> {
  const old = db
    .select({ id: responses.id })
    .from(responses)
    .where(lt(responses.createdAt, sql`now() - make_interval(days => ${RESPONSE_DAYS})`))
    .orderBy(asc(responses.createdAt))
    .limit(RESPONSE_PRUNE_BATCH);
  const deleted = await db
    .delete(responses)
    .where(inArray(responses.id, old))
    .returning({ id: responses.id });
  return deleted.length;
}

type Row = {
  id: string;
  body: unknown;
  input: unknown;
  output: unknown;
  previousId: string | null;
  isBackground: boolean;
  events: unknown;
};

/** Rows are written by this file alone, in these shapes. */
function toStored(row: Row): StoredResponse {
  return {
    ...row,
    body: row.body as ResponseBody,
    input: row.input as Item[],
    output: row.output as OutputItem[],
    events: row.events as LogEntry[],
  };
}
