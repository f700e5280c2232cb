import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Platform, startPlatform } from "@/e2e/platform";
import { connect } from "@/lib/db/connect";
import { paths } from "@/lib/paths";
import { toCount } from "../flag-values";
import { percentile } from "../load";
import { openSession } from "../served";
import { formatTable } from "../text-table";
import { HEAVY_VOTER, seedModels, seedVotes } from "./seed-votes";

export const BOARD_PAGE_OPTIONS = {
  few: { type: "string", default: "10000" },
  many: { type: "string", default: "1000000" },
  requests: { type: "string", default: "100" },
  json: { type: "boolean" },
} as const;

type Flags = { few: string; many: string; requests: string };

/** Milliseconds to the first byte. */
type Spread = { p50Ms: number; p99Ms: number };

export type BoardFigures = {
  votes: number;
  page: Spread;
  api: Spread;
  /** With the tag of the last answer: what an open page asks every few seconds. */
  unchanged: Spread;
  /** From a vote's row until the stored overall board holds it. */
  liveMs: number;
  /** From there until all others do. */
  allMs: number;
  boards: number;
  /** The longest that a request for something else took meanwhile. */
  stallMs: number;
  /** A visitor with a hundredth of all votes is excluded: until the keeper has their answer, and the board is issued. */
  excludeMs: number;
  /** Of the web process with all votes in memory. */
  residentMiB: number | undefined;
};
export type BoardPageReport = {
  bench: "board-page";
  few: BoardFigures;
  many: BoardFigures;
  /** Of the times to the first byte, many to few votes. */
  pageRatio: number;
  apiRatio: number;
};

const BOARD_MS_MAX = 900_000;

/**
 * What a reader of the leaderboard waits for while it holds few and many votes, and how soon it follows a vote. The
 * votes are made by the database; the platform is the built one.
 */
export async function runBoardPageBench(flags: Flags): Promise<BoardPageReport> {
  const few = toCount("few", flags.few, 100_000_000);
  const many = toCount("many", flags.many, 100_000_000);
  const requests = toCount("requests", flags.requests, 10_000);
  const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const platform = await startPlatform({ PARLEY_MODELS: models });
  try {
    const bench = new Bench(platform, requests);
    const withFew = await bench.measure(0, few);
    const withMany = await bench.measure(few, many);
    await bench.close();
    const report: BoardPageReport = {
      ...{ bench: "board-page", few: withFew, many: withMany },
      pageRatio: withMany.page.p50Ms / withFew.page.p50Ms,
      apiRatio: withMany.api.p50Ms / withFew.api.p50Ms,
    };
    for (const line of describe(report)) console.log(line);
    return report;
  } finally {
    await platform.stop();
    rmSync(models, { recursive: true, force: true });
  }
}

class Bench {
  readonly #platform: Platform;
  readonly #requests: number;
  readonly #sql: ReturnType<typeof connect>;
  /** Votes of this benchmark beside those of the series. */
  #extra = 0;

  constructor(platform: Platform, requests: number) {
    this.#platform = platform;
    this.#requests = requests;
    const options = { connectionsMax: 2, statementTimeoutMs: 0 };
    this.#sql = connect(platform.databaseUrl, options);
  }

  close(): Promise<void> {
    return this.#sql.end();
  }

