import { STATS_DAYS_MAX, STATS_GROUP_MIN, STATS_TODAY_AGE_MS } from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import type { SiteStats } from "@/lib/protocol/board-view";
import { assert } from "@/lib/util/assert";
import { processSingleton } from "@/lib/util/process-singleton";
import { addDays, listDays, toDay } from "./days";
import { findLastSummed, readSums } from "./store";
import { type DaySums, OTHER_LANGUAGES, sumDay } from "./sum-days";

/** Sums of days that have not been summed for good, each at most a minute old. */
export class LiveDays {
  readonly #now: () => number;
  readonly #known = new Map<string, { sums: Promise<DaySums>; readMs: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  read(db: Database, day: string): Promise<DaySums> {
    const nowMs = this.#now();
    for (const [known, { readMs }] of this.#known) {
      if (nowMs - readMs > STATS_TODAY_AGE_MS) this.#known.delete(known);
    }
    const known = this.#known.get(day);
    if (known !== undefined) return known.sums;
    const sums = sumDay(db, day);
    this.#known.set(day, { sums, readMs: nowMs });
    // A database that was away is asked again by whoever comes next.
    sums.catch(() => this.#known.delete(day));
    return sums;
  }
}

export type StatsContext = { db?: Database; live?: LiveDays; now?: Date };

/**
 * The last `days` days of UTC with today, in numbers that tell of nobody: of what fewer than STATS_GROUP_MIN people did
 * is said only that it was done, however often, and sums are of what is told.
 */
export async function readSiteStats(
  { days }: { days: number },
  context: StatsContext = {},
): Promise<SiteStats> {
  assert(days >= 1 && days <= STATS_DAYS_MAX, "so many days are asked for at most");
  const { db = database(), now = new Date() } = context;
  const live = context.live ?? processSingleton("live-days", () => new LiveDays());
  const today = toDay(now);
  const wanted = listDays(addDays(today, 1 - days), today);
  const sums = await readDays(db, wanted, live);
  return {
    days: wanted.map((day) => {
      const told = (what: Measure) => tell(sums.get(day), what);
      return {
        ...{ day, calls: told("calls"), battles: told("battles") },
        ...{ votes: told("votes"), visitors: told("visitors") },
      };
    }),
    languages: toLanguages(wanted, sums),
    outcomes: toOutcomes(wanted, sums),
  };
}

/** The stored sums, and those of yesterday and today where they are not stored yet. */
async function readDays(
  db: Database,
  wanted: readonly string[],
  live: LiveDays,
): Promise<ReadonlyMap<string, DaySums>> {
  const [rows, last = ""] = await Promise.all([readSums(db, wanted[0] ?? ""), findLastSummed(db)]);
  const sums = new Map<string, Map<string, number>>();
  for (const { day, what, count } of rows) {
    const ofDay = sums.get(day) ?? new Map<string, number>();
    sums.set(day, ofDay.set(what, count));
  }
  const open = wanted.slice(-2).filter((day) => day > last);
  const counted = await Promise.all(
    open.map(async (day) => [day, await live.read(db, day)] as const),
  );
  return new Map<string, DaySums>([...sums, ...counted]);
}

type Measure = "calls" | "battles" | "votes" | "visitors";

/** None is none; what is told is of a group at least. Of days that were summed before people were, by the visitors. */
function tell(day: DaySums = new Map(), measure: Measure): number | null {
  const count = day.get(measure) ?? 0;
  const people = measure === "visitors" ? count : day.get(`people:${measure}`);
  return count === 0 || (people ?? day.get("visitors") ?? 0) >= STATS_GROUP_MIN ? count : null;
}

const LANGUAGE = "language:";

/** The most used first, what stands together last. */
function toLanguages(
  wanted: readonly string[],
  sums: ReadonlyMap<string, DaySums>,
): SiteStats["languages"] {
  const totals = new Map<string, number>();
  for (const day of wanted) {
    for (const [what, count] of sums.get(day) ?? []) {
      if (!what.startsWith(LANGUAGE)) continue;
      const language = what.slice(LANGUAGE.length);
      totals.set(language, (totals.get(language) ?? 0) + count);
    }
  }
  const order = ([language, count]: [string, number]) =>
    language === OTHER_LANGUAGES ? -1 : count;
  return [...totals]
    .sort((one, other) => order(other) - order(one) || (one[0] < other[0] ? -1 : 1))
    .map(([language]) => ({
      language,
      days: wanted.map((day) => {
        const count = sums.get(day)?.get(`${LANGUAGE}${language}`) ?? 0;
        return count === 0 || isTold(sums.get(day)) ? count : null;
      }),
    }));
}

/** Languages that are named were picked so that each is of a group; of a day of fewer people none is. */
const isTold = (day: DaySums | undefined) => tell(day, "votes") !== null;

function toOutcomes(
  wanted: readonly string[],
  sums: ReadonlyMap<string, DaySums>,
): SiteStats["outcomes"] {
  const told = wanted.flatMap((day) => sums.get(day) ?? []).filter(isTold);
  const total = (what: string) =>
    told.reduce((sum, day) => sum + (day.get(`outcome:${what}`) ?? 0), 0);
  return { a: total("a"), b: total("b"), tie: total("tie"), bothBad: total("both-bad") };
}
