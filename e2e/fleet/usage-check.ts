import { connect } from "@/lib/db/connect";
import type { Case } from "./crowd";
import type { Try } from "./judge";
import type { Outage } from "./storm";

/** What the database holds of a request. */
type UsageRow = { requestId: string; outcome: string; completionTokens: number };

export type UsageSums = {
  /** Words that clients received. */
  received: number;
  recorded: number;
  /** Of those received, how many the killed web processes had not written yet. */
  unwritten: number;
};

/** Written within a flush, and what a flush takes on a very busy machine. */
const FLUSH_MS_MAX = 4_000;
/** After an absence of the database its processes need a moment to connect again and catch up. */
const CATCH_UP_MS = 4_000;
/** A process that is told to stop drains, and ends. */
const STOP_MS_MAX = 8_000;

/** Holds what was recorded against what clients received. */
export async function checkUsage(
  databaseUrl: string,
  cases: readonly Case[],
  outages: readonly Outage[],
): Promise<{ faults: string[]; sums: UsageSums }> {
  const rows = new Map((await readUsage(databaseUrl)).map((row) => [row.requestId, row]));
  const tries = cases.flatMap((it) => it.tries);
  const sums: UsageSums = { received: 0, recorded: 0, unwritten: 0 };
  const faults: string[] = [];
  for (const one of tries) {
    const recorded = rows.get(one.requestId)?.completionTokens ?? 0;
    sums.received += one.tokenCount;
    sums.recorded += recorded;
    sums.unwritten += Math.max(0, one.tokenCount - recorded);
    const fault = judge(one, rows.get(one.requestId), outages);
    if (fault) faults.push(`${one.requestId} at ${one.web} (${one.ending.kind}): ${fault}`);
  }
  return { faults, sums };
}

function judge(one: Try, row: UsageRow | undefined, outages: readonly Outage[]) {
  const promised = countPromised(one, outages);
  const recorded = row?.completionTokens ?? 0;
  if (recorded < promised) return `${recorded} tokens recorded of ${promised} at least`;
  // Nobody ended the web process: all of it is written, and nothing beside it.
  if (promised < one.tokenCount || one.ending.kind === "reset") return undefined;
  if (recorded !== one.tokenCount) return `${recorded} tokens recorded, ${one.tokenCount} received`;
  if (one.ending.kind === "complete" && row && row.outcome !== "complete") {
    return `recorded as ${row.outcome}`;
  }
  return undefined;
}

/**
 * Words that were received early enough to have been written before the web process was ended, if it was.
 * One that is told to stop writes all of it, unless the database is away just then.
 */
function countPromised(one: Try, outages: readonly Outage[]): number {
  const ended = outages.find(
    (it) => it.target === one.web && it.kind !== "freeze" && it.untilMs >= one.startedMs,
  );
  if (!ended) return one.tokenCount;
  const endMs = ended.kind === "kill" ? ended.fromMs : ended.fromMs + STOP_MS_MAX;
  // With the database away nothing is written, and a process that ends then takes it along.
  const awaysMs = outages
    .filter(({ target }) => target === "database")
    .filter((it) => it.fromMs <= endMs && it.untilMs + CATCH_UP_MS >= ended.fromMs)
    .map((it) => it.fromMs);
  if (ended.kind !== "kill" && awaysMs.length === 0) return one.tokenCount;
  const lastWriteMs = Math.min(endMs, ...awaysMs);
  return one.arrivalsMs.filter((ms) => ms < lastWriteMs - FLUSH_MS_MAX).length;
}

async function readUsage(databaseUrl: string): Promise<UsageRow[]> {
  const sql = connect(databaseUrl, { connectionsMax: 1 });
  try {
    const rows = await sql`
      select request_id, outcome, completion_tokens from usage_records where request_id like 'fleet-%'`;
    return rows.map((row) => ({
      requestId: String(row.request_id),
      outcome: String(row.outcome),
      completionTokens: Number(row.completion_tokens),
    }));
  } finally {
    await sql.end({ timeout: 5 });
  }
}
