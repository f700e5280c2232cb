import type { Database } from "@/lib/db/client";
import { toAppError } from "@/lib/errors";
import { LABEL_LANES, LABEL_PAGE, LABEL_TRIES_MAX } from "@/lib/label-limits";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { UNREADABLE_LABEL } from "@/lib/vote-categories";
import { toLabels } from "./label-reply";
import { readUnlabelled, type UnlabelledRow, writeLabels } from "./store";

/** What the model says of a prompt. */
export type AskLabeller = (ask: {
  prompt: string;
  /** 0, or 1 for the second try. */
  attempt: number;
  signal: AbortSignal;
}) => Promise<string>;

export type LabelCounts = { labelled: number; unreadable: number };

/**
 * Labels the newest ballots that have none, up to `limit`. Each is written as it comes, so that whoever goes on
 * after a process that died begins where it was.
 *
 * @throws AppError where the model cannot be asked at all; what was labelled by then stays.
 */
export async function labelBallots(
  db: Database,
  askLabeller: AskLabeller,
  { since, limit, signal }: { since?: Date | undefined; limit: number; signal: AbortSignal },
): Promise<LabelCounts> {
  const counts = { labelled: 0, unreadable: 0 };
  let left = limit;
  let before: string | undefined;
  while (left > 0) {
    signal.throwIfAborted();
    const rows = await readUnlabelled(db, { since, before, limit: Math.min(LABEL_PAGE, left) });
    if (rows.length === 0) break;
    await mapInLanes(rows, LABEL_LANES, async (row) => {
      const labels = await readLabels(askLabeller, row, signal);
      await writeLabels(db, row.id, labels ?? [UNREADABLE_LABEL]);
      counts[labels === undefined ? "unreadable" : "labelled"] += 1;
    });
    left -= rows.length;
    before = rows.at(-1)?.id;
  }
  return counts;
}

/** Undefined of a prompt that the model says nothing of that can be read, or that it cannot take. */
async function readLabels(
  askLabeller: AskLabeller,
  { prompt }: UnlabelledRow,
  signal: AbortSignal,
) {
  for (let attempt = 0; attempt < LABEL_TRIES_MAX; attempt++) {
    signal.throwIfAborted();
    try {
      const labels = toLabels(await askLabeller({ prompt, attempt, signal }));
      if (labels !== undefined) return labels;
    } catch (error) {
      // Too long for this model: another prompt may not be.
      if (toAppError(error).code !== "context-length-exceeded") throw error;
      return undefined;
    }
  }
  return undefined;
}
