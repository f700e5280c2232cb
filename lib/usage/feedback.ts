import { and, count, desc, eq, gt, sql } from "drizzle-orm";
import type { Owner } from "@/lib/auth/api-caller";
import { type Database, database } from "@/lib/db/client";
import { feedback, usageRecords } from "@/lib/db/schema/usage";
import { AppError } from "@/lib/errors";
import {
  FEEDBACK_LOOK_UPS_MAX,
  FEEDBACK_REQUEST_ID_MS_MAX,
  FEEDBACK_SHOWN_MAX,
  OVERLOADED_RETRY_AFTER_SECONDS,
  USAGE_FLUSH_INTERVAL_MS,
  USAGE_RECORD_DAYS,
} from "@/lib/limits";
import type { AdminFeedback, FeedbackBody } from "@/lib/protocol/feedback";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import { type UsageLedger, usageLedger } from "./ledger";

/** What callers thought of answers: stored beside usage and apart from votes. */

export type FeedbackOptions = {
  db?: Database;
  ledger?: Pick<UsageLedger, "find">;
  owner: Owner;
  body: FeedbackBody;
  signal: AbortSignal;
};

/** What is known of an answer when its caller speaks of it. */
type Answer = { id: string; endpoint: string; asked: string; model: string | null };

/** Two flushes: by then every process has written what it knew. */
const WRITTEN_AFTER_MS = 2 * USAGE_FLUSH_INTERVAL_MS;
const DAY_MS = 86_400_000;

/**
 * Takes what `owner` says of an answer of its own, in place of what it said before.
 *
 * @throws AppError `not-found` for answers that are unknown, too old or somebody else's, all alike;
 * `overloaded` when too many look for answers by the ids of requests.
 */
export async function takeFeedback(options: FeedbackOptions): Promise<{ answerId: string }> {
  const { db = database(), owner, body } = options;
  const answer = await findAnswer(options);
  if (answer === undefined) throw unknownAnswer(body);
  const { id: answerId, endpoint, asked, model } = answer;
  const { score, comment, tags } = body;
  const said = { endpoint, asked, model, score, comment, tags };
  await db
    .insert(feedback)
    .values({ answerId, owner, ...said })
    .onConflictDoUpdate({
      target: [feedback.answerId, feedback.owner],
      set: { ...said, updatedAt: sql`now()` },
    });
  return { answerId };
}

async function findAnswer(options: FeedbackOptions): Promise<Answer | undefined> {
  const { about } = options.body;
  const running = findRunning(options);
  if (running) return running;
  if ("requestId" in about) return lookUp(() => findWritten(options));
  const found = await findWritten(options);
  if (found) return found;
  // An answer of another process may not be written yet. Its id tells when it was made (RFC 9562 §5.7).
  const ageMs = Date.now() - toCreatedMs(about.id);
  if (ageMs > WRITTEN_AFTER_MS * 2) return undefined;
  await wait(WRITTEN_AFTER_MS, options.signal);
  return findWritten(options);
}

/** By the id of a request a whole day of a caller's records is read: only a few such look-ups run at once. */
async function lookUp<T>(find: () => Promise<T>): Promise<T> {
  const lookUps = processSingleton("feedback-look-ups", () => ({ running: 0 }));
  if (lookUps.running >= FEEDBACK_LOOK_UPS_MAX) {
    const message =
      "Others are looking for answers by the ids of their requests. Try again shortly, or send the answer's `id`.";
    const retryAfterSeconds = OVERLOADED_RETRY_AFTER_SECONDS;
    throw new AppError("overloaded", { message, retryAfterSeconds });
  }
  lookUps.running += 1;
  try {
    return await find();
  } finally {
    lookUps.running -= 1;
  }
}

/** In the memory of this process: before the record is written. */
function findRunning(options: FeedbackOptions): Answer | undefined {
  const { ledger = usageLedger(), owner, body } = options;
  const { about } = body;
  const meter = ledger.find(about, owner);
  // A request that no model has answered is as good as none, as this one.
  if (meter?.model === undefined) return undefined;
  const { id, endpoint, asked, model } = meter;
  return { id, endpoint, asked, model };
}

async function findWritten(options: FeedbackOptions): Promise<Answer | undefined> {
  const { db = database(), owner, body } = options;
  const { about } = body;
  const { id, endpoint, asked, model, requestId, startedAt } = usageRecords;
  // By owner and time there is an index; by request id alone there is none.
  const since = new Date(Date.now() - FEEDBACK_REQUEST_ID_MS_MAX);
  const which =
    "id" in about ? eq(id, about.id) : and(eq(requestId, about.requestId), gt(startedAt, since));
  const [row] = await db
    .select({ id, endpoint, asked, model })
    .from(usageRecords)
    .where(and(eq(usageRecords.owner, owner), which))
    .orderBy(desc(startedAt))
    .limit(1);
  return row;
}

const toCreatedMs = (id: string) => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);

function unknownAnswer({ about }: FeedbackBody): AppError {
  const isById = "id" in about;
  const kept = isById ? `${USAGE_RECORD_DAYS} days` : "24 hours";
  return new AppError("not-found", {
    message: `No answer of yours has this ${isById ? "id" : "request id"}. Answers are known for ${kept}, to who asked for them.`,
    param: isById ? "id" : "request_id",
  });
}

/** For keepers: how models fared with those who said something, and what was said last. */
export async function readFeedback(db: Database = database()): Promise<AdminFeedback> {
  const since = new Date(Date.now() - USAGE_RECORD_DAYS * DAY_MS);
  const [models, latest] = await Promise.all([
    db
      .select({
        model: feedback.model,
        count: count(),
        mean: sql<number>`avg(${feedback.score})`.mapWith(Number),
        down: sql<number>`count(*) filter (where ${feedback.score} < 0)`.mapWith(Number),
      })
      .from(feedback)
      .where(gt(feedback.updatedAt, since))
      .groupBy(feedback.model)
      .orderBy(desc(count())),
    db.select().from(feedback).orderBy(desc(feedback.updatedAt)).limit(FEEDBACK_SHOWN_MAX),
  ]);
  return {
    models,
    latest: latest.map(({ updatedAt, createdAt: _, ...row }) => ({
      ...row,
      // Which visitor said it is nobody's business (report-store.ts).
      owner: row.owner.startsWith("visitor:") ? "visitors" : row.owner,
      updatedAt: updatedAt.toISOString(),
    })),
  };
}