  async measure(before: number, votes: number): Promise<BoardFigures> {
    await seedModels(this.#sql);
    await seedVotes(this.#sql, before + 1, votes);
    await this.#sql`analyze ballots`;
    await this.#announce();
    await this.#untilLive(votes + this.#extra);
    const boards = await this.#untilAll();
    const page = await this.#firstBytes(paths.leaderboard);
    const api = await this.#firstBytes(paths.api.leaderboard);
    const unchanged = await this.#firstBytes(paths.api.leaderboard, await this.#tag());
    const recomputed = await this.#recompute(votes);
    const excludeMs = await this.#exclude();
    const web = this.#platform.children().web ?? 0;
    return {
      ...{ votes, page, api, unchanged, ...recomputed, boards, excludeMs },
      residentMiB: readResidentMiB(web),
    };
  }

  async #recompute(votes: number) {
    const stall = this.#watchStalls();
    this.#extra += 1;
    const startedMs = performance.now();
    await seedVotes(this.#sql, -this.#extra, -this.#extra);
    await this.#announce();
    await this.#untilLive(votes + this.#extra);
    const liveMs = performance.now() - startedMs;
    await this.#untilAll();
    const allMs = performance.now() - startedMs - liveMs;
    return { liveMs, allMs, stallMs: await stall() };
  }

  /** The platform's own votes are announced by their request. */
  async #announce(): Promise<void> {
    await this.#sql`select pg_notify('parley_changes', 'arena')`;
  }

  async #untilLive(votes: number): Promise<void> {
    await this.#until(async () => {
      const [row] = await this.#sql`select vote_count from boards where key = 'overall@all'`;
      return Number(row?.vote_count ?? 0) >= votes;
    });
  }

  /** Until a computation of all boards has ended that began after this. */
  async #untilAll(): Promise<number> {
    const [now] = await this.#sql<{ at: string }[]>`select now()::text as at`;
    let boards = 0;
    await this.#until(async () => {
      const [row] = await this.#sql`select boards_total from board_runs
        where state = 'done' and keys is null and started_at >= ${now?.at ?? ""}::timestamptz limit 1`;
      boards = Number(row?.boards_total ?? 0);
      if (row === undefined) await this.#announce();
      return row !== undefined;
    }, 100);
    return boards;
  }

  async #until(check: () => Promise<boolean>, pauseMs = 5): Promise<void> {
    const endMs = performance.now() + BOARD_MS_MAX;
    while (!(await check())) {
      if (performance.now() > endMs) throw new Error("The boards did not follow in time.");
      await delay(pauseMs);
    }
  }

  async #tag(): Promise<string> {
    const reply = await fetch(this.#platform.url + paths.api.leaderboard);
    await reply.arrayBuffer();
    return reply.headers.get("etag") ?? "";
  }

  async #firstBytes(path: string, tag?: string): Promise<Spread> {
    const times: number[] = [];
    const headers: Record<string, string> = tag === undefined ? {} : { "if-none-match": tag };
    // The first few compile the page.
    for (let count = -5; count < this.#requests; count++) {
      const startedMs = performance.now();
      const reply = await fetch(this.#platform.url + path, { headers });
      const tookMs = performance.now() - startedMs;
      if (!reply.ok && reply.status !== 304) throw new Error(`${path} answered ${reply.status}`);
      await reply.arrayBuffer();
      if (count >= 0) times.push(tookMs);
    }
    return { p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
  }

  /** Asks for something small all the time. */
  #watchStalls(): () => Promise<number> {
    let mostMs = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const startedMs = performance.now();
        await (await fetch(this.#platform.url + paths.healthz)).arrayBuffer();
        mostMs = Math.max(mostMs, performance.now() - startedMs);
        await delay(5);
      }
    })();
    return async () => {
      isOver = true;
      await asking;
      return mostMs;
    };
  }

  async #exclude(): Promise<number> {
    const { url, adminToken } = this.#platform;
    const cookie = await openSession(url, adminToken);
    const headers = { cookie, "content-type": "application/json", origin: new URL(url).origin };
    const change = async (isExcluded: boolean) => {
      const startedMs = performance.now();
      const reply = await fetch(url + paths.api.adminVisitor(HEAVY_VOTER), {
        ...{ method: "PUT", headers, body: JSON.stringify({ isExcluded }) },
      });
      if (!reply.ok) throw new Error(`The exclusion was refused: ${await reply.text()}`);
      return performance.now() - startedMs;
    };
    const tookMs = await change(true);
    await change(false);
    return tookMs;
  }
}

/** Undefined where the system does not tell. */
function readResidentMiB(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 1_024);
  } catch {
    return undefined;
  }
}

function describe({ few, many, pageRatio, apiRatio }: BoardPageReport): string[] {
  const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  const row = (name: string, of: (it: BoardFigures) => string, ratio = "") => [
    ...[name, of(few), of(many), ratio],
  ];
  const head = ["milliseconds", `${few.votes} votes`, `${many.votes} votes`, "ratio"];
  return formatTable(head, [
    row("/leaderboard, first byte, median", (it) => ms(it.page.p50Ms), pageRatio.toFixed(2)),
    row("/leaderboard, first byte, p99", (it) => ms(it.page.p99Ms)),
    row("GET /api/leaderboard, median", (it) => ms(it.api.p50Ms), apiRatio.toFixed(2)),
    row("GET /api/leaderboard, unchanged (304)", (it) => ms(it.unchanged.p50Ms)),
    row("overall board holds a vote after", (it) => ms(it.liveMs)),
    row("all boards after", (it) => `${ms(it.allMs)} (${it.boards})`),
    row("longest request meanwhile", (it) => ms(it.stallMs)),
    row("a visitor with 1 % of votes excluded in", (it) => ms(it.excludeMs)),
    row("web process, MiB", (it) => String(it.residentMiB ?? "")),
  ]);
}
