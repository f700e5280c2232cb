import { STATS_DAYS_A_RUN_MAX, STATS_GROUP_MIN, STATS_KEEPING_SECONDS } from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import { jobs } from "@/lib/jobs/jobs";
import { addDays, listDays, toDay } from "./days";
import {
  countBattles,
  countCalls,
  countLanguages,
  countOutcomes,
  countVisitors,
  countVoters,
  findFirstDay,
  findLastSummed,
  saveSums,
} from "./store";

/** What a day came to, by `calls`, `battles`, `votes`, `visitors`, `outcome:a`, `language:de`, …, and `people:votes`, …: of how many people. */
export type DaySums = ReadonlyMap<string, number>;

export const OTHER_LANGUAGES = "other";

/** Counts a day. Languages of too few people stand together: who asks in a rare one is soon known by it. */
export async function sumDay(db: Database, day: string): Promise<DaySums> {
  const [calls, battles, visitors, voters, outcomes, languages] = await Promise.all([
    countCalls(db, day),
    countBattles(db, day),
    countVisitors(db, day),
    countVoters(db, day),
    countOutcomes(db, day),
    countLanguages(db, day),
  ]);
  const votes = outcomes.reduce((sum, { count }) => sum + count, 0);
  const sums = new Map(
    Object.entries({
      ...{ visitors, votes, "people:votes": voters },
      ...{ calls: calls.count, "people:calls": calls.people },
      ...{ battles: battles.count, "people:battles": battles.people },
    }),
  );
  for (const { outcome, count } of outcomes) sums.set(`outcome:${outcome}`, count);
  const told = await pickTold(db, day, languages);
  for (const { language, votes } of languages) {
    const isTold = language !== null && told.includes(language);
    const what = `language:${isTold ? language : OTHER_LANGUAGES}`;
    sums.set(what, (sums.get(what) ?? 0) + votes);
  }
  return sums;
}

/**
 * Languages that are named: those of a group of people, as long as all others together are of a group as well. What
 * is left of all votes after those that are named would tell of it.
 */
async function pickTold(
  db: Database,
  day: string,
  languages: Awaited<ReturnType<typeof countLanguages>>,
): Promise<string[]> {
  const told = languages
    .flatMap(({ language, people }) =>
      language !== null && people >= STATS_GROUP_MIN ? [{ language, people }] : [],
    )
    .sort((one, other) => other.people - one.people || (one.language < other.language ? -1 : 1))
    .map(({ language }) => language);
  while (told.length > 0 && told.length < languages.length) {
    if ((await countVoters(db, day, told)) >= STATS_GROUP_MIN) break;
    told.pop();
  }
  return told;
}

/**
 * Sums the days that have ended and were not summed yet, after which they outlive what they were counted from.
 *
 * @returns how many days it summed.
 */
export async function sumDays(
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
  db: Database = database(),
): Promise<number> {
  const last = await findLastSummed(db);
  const first = last === undefined ? await findFirstDay(db) : addDays(last, 1);
  if (first === undefined) return 0;
  // What was written in the last seconds of a day is there minutes later, whichever clock made its id.
  const ended = addDays(toDay(new Date(now.getTime() - SETTLED_MS)), -1);
  const days = listDays(first, ended).slice(0, STATS_DAYS_A_RUN_MAX);
  for (const day of days) {
    signal?.throwIfAborted();
    await saveSums(db, day, await sumDay(db, day));
  }
  return days.length;
}

const SETTLED_MS = 300_000;

/** This process takes its turn in summing days. */
export function startSummingDays(): void {
  jobs().every("sum-days", { seconds: STATS_KEEPING_SECONDS }, async ({ signal }) => {
    await sumDays({ signal });
  });
}
